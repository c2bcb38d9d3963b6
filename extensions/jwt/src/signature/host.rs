//! The host's own verification: Envoy's `verify_signature`.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, DecodingKeyKind};

use super::{der, known_answers};
use crate::algorithm::Algorithm;

/// Verifies a signature: the name of a hash, a DER `SubjectPublicKeyInfo`, the signature
/// (RSASSA-PKCS1-v1_5, or ECDSA in DER) and the text. `None`: the host did not say.
pub type HostCall = fn(&str, &[u8], &[u8], &[u8]) -> Option<bool>;

/// A host that verifies signatures, as far as it has been seen to do so rightly.
#[derive(Clone, Copy, Debug)]
pub struct HostCrypto {
    call: HostCall,
    rsa: [bool; 3],
    p256: bool,
    p384: bool,
}

impl HostCrypto {
    /// Tries the host: only an algorithm for which it accepts a known signature, and refuses two
    /// that are wrong, is left to it.
    pub fn prove(call: HostCall) -> Self {
        let everything = Self {
            call,
            rsa: [true; 3],
            p256: true,
            p384: true,
        };
        let proven = |algorithm| everything.answers_rightly(algorithm) == Some(true);
        Self {
            call,
            rsa: [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512].map(proven),
            p256: proven(Algorithm::ES256),
            p384: proven(Algorithm::ES384),
        }
    }

    /// The algorithms that are left to the host.
    pub fn proven(&self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(|algorithm| self.trusts(*algorithm))
    }

    /// The same trust in another function.
    #[cfg(test)]
    pub(super) fn replace(&mut self, call: HostCall) {
        self.call = call;
    }

    fn trusts(&self, algorithm: Algorithm) -> bool {
        let [rs256, rs384, rs512] = self.rsa;
        match algorithm {
            Algorithm::RS256 => rs256,
            Algorithm::RS384 => rs384,
            Algorithm::RS512 => rs512,
            Algorithm::ES256 => self.p256,
            Algorithm::ES384 => self.p384,
            _ => false,
        }
    }

    fn answers_rightly(&self, algorithm: Algorithm) -> Option<bool> {
        let (key, signature) = known_answer(algorithm)?;
        let verify =
            |message: &[u8], signature: &[u8]| self.verify(algorithm, &key, message, signature);
        let message = known_answers::MESSAGE;
        let mut damaged = signature.clone();
        *damaged.last_mut()? ^= 1;
        Some(
            verify(message, &signature)?
                && !verify(b"unknown answer", &signature)?
                && !verify(message, &damaged)?,
        )
    }

    /// Whether `signature` is right; `None` where the host cannot tell.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        key: &DecodingKey,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        if !self.trusts(algorithm) {
            return None;
        }
        let hash = match algorithm {
            Algorithm::RS256 | Algorithm::ES256 => "sha256",
            Algorithm::RS384 | Algorithm::ES384 => "sha384",
            _ => "sha512",
        };
        match key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                // RFC 8017, section 8.2.2, step 1.
                if signature.len() != n.len() {
                    return Some(false);
                }
                (self.call)(hash, &der::rsa_key(n, e), signature, message)
            }
            DecodingKeyKind::SecretOrDer(point) => {
                let length = if algorithm == Algorithm::ES256 {
                    32
                } else {
                    48
                };
                let Some(signature) = der::ecdsa_signature(signature, length) else {
                    return Some(false);
                };
                (self.call)(hash, &der::point(point)?, &signature, message)
            }
        }
    }
}

/// A key and its signature of the known message.
fn known_answer(algorithm: Algorithm) -> Option<(DecodingKey, Vec<u8>)> {
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let rsa = |signature| {
        let n = decode(known_answers::RSA_MODULUS)?;
        let key = DecodingKey::from_rsa_raw_components(&n, &known_answers::RSA_EXPONENT);
        Some((key, decode(signature)?))
    };
    let elliptic = |point, signature| {
        Some((
            DecodingKey::from_ec_der(&decode(point)?),
            decode(signature)?,
        ))
    };
    match algorithm {
        Algorithm::RS256 => rsa(known_answers::RS256),
        Algorithm::RS384 => rsa(known_answers::RS384),
        Algorithm::RS512 => rsa(known_answers::RS512),
        Algorithm::ES256 => elliptic(known_answers::P256_POINT, known_answers::ES256),
        Algorithm::ES384 => elliptic(known_answers::P384_POINT, known_answers::ES384),
        _ => None,
    }
}
