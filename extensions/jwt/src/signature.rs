//! Signatures: the cryptography that `jsonwebtoken` is given.
//!
//! Its dispatch of signatures is used, and no more of it. What it makes of a whole token
//! (`jsonwebtoken::decode`) is less strict than what is checked here in every point, and would be a
//! seventh of the module.
//!
//! The library takes its cryptography from a [`CryptoProvider`] that is installed once for the
//! process. Ours verifies with the host's own function where that has proven itself
//! ([`HostCrypto`]), and with RustCrypto's crates where it has not.

pub(crate) mod der;
mod host;
mod known_answers;
pub(crate) mod material;
mod software;

use std::cell::RefCell;

use jsonwebtoken::{
    DecodingKey,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result, new_error},
    signature::{Error, Verifier},
};

pub use host::{HostCall, HostCrypto};

use crate::{algorithm::Algorithm, jwk::Key, token::Token};

thread_local! {
    /// What the running verification may use. The provider's functions have no other way to know:
    /// they are plain function pointers.
    static HOST: RefCell<Option<HostCrypto>> = const { RefCell::new(None) };
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    verifier_factory: verifier,
    // For what we never ask: keys in PEM, thumbprints.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(new_error(ErrorKind::InvalidKeyFormat)),
        rsa_pub_components_from_public_key: |_| Err(new_error(ErrorKind::InvalidKeyFormat)),
        ec_pub_components_from_private_key: |_, _| Err(new_error(ErrorKind::InvalidKeyFormat)),
        ed_pub_components_from_private_key: |_, _| Err(new_error(ErrorKind::InvalidKeyFormat)),
        compute_digest: |_, _| Err(new_error(ErrorKind::InvalidKeyFormat)),
    },
};

/// Whether the signature of `token` is that of `key`, and `key` is for its algorithm.
pub fn is_right(token: &Token<'_>, key: &Key, host: Option<&HostCrypto>) -> bool {
    token.signed().is_some_and(|(text, signature)| {
        verify(token.algorithm(), key, text.as_bytes(), signature, host)
    })
}

/// Whether `signature`, in base64url, is that of `text`, made with `algorithm` and the private half of
/// `key`, and `key` is for that algorithm.
pub fn verify(
    algorithm: Algorithm,
    key: &Key,
    text: &[u8],
    signature: &str,
    host: Option<&HostCrypto>,
) -> bool {
    if !key.fits(algorithm) {
        return false;
    }
    with_host(host, || {
        jsonwebtoken::crypto::verify(signature, text, key.decoding(), algorithm.to_library())
    })
    .is_ok_and(|is_right| is_right)
}

/// Runs `verification` with our cryptography installed, and with the host's function within reach.
fn with_host<T>(host: Option<&HostCrypto>, verification: impl FnOnce() -> T) -> T {
    // Installed already: by us, since nobody else in this program does.
    let _ = PROVIDER.install_default();
    HOST.set(host.copied());
    let result = verification();
    HOST.set(None);
    result
}

fn verifier(
    algorithm: &jsonwebtoken::Algorithm,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>> {
    let algorithm = Algorithm::from_library(*algorithm)
        .filter(|algorithm| algorithm.to_library().family() == key.family())
        .ok_or_else(|| new_error(ErrorKind::InvalidAlgorithm))?;
    Ok(Box::new(SignatureVerifier {
        algorithm,
        key: key.clone(),
        host: HOST.with_borrow(Clone::clone),
    }))
}

struct SignatureVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
    host: Option<HostCrypto>,
}

impl JwtVerifier for SignatureVerifier {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        self.algorithm.to_library()
    }
}

impl Verifier<Vec<u8>> for SignatureVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let by_host = self
            .host
            .and_then(|host| host.verify(self.algorithm, &self.key, message, signature));
        let is_right = by_host.unwrap_or_else(|| {
            software::verify(self.algorithm, &self.key, message, signature) == Some(true)
        });
        is_right.then_some(()).ok_or_else(Error::new)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod wycheproof;
