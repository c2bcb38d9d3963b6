//! Signature algorithms (RFC 7518, section 3; RFC 8037).

use serde::Deserialize;

/// An algorithm that a token may be signed with. There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Algorithm {
    /// HMAC with SHA-256: with `oct` keys that the config itself holds, and alone.
    HS256,
    /// HMAC with SHA-384, likewise.
    HS384,
    /// HMAC with SHA-512, likewise.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// ECDSA with P-384 and SHA-384.
    ES384,
    /// Ed25519.
    EdDSA,
}

/// The kind of key that an algorithm needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A shared secret of so many bytes: HMAC wants at least the length of its hash.
    Secret {
        /// The length in bytes.
        length: usize,
    },
    /// An RSA public key.
    Rsa,
    /// A point on P-256.
    P256,
    /// A point on P-384.
    P384,
    /// An Ed25519 public key.
    Ed25519,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// The algorithm called `name`, in exactly this case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Its registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// Whether it signs with a secret that the verifier has too.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }

    /// Whether a key of this kind may be used with it.
    pub fn takes(self, key: KeyKind) -> bool {
        match (self, key) {
            // RFC 7518, section 3.2.
            (Self::HS256, KeyKind::Secret { length }) => length >= 32,
            (Self::HS384, KeyKind::Secret { length }) => length >= 48,
            (Self::HS512, KeyKind::Secret { length }) => length >= 64,
            (
                Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512,
                KeyKind::Rsa,
            )
            | (Self::ES256, KeyKind::P256)
            | (Self::ES384, KeyKind::P384)
            | (Self::EdDSA, KeyKind::Ed25519) => true,
            _ => false,
        }
    }

    /// What `jsonwebtoken` calls it.
    pub(crate) fn to_library(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm as Library;
        match self {
            Self::HS256 => Library::HS256,
            Self::HS384 => Library::HS384,
            Self::HS512 => Library::HS512,
            Self::RS256 => Library::RS256,
            Self::RS384 => Library::RS384,
            Self::RS512 => Library::RS512,
            Self::PS256 => Library::PS256,
            Self::PS384 => Library::PS384,
            Self::PS512 => Library::PS512,
            Self::ES256 => Library::ES256,
            Self::ES384 => Library::ES384,
            Self::EdDSA => Library::EdDSA,
        }
    }

    /// The other way round; `None` for what a later version may add.
    pub(crate) fn from_library(library: jsonwebtoken::Algorithm) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.to_library() == library)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
            assert_eq!(
                Algorithm::from_library(algorithm.to_library()),
                Some(algorithm)
            );
        }
        for name in [
            "none", "None", "nOnE", "", "rs256", "RS256 ", "HS1", "ES512",
        ] {
            assert_eq!(Algorithm::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash_at_least() {
        for (algorithm, least) in [
            (Algorithm::HS256, 32),
            (Algorithm::HS384, 48),
            (Algorithm::HS512, 64),
        ] {
            assert!(algorithm.takes(KeyKind::Secret { length: least }));
            assert!(!algorithm.takes(KeyKind::Secret { length: least - 1 }));
        }
        assert!(!Algorithm::HS256.takes(KeyKind::Rsa));
        assert!(!Algorithm::RS256.takes(KeyKind::Secret { length: 256 }));
        assert!(!Algorithm::ES256.takes(KeyKind::P384));
    }
}
