//! Sets of keys (RFC 7517, section 5), and which key of a set a token means.

use extension_common::json::{self, JsonError, Value};

use crate::{
    algorithm::Algorithm,
    jwk::{Key, Unusable},
};

/// The largest set that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The most keys of a set that are looked at.
pub const MAX_KEYS: usize = 256;

/// How deep its JSON may be: keys are flat, certificates in them are lists.
pub const MAX_DEPTH: usize = 8;

/// Where a set comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The operator: every key must be right, and may be a secret.
    Operator,
    /// A server: what is wrong with one key does not make the others useless. A secret that is
    /// published is none.
    Server,
}

/// Keys that signatures are verified with; each `kid` once.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// Why a set is refused. Nothing of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Too long.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLarge,
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not an object with a list of objects, `keys`.
    #[error("it is no object with a list of keys, `keys`")]
    Shape,
    /// More keys than anyone needs.
    #[error("it has more than {MAX_KEYS} keys")]
    TooMany,
    /// Two keys have one `kid`.
    #[error("keys[{0}] has the `kid` of a key before it")]
    DuplicateId(usize),
    /// Secrets beside public keys.
    #[error("it holds both secrets and public keys")]
    Mixed,
    /// A key of the operator's is wrong.
    #[error("keys[{0}]: {1}")]
    Key(usize, Unusable),
}

/// A key that was left out.
pub type LeftOut = (usize, Unusable);

impl KeySet {
    /// Reads a set; also returns the keys of it that are not used, by their index.
    ///
    /// # Errors
    /// The set as a whole cannot be used.
    pub fn parse(text: &[u8], origin: Origin) -> Result<(Self, Vec<LeftOut>), KeySetError> {
        if text.len() > MAX_BYTES {
            return Err(KeySetError::TooLarge);
        }
        let Value::Object(set) = json::parse(text, MAX_DEPTH)? else {
            return Err(KeySetError::Shape);
        };
        let Some(Value::Array(items)) = set.get("keys") else {
            return Err(KeySetError::Shape);
        };
        if items.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let mut keys: Vec<Key> = Vec::new();
        let mut left_out = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Value::Object(jwk) = item else {
                return Err(KeySetError::Shape);
            };
            let key = match Key::parse(jwk) {
                Ok(key) if key.is_secret() && origin == Origin::Server => {
                    Err(Unusable::Bad("it is a secret, and published"))
                }
                parsed => parsed,
            };
            match key {
                Err(Unusable::Bad(why)) if origin == Origin::Operator => {
                    return Err(KeySetError::Key(index, Unusable::Bad(why)));
                }
                Err(unusable) => left_out.push((index, unusable)),
                Ok(key) => {
                    let is_known = keys.iter().any(|other| other.id() == key.id());
                    if key.id().is_some() && is_known {
                        return Err(KeySetError::DuplicateId(index));
                    }
                    keys.push(key);
                }
            }
        }
        let secrets = keys.iter().filter(|key| key.is_secret()).count();
        if secrets != 0 && secrets != keys.len() {
            return Err(KeySetError::Mixed);
        }
        Ok((Self { keys }, left_out))
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether some key is for `algorithm`.
    pub fn has_key_for(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.fits(algorithm))
    }

    /// Whether its keys are secrets.
    pub fn is_secret(&self) -> bool {
        self.keys.iter().any(Key::is_secret)
    }

    /// The key that a token with this `alg` and `kid` is to be verified with.
    ///
    /// # Errors
    /// There is none, or it cannot be told which.
    pub fn select(&self, algorithm: Algorithm, id: Option<&str>) -> Result<&Key, NoKey> {
        if let Some(id) = id
            && let Some(key) = self.keys.iter().find(|key| key.id() == Some(id))
        {
            return key.fits(algorithm).then_some(key).ok_or(NoKey::Unfit);
        }
        // A key without a name goes by any; a token without one takes any key.
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| (id.is_none() || key.id().is_none()) && key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ if id.is_some() => Err(NoKey::Unknown),
            _ => Err(NoKey::Unfit),
        }
    }
}

/// Why a token has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// No key has its `kid`: a newer set may.
    Unknown,
    /// The key with its `kid` is for another algorithm; or there is no `kid`, and not exactly one
    /// key fits.
    Unfit,
}

#[cfg(test)]
mod tests;
