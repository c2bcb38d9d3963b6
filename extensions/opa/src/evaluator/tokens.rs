//! `io.jwt.*`: JSON Web Tokens, by the core that jwt-headers has too.
//!
//! It takes a token only in the one form that RFC 7515 gives it, with the algorithm that its header
//! names and a key that is fit for that algorithm. OPA is more lenient in each; where it says true and
//! the core does not, the answer here is false or undefined.

mod claims;
mod keys;
mod parts;

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use extension_jwt::{
    algorithm::Algorithm,
    jwk::Key,
    signature::{self, HostCall, HostCrypto},
    token::Token,
};
use lru::LruCache;
use regorus::Value;

use claims::Constraints;
use parts::Parts;

/// `io.jwt.verify_*`, by the algorithm.
pub(super) const VERIFY: [(&str, Algorithm); 12] = [
    ("io.jwt.verify_hs256", Algorithm::HS256),
    ("io.jwt.verify_hs384", Algorithm::HS384),
    ("io.jwt.verify_hs512", Algorithm::HS512),
    ("io.jwt.verify_rs256", Algorithm::RS256),
    ("io.jwt.verify_rs384", Algorithm::RS384),
    ("io.jwt.verify_rs512", Algorithm::RS512),
    ("io.jwt.verify_ps256", Algorithm::PS256),
    ("io.jwt.verify_ps384", Algorithm::PS384),
    ("io.jwt.verify_ps512", Algorithm::PS512),
    ("io.jwt.verify_es256", Algorithm::ES256),
    ("io.jwt.verify_es384", Algorithm::ES384),
    ("io.jwt.verify_eddsa", Algorithm::EdDSA),
];

/// A policy has fewer keys, unless it makes them up of its input.
const MAX_KNOWN: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Longer texts are read again each time.
const MAX_KNOWN_BYTES: usize = 64 * 1024;

/// What verifies the tokens of one policy.
pub(super) struct Tokens {
    host: Option<HostCrypto>,
    /// Keys that were read not long ago, by their text.
    known: Mutex<LruCache<String, Arc<[Key]>>>,
}

impl Tokens {
    /// With the host's own cryptography, as far as it proves itself now.
    pub(super) fn new(host: Option<HostCall>) -> Self {
        Self {
            host: host.map(HostCrypto::prove),
            known: Mutex::new(LruCache::new(MAX_KNOWN)),
        }
    }

    /// Whether `key`, a secret or public keys, has signed the token; `None` where either cannot be
    /// read.
    pub(super) fn verify(&self, algorithm: Algorithm, token: &str, key: &str) -> Option<bool> {
        Parts::read(token)?;
        let keys = match algorithm.is_symmetric() {
            true => secret(key)?,
            false => self.keys(key)?,
        };
        Some(self.is_signed(token, algorithm, &keys))
    }

    /// `io.jwt.decode_verify`: whether all holds that is asked of the token, and what it says if so.
    pub(super) fn decode_verify(&self, token: &str, constraints: &Value) -> Option<Value> {
        let unverified = || {
            let nothing = Value::new_object;
            Value::from(vec![false.into(), nothing(), nothing()])
        };
        let constraints = Constraints::read(constraints)?;
        let parts = Parts::read(token)?;
        let header = parts.header()?;
        if header.get("crit").is_some() {
            return Some(unverified());
        }
        let name = header.text("alg").ok()??;
        if constraints.algorithm.is_some_and(|wanted| wanted != name) {
            return Some(unverified());
        }
        let algorithm = Algorithm::from_name(name)?;
        let keys = match (constraints.secret, constraints.certificate) {
            (Some(text), None) => secret(text)?,
            (None, Some(text)) => self.keys(text)?,
            _ => return None,
        };
        if !self.is_signed(token, algorithm, &keys) {
            return Some(unverified());
        }
        let claims = parts.claims()?;
        let now = || {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.unwrap_or_default().as_secs_f64()
        };
        match constraints.accept(&claims, now)? {
            true => Some(Value::from(vec![
                true.into(),
                parts.header_value()?,
                parts.claims_value()?,
            ])),
            false => Some(unverified()),
        }
    }

    /// As OPA chooses: the key that the token names, else any.
    fn is_signed(&self, token: &str, algorithm: Algorithm, keys: &[Key]) -> bool {
        let Ok(token) = Token::parse(token.as_bytes()) else {
            return false;
        };
        if token.algorithm() != algorithm {
            return false;
        }
        let is_right = |key: &Key| signature::is_right(&token, key, self.host.as_ref());
        let named = token
            .key_id()
            .and_then(|id| keys.iter().find(|key| key.id() == Some(id)));
        match named {
            Some(key) => is_right(key),
            None => keys.iter().any(is_right),
        }
    }

    fn keys(&self, text: &str) -> Option<Arc<[Key]>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = known().get(text) {
            return Some(keys.clone());
        }
        let keys: Arc<[Key]> = keys::read(text)?.into();
        if text.len() <= MAX_KNOWN_BYTES {
            known().put(text.to_owned(), keys.clone());
        }
        Some(keys)
    }
}

/// `io.jwt.decode`: header, claims and signature, which nobody vouches for.
pub(super) fn decode(token: &str) -> Option<Value> {
    let parts = Parts::read(token)?;
    Some(Value::from(vec![
        parts.header_value()?,
        parts.claims_value()?,
        parts.signature_in_hex().into(),
    ]))
}

fn secret(text: &str) -> Option<Arc<[Key]>> {
    Some([Key::secret(text.as_bytes()).ok()?].into())
}
