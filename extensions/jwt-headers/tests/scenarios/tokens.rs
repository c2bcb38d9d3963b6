//! Tokens, signed with keys that mean nothing anywhere else.

use std::convert::Infallible;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::RandomizedSigner as _;
use rsa::{
    RsaPrivateKey,
    pkcs1::DecodeRsaPrivateKey as _,
    rand_core::{TryCryptoRng, TryRng},
    signature::SignatureEncoding as _,
    traits::PublicKeyParts as _,
};
use sdk_tests::json;
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

pub(crate) const ISSUER: &str = "https://issuer.test";

/// After any test.
pub(crate) const LATER: u64 = 4_102_444_800;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The secret of the HMAC key.
pub(crate) const SECRET: [u8; 64] = [0x5a; 64];

fn rsa_key() -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs1_pem(include_str!("../data/throwaway-rsa.pem")).unwrap()
}

fn p256_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap()
}

fn p384_key() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[1; 48]).unwrap()
}

fn ed25519_key(seed: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
}

/// The public Ed25519 key with this seed, as a JWK called `id`.
pub(crate) fn ed25519_jwk(id: &str, seed: u8) -> Value {
    let x = encode(ed25519_key(seed).verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": x })
}

pub(crate) fn rsa_jwk() -> Value {
    let key = rsa_key();
    let number = |number: &rsa::BoxedUint| encode(number.to_be_bytes_trimmed_vartime());
    json!({ "kty": "RSA", "kid": "rsa", "n": number(key.n()), "e": number(key.e()) })
}

pub(crate) fn p256_jwk() -> Value {
    let point = p256_key().verifying_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "kid": "p256", "x": encode(x), "y": encode(y) })
}

pub(crate) fn p384_jwk() -> Value {
    let point = p384_key().verifying_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(48);
    json!({ "kty": "EC", "crv": "P-384", "kid": "p384", "x": encode(x), "y": encode(y) })
}

/// All public keys.
pub(crate) fn jwks() -> Value {
    json!({ "keys": [rsa_jwk(), p256_jwk(), p384_jwk(), ed25519_jwk("ed", 7)] })
}

/// The secret.
pub(crate) fn secret_jwks() -> Value {
    json!({ "keys": [{ "kty": "oct", "kid": "secret", "k": encode(SECRET) }] })
}

/// The `kid` of the key for an algorithm.
pub(crate) fn kid(algorithm: &str) -> &'static str {
    match algorithm {
        "ES256" => "p256",
        "ES384" => "p384",
        "EdDSA" => "ed",
        algorithm if algorithm.starts_with("HS") => "secret",
        _ => "rsa",
    }
}

/// The signature of `text`.
pub(crate) fn sign(algorithm: &str, text: &[u8]) -> Vec<u8> {
    macro_rules! hmac {
        ($hash:ty, $key:expr) => {
            Hmac::<$hash>::new_from_slice($key)
                .unwrap()
                .chain_update(text)
                .finalize()
                .into_bytes()
                .to_vec()
        };
    }
    macro_rules! rsa {
        ($scheme:ident, $hash:ty) => {
            rsa::$scheme::SigningKey::<$hash>::new(rsa_key())
                .sign_with_rng(&mut Salts(fastrand::Rng::with_seed(7)), text)
                .to_vec()
        };
    }
    match algorithm {
        "HS256" => hmac!(Sha256, &SECRET),
        "HS384" => hmac!(Sha384, &SECRET),
        "HS512" => hmac!(Sha512, &SECRET),
        "RS256" => rsa!(pkcs1v15, Sha256),
        "RS384" => rsa!(pkcs1v15, Sha384),
        "RS512" => rsa!(pkcs1v15, Sha512),
        "PS256" => rsa!(pss, Sha256),
        "PS384" => rsa!(pss, Sha384),
        "PS512" => rsa!(pss, Sha512),
        "ES256" => {
            let signature: p256::ecdsa::Signature = p256_key().sign(text);
            signature.to_bytes().to_vec()
        }
        "ES384" => {
            let signature: p384::ecdsa::Signature = p384_key().sign(text);
            signature.to_bytes().to_vec()
        }
        "EdDSA" => ed25519_key(7).sign(text).to_bytes().to_vec(),
        other => panic!("{other}"),
    }
}

/// The signature of `text` by the Ed25519 key with this seed.
pub(crate) fn sign_by(seed: u8, text: &[u8]) -> Vec<u8> {
    ed25519_key(seed).sign(text).to_bytes().to_vec()
}

/// A token with this header and these claims, as JSON texts, whatever they say.
pub(crate) fn raw(algorithm: &str, header: &str, claims: &str) -> String {
    let text = format!("{}.{}", encode(header), encode(claims));
    let signature = encode(sign(algorithm, text.as_bytes()));
    format!("{text}.{signature}")
}

/// Claims that are right, with `more`; `null` takes one away.
pub(crate) fn claims(more: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "api", "sub": "alice", "exp": LATER, "iat": 1_700_000_000,
    });
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// A token that is right, with these claims besides.
pub(crate) fn token(algorithm: &str, more: Value) -> String {
    let header = json!({ "alg": algorithm, "kid": kid(algorithm), "typ": "JWT" });
    raw(algorithm, &header.to_string(), &claims(more).to_string())
}

/// The same, with the Ed25519 key `id` that has this seed.
pub(crate) fn token_by(id: &str, seed: u8, more: Value) -> String {
    let header = json!({ "alg": "EdDSA", "kid": id }).to_string();
    let text = format!("{}.{}", encode(header), encode(claims(more).to_string()));
    let signature = encode(sign_by(seed, text.as_bytes()));
    format!("{text}.{signature}")
}

/// Salts need not be secret here.
struct Salts(fastrand::Rng);

impl TryRng for Salts {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.u32(..))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.u64(..))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Salts {}
