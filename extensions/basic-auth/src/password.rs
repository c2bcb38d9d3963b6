//! Password hashes in the forms that htpasswd files hold.

mod apr1;

use std::time::Duration;

use argon2::{Argon2, PasswordVerifier, password_hash::phc};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha_crypt::ShaCrypt;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// bcrypt's highest cost: about 0.23 s a check.
const MAX_BCRYPT_COST: u32 = 12;
/// SHA-crypt's highest number of rounds: about 0.1 s a check, twice that for a long password.
const MAX_SHA_CRYPT_ROUNDS: u32 = 200_000;
/// Argon2's highest memory cost, in KiB. A guest's memory never shrinks.
const MAX_ARGON2_MEMORY: u32 = 64 * 1024;
/// Argon2's highest memory cost times passes, in KiB: about 0.2 s a check.
const MAX_ARGON2_WORK: u64 = 256 * 1024;
/// The longest password that an expensive hash is computed of, in bytes: the time of SHA-crypt and
/// MD5-crypt grows with it (bcrypt looks at the first 72 bytes only).
const MAX_EXPENSIVE_LENGTH: usize = 128;

/// What is wrong with a hash. Never shows it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Not a form that is known here.
    #[error(
        "a hash that begins with {{SHA}}, {{SSHA}}, $apr1$, $2a$, $2b$, $2y$, $5$, $6$ or $argon2id$"
    )]
    UnknownForm,
    /// The form is known, and this is not it.
    #[error("a well-formed {0} hash")]
    Malformed(&'static str),
    /// It would block the worker for too long.
    #[error("a work factor of at most {limit}, not {found}")]
    TooExpensive {
        /// What is allowed.
        limit: String,
        /// What the hash asks for.
        found: String,
    },
}

/// A password's hash.
#[derive(Clone)]
pub enum PasswordHash {
    /// `{SHA}` and `{SSHA}`: base64 of SHA-1 of the password and the salt, then the salt.
    Sha1 {
        /// SHA-1 of the password followed by the salt.
        digest: [u8; 20],
        /// Empty for `{SHA}`.
        salt: Vec<u8>,
    },
    /// `$apr1$`: Apache's MD5-crypt.
    Apr1 {
        /// Up to eight characters.
        salt: String,
        /// 22 characters of crypt's base64.
        checksum: String,
    },
    /// `$2a$`, `$2b$`, `$2y$`.
    Bcrypt {
        /// The whole text.
        text: String,
        /// The binary logarithm of the number of rounds.
        cost: u32,
    },
    /// `$5$` and `$6$`: SHA-256-crypt and SHA-512-crypt.
    ShaCrypt {
        /// The whole text.
        text: String,
        /// The number of rounds.
        rounds: u32,
    },
    /// `$argon2id$`.
    Argon2id {
        /// Parsed.
        hash: Box<phc::PasswordHash>,
        /// KiB of memory times passes.
        work: u64,
    },
}

impl PasswordHash {
    /// Parses a hash and checks what it will cost.
    ///
    /// # Errors
    /// Tells what was expected instead; never what was found, unless it is a work factor.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if let Some(encoded) = text.strip_prefix("{SHA}") {
            return parse_sha1(encoded, false).ok_or(HashError::Malformed("{SHA}"));
        }
        if let Some(encoded) = text.strip_prefix("{SSHA}") {
            return parse_sha1(encoded, true).ok_or(HashError::Malformed("{SSHA}"));
        }
        let scheme = text
            .strip_prefix('$')
            .and_then(|rest| rest.split('$').next());
        match scheme {
            Some("apr1") => parse_apr1(text).ok_or(HashError::Malformed("$apr1$")),
            Some("2a" | "2b" | "2y") => parse_bcrypt(text),
            Some("5" | "6") => parse_sha_crypt(text),
            Some("argon2id") => parse_argon2id(text),
            _ => Err(HashError::UnknownForm),
        }
    }

    /// Whether a check takes long enough to hold up the worker's other requests.
    pub fn is_expensive(&self) -> bool {
        !matches!(self, Self::Sha1 { .. })
    }

    /// Whether `password` is too long for this form, and so wrong.
    pub fn is_too_long(&self, password: &[u8]) -> bool {
        self.is_expensive() && password.len() > MAX_EXPENSIVE_LENGTH
    }

    /// About how long a check takes in Envoy (measured: bcrypt with cost 10, 57 ms; SHA-512-crypt with
    /// 5000 rounds, 1.8 ms; Argon2id with 19 MiB in two passes, 27 ms).
    pub fn cost(&self) -> Duration {
        match self {
            Self::Sha1 { .. } => Duration::ZERO,
            Self::Apr1 { .. } => Duration::from_micros(300),
            Self::Bcrypt { cost, .. } => Duration::from_micros(56)
                .saturating_mul(1_u32.checked_shl(*cost).unwrap_or(u32::MAX)),
            Self::ShaCrypt { rounds, .. } => Duration::from_nanos(360).saturating_mul(*rounds),
            Self::Argon2id { work, .. } => Duration::from_nanos(work.saturating_mul(700)),
        }
    }

    /// Whether `password` is the one; the comparison takes the same time either way.
    pub fn verify(&self, password: &[u8]) -> bool {
        match self {
            Self::Sha1 { digest, salt } => {
                let found = Sha1::new()
                    .chain_update(password)
                    .chain_update(salt)
                    .finalize();
                found.as_slice().ct_eq(digest).into()
            }
            Self::Apr1 { salt, checksum } => {
                let found = apr1::checksum(password, salt.as_bytes());
                found.as_bytes().ct_eq(checksum.as_bytes()).into()
            }
            Self::Bcrypt { text, .. } => bcrypt::verify(password, text).unwrap_or(false),
            Self::ShaCrypt { text, .. } => ShaCrypt::default()
                .verify_password(password, text.as_str())
                .is_ok(),
            Self::Argon2id { hash, .. } => Argon2::default()
                .verify_password(password, hash.as_ref())
                .is_ok(),
        }
    }
}

