//! Keys as RustCrypto's crates want them; `None` where the bytes are no such key.

use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::VerifyingKey as P256Key;
use p384::ecdsa::VerifyingKey as P384Key;
use rsa::{BoxedUint, RsaPublicKey};

/// Weaker keys can be broken, and larger ones keep a worker busy.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// An RSA key from its big-endian modulus and exponent (RFC 8017, section 3.1).
pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Option<RsaPublicKey> {
    const MAX_BYTES: usize = 1024;
    if n.len() > MAX_BYTES || e.is_empty() || e.len() > 8 {
        return None;
    }
    let number = BoxedUint::from_be_slice_vartime;
    let key = RsaPublicKey::new_with_size_limits(number(n), number(e), RSA_BITS).ok()?;
    // An exponent of 1 makes every message its own signature.
    (e != [1]).then_some(key)
}

/// A point on P-256, uncompressed (SEC 1, section 2.3.3).
pub(crate) fn p256(point: &[u8]) -> Option<P256Key> {
    P256Key::from_sec1_bytes(point).ok()
}

/// A point on P-384, likewise.
pub(crate) fn p384(point: &[u8]) -> Option<P384Key> {
    P384Key::from_sec1_bytes(point).ok()
}

/// An Ed25519 key (RFC 8032, section 5.1.5). A point of small order is none: it would take one
/// signature for many messages.
pub(crate) fn ed25519(bytes: &[u8]) -> Option<Ed25519Key> {
    let key = Ed25519Key::from_bytes(bytes.try_into().ok()?).ok()?;
    (!key.is_weak()).then_some(key)
}
