//! One JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037), as far as it verifies signatures.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use extension_common::json::{NotText, Object, Value};
use jsonwebtoken::DecodingKey;

use crate::{
    algorithm::{Algorithm, KeyKind},
    signature::material,
};

/// A key that signatures can be verified with.
pub struct Key {
    id: Option<String>,
    /// The only algorithm that the key is for, where it says so.
    algorithm: Option<Algorithm>,
    kind: KeyKind,
    decoding: DecodingKey,
}

/// Why a key of a set is not used. Nothing of the key is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is for something else, or of a kind that is not known here: sets may hold such
    /// keys (RFC 7517, section 5).
    #[error("{0}")]
    Foreign(&'static str),
    /// It is broken, weak, or not meant to be published.
    #[error("{0}")]
    Bad(&'static str),
}

use Unusable::{Bad, Foreign};

impl From<NotText> for Unusable {
    fn from(_: NotText) -> Self {
        Bad("a member that should be a string is not")
    }
}

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// The key cannot be used to verify signatures.
    pub fn parse(jwk: &Object<'_>) -> Result<Self, Unusable> {
        let kind = jwk.text("kty")?.ok_or(Bad("it has no `kty`"))?;
        check_purpose(jwk)?;
        if kind != "oct"
            && ["d", "p", "q", "oth"]
                .iter()
                .any(|name| jwk.get(name).is_some())
        {
            return Err(Bad("it is a private key"));
        }
        let key = match kind {
            "RSA" => rsa(jwk)?,
            "EC" => elliptic(jwk)?,
            "OKP" => edwards(jwk)?,
            "oct" => Self::secret(&bytes(jwk, "k")?)?,
            _ => return Err(Foreign("its `kty` is not known")),
        };
        let algorithm = match jwk.text("alg")? {
            None => None,
            Some(name) => {
                let known = Algorithm::from_name(name).ok_or(Foreign("its `alg` is not known"))?;
                if !known.takes(key.kind) {
                    return Err(Bad("its `alg` does not fit the key"));
                }
                Some(known)
            }
        };
        Ok(Self {
            id: jwk.text("kid")?.map(str::to_owned),
            algorithm,
            ..key
        })
    }

    /// An RSA key from its modulus and exponent: big-endian, without zeros in front.
    ///
    /// # Errors
    /// They are no key, or one that is too weak or too large.
    pub fn rsa(n: &[u8], e: &[u8]) -> Result<Self, Unusable> {
        if material::rsa(n, e).is_none() {
            return Err(Bad(
                "it is no RSA key of 2048 to 8192 bits with an odd exponent of 3 to 2^33",
            ));
        }
        let decoding = DecodingKey::from_rsa_raw_components(n, e);
        Ok(Self::anonymous(KeyKind::Rsa, decoding))
    }

    /// A key on P-256 or P-384, from its uncompressed point (SEC 1, section 2.3.3).
    ///
    /// # Errors
    /// It is no point on either.
    pub fn elliptic(point: &[u8]) -> Result<Self, Unusable> {
        let kind = match point {
            [4, xy @ ..] if xy.len() == 64 && material::p256(point).is_some() => KeyKind::P256,
            [4, xy @ ..] if xy.len() == 96 && material::p384(point).is_some() => KeyKind::P384,
            _ => return Err(Bad("its `x` and `y` are no point on the curve")),
        };
        Ok(Self::anonymous(kind, DecodingKey::from_ec_der(point)))
    }

    /// An Ed25519 key (RFC 8032, section 5.1.5).
    ///
    /// # Errors
    /// It is none, or of small order.
    pub fn ed25519(x: &[u8]) -> Result<Self, Unusable> {
        if material::ed25519(x).is_none() {
            return Err(Bad("its `x` is no Ed25519 public key"));
        }
        let decoding = DecodingKey::from_ed_der(x);
        Ok(Self::anonymous(KeyKind::Ed25519, decoding))
    }

    /// A shared secret.
    ///
    /// # Errors
    /// It is too short for any algorithm.
    pub fn secret(secret: &[u8]) -> Result<Self, Unusable> {
        let kind = KeyKind::Secret {
            length: secret.len(),
        };
        if !Algorithm::HS256.takes(kind) {
            return Err(Bad("its secret is shorter than 32 bytes"));
        }
        Ok(Self::anonymous(kind, DecodingKey::from_secret(secret)))
    }

    fn anonymous(kind: KeyKind, decoding: DecodingKey) -> Self {
        Self {
            id: None,
            algorithm: None,
            kind,
            decoding,
        }
    }

    /// Its `kid`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether it is a shared secret.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, KeyKind::Secret { .. })
    }

    /// Whether a token signed with `algorithm` may be verified with it.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.takes(self.kind) && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// As `jsonwebtoken` wants it.
    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

/// RFC 7517, sections 4.2 and 4.3.
fn check_purpose(jwk: &Object<'_>) -> Result<(), Unusable> {
    if jwk.text("use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(Foreign("its `use` is not `sig`"));
    }
    let operations = match jwk.get("key_ops") {
        None => return Ok(()),
        Some(Value::Array(operations)) => operations,
        Some(_) => return Err(Bad("its `key_ops` is not a list")),
    };
    let verifies =
        |operation: &Value<'_>| matches!(operation, Value::String(text) if text == "verify");
    if operations.iter().any(verifies) {
        Ok(())
    } else {
        Err(Foreign("its `key_ops` has no `verify`"))
    }
}

fn rsa(jwk: &Object<'_>) -> Result<Key, Unusable> {
    // Some libraries write a leading zero byte, which RFC 7518, section 2, does not allow and
    // which means nothing.
    let number = |name| -> Result<Vec<u8>, Unusable> {
        let bytes = bytes(jwk, name)?;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        Ok(bytes.get(zeros..).unwrap_or_default().to_vec())
    };
    Key::rsa(&number("n")?, &number("e")?)
}

fn elliptic(jwk: &Object<'_>) -> Result<Key, Unusable> {
    let curve = jwk.text("crv")?.ok_or(Bad("it has no `crv`"))?;
    let length = match curve {
        "P-256" => 32,
        "P-384" => 48,
        _ => return Err(Foreign("its `crv` is not known")),
    };
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    // The two together say which curve: each must be as long as this one's.
    if x.len() != length || y.len() != length {
        return Err(Bad("its `x` and `y` are no point on the curve"));
    }
    Key::elliptic(&[&[4][..], &x, &y].concat())
}

fn edwards(jwk: &Object<'_>) -> Result<Key, Unusable> {
    let curve = jwk.text("crv")?.ok_or(Bad("it has no `crv`"))?;
    if curve != "Ed25519" {
        return Err(Foreign("its `crv` is not known"));
    }
    Key::ed25519(&bytes(jwk, "x")?)
}

/// A member in base64url.
fn bytes(jwk: &Object<'_>, name: &'static str) -> Result<Vec<u8>, Unusable> {
    let text = jwk.text(name)?.ok_or(Bad("a member is missing"))?;
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Bad("a member is not base64url"))
}