fn parse_sha1(encoded: &str, salted: bool) -> Option<PasswordHash> {
    let decoded = BASE64_STANDARD.decode(encoded).ok()?;
    let (digest, salt) = decoded.split_first_chunk::<20>()?;
    (salted != salt.is_empty()).then(|| PasswordHash::Sha1 {
        digest: *digest,
        salt: salt.to_vec(),
    })
}

fn parse_apr1(text: &str) -> Option<PasswordHash> {
    let (salt, checksum) = text.strip_prefix("$apr1$")?.split_once('$')?;
    let well_formed = salt.len() <= 8 && checksum.len() == 22 && is_crypt_base64(checksum);
    well_formed.then(|| PasswordHash::Apr1 {
        salt: salt.to_owned(),
        checksum: checksum.to_owned(),
    })
}

fn parse_bcrypt(text: &str) -> Result<PasswordHash, HashError> {
    let parts: bcrypt::HashParts = text.parse().map_err(|_| HashError::Malformed("bcrypt"))?;
    let cost = parts.get_cost();
    // Four is the algorithm's least; below, every check would fail.
    if cost < 4 {
        return Err(HashError::Malformed("bcrypt"));
    }
    within(u64::from(cost), u64::from(MAX_BCRYPT_COST), "cost")?;
    Ok(PasswordHash::Bcrypt {
        text: text.to_owned(),
        cost,
    })
}

fn parse_sha_crypt(text: &str) -> Result<PasswordHash, HashError> {
    let malformed = || HashError::Malformed("SHA-crypt ($5$ or $6$)");
    let length = if text.starts_with("$5$") { 43 } else { 86 };
    let mut fields = text.split('$').skip(2).peekable();
    let mut rounds = 5000;
    if let Some(given) = fields
        .peek()
        .and_then(|field| field.strip_prefix("rounds="))
    {
        rounds = given.parse().map_err(|_| malformed())?;
        if rounds < 1000 || given != rounds.to_string() {
            return Err(malformed());
        }
        within(u64::from(rounds), u64::from(MAX_SHA_CRYPT_ROUNDS), "rounds")?;
        fields.next();
    }
    match (fields.next(), fields.next(), fields.next()) {
        (Some(salt), Some(checksum), None)
            if salt.len() <= 16
                && is_crypt_base64(salt)
                && checksum.len() == length
                && is_crypt_base64(checksum) =>
        {
            Ok(PasswordHash::ShaCrypt {
                text: text.to_owned(),
                rounds,
            })
        }
        _ => Err(malformed()),
    }
}

fn parse_argon2id(text: &str) -> Result<PasswordHash, HashError> {
    let malformed = HashError::Malformed("$argon2id$");
    let Ok(hash) = phc::PasswordHash::new(text) else {
        return Err(malformed);
    };
    let Ok(params) = argon2::Params::try_from(&hash) else {
        return Err(malformed);
    };
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(malformed);
    }
    within(
        u64::from(params.m_cost()),
        u64::from(MAX_ARGON2_MEMORY),
        "KiB of memory",
    )?;
    let work = u64::from(params.m_cost()).saturating_mul(u64::from(params.t_cost()));
    within(work, MAX_ARGON2_WORK, "KiB of memory times passes")?;
    Ok(PasswordHash::Argon2id {
        hash: Box::new(hash),
        work,
    })
}

fn within(found: u64, limit: u64, unit: &str) -> Result<(), HashError> {
    if found <= limit {
        return Ok(());
    }
    Err(HashError::TooExpensive {
        limit: format!("{limit} {unit}"),
        found: found.to_string(),
    })
}

fn is_crypt_base64(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'))
}

#[cfg(test)]
mod tests;
