//! Verification with RustCrypto's crates, where the host cannot.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{DecodingKey, DecodingKeyKind};
use p256::ecdsa::signature::Verifier as _;
use rsa::{Pkcs1v15Sign, Pss, traits::SignatureScheme};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::material;
use crate::algorithm::Algorithm;

/// Whether `signature` is right; `None` where the key is not one for `algorithm`.
pub(super) fn verify(
    algorithm: Algorithm,
    key: &DecodingKey,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    // Those that are not RSA keys.
    let bytes = || key.try_get_as_bytes().ok();
    Some(match algorithm {
        Algorithm::HS256 => Hmac::<Sha256>::new_from_slice(bytes()?)
            .ok()?
            .chain_update(message)
            .verify_slice(signature)
            .is_ok(),
        Algorithm::HS384 => Hmac::<Sha384>::new_from_slice(bytes()?)
            .ok()?
            .chain_update(message)
            .verify_slice(signature)
            .is_ok(),
        Algorithm::HS512 => Hmac::<Sha512>::new_from_slice(bytes()?)
            .ok()?
            .chain_update(message)
            .verify_slice(signature)
            .is_ok(),
        Algorithm::RS256 => rsa::<Sha256>(Pkcs1v15Sign::new::<Sha256>(), key, message, signature)?,
        Algorithm::RS384 => rsa::<Sha384>(Pkcs1v15Sign::new::<Sha384>(), key, message, signature)?,
        Algorithm::RS512 => rsa::<Sha512>(Pkcs1v15Sign::new::<Sha512>(), key, message, signature)?,
        // The salt is as long as the hash (RFC 7518, section 3.5).
        Algorithm::PS256 => rsa::<Sha256>(Pss::<Sha256>::new(), key, message, signature)?,
        Algorithm::PS384 => rsa::<Sha384>(Pss::<Sha384>::new(), key, message, signature)?,
        Algorithm::PS512 => rsa::<Sha512>(Pss::<Sha512>::new(), key, message, signature)?,
        Algorithm::ES256 => {
            let key = material::p256(bytes()?)?;
            p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        Algorithm::ES384 => {
            let key = material::p384(bytes()?)?;
            p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        Algorithm::EdDSA => {
            let key = material::ed25519(bytes()?)?;
            ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
        }
    })
}

fn rsa<D: Digest>(
    scheme: impl SignatureScheme,
    key: &DecodingKey,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else {
        return None;
    };
    let key = material::rsa(n, e)?;
    Some(key.verify(scheme, &D::digest(message), signature).is_ok())
}
