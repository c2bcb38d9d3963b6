//! The plain credentials of a rule.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::credentials::Credentials;

/// Passwords by user. A user may have several, so that one can be rotated. (Finding one of a few users
/// in a tree takes less time than hashing a name.)
#[derive(Default)]
pub struct PlainCredentials(BTreeMap<Vec<u8>, Vec<Block>>);

impl PlainCredentials {
    /// Adds a pair.
    pub fn add(&mut self, credentials: &Credentials) {
        self.0
            .entry(credentials.user().to_vec())
            .or_default()
            .push(Block::of(credentials.password()));
    }

    /// Whether the pair is one of these. An unknown user takes as long as a wrong password.
    pub fn accept(&self, credentials: &Credentials) -> bool {
        const NOBODY: &[Block] = &[Block {
            words: [0; 8],
            length: u64::MAX,
        }];
        if self.0.is_empty() {
            return false;
        }
        let known = self.0.get(credentials.user());
        let given = Block::of(credentials.password());
        let matches = known
            .map_or(NOBODY, Vec::as_slice)
            .iter()
            .fold(Choice::from(0), |any, block| any | block.ct_eq(&given));
        matches.into()
    }
}

/// A password in a form whose comparison takes the same time whatever it is: padded to 64 bytes, or,
/// if it is longer, hashed, as HMAC does with its keys. (Hashing all of them would cost more than all
/// the rest of a request.)
struct Block {
    words: [u64; 8],
    length: u64,
}

impl Block {
    fn of(password: &[u8]) -> Self {
        let digest;
        let bytes = if password.len() > 64 {
            digest = Sha256::digest(password);
            digest.as_slice()
        } else {
            password
        };
        let mut words = [0; 8];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
            let mut padded = [0; 8];
            for (to, from) in padded.iter_mut().zip(chunk) {
                *to = *from;
            }
            *word = u64::from_le_bytes(padded);
        }
        Self {
            words,
            length: u64::try_from(password.len()).unwrap_or(u64::MAX),
        }
    }
}

impl ConstantTimeEq for Block {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.words.ct_eq(&other.words) & self.length.ct_eq(&other.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(user: &str, password: &str) -> Credentials {
        Credentials::split(format!("{user}:{password}").into_bytes()).unwrap()
    }

    fn accepts(configured: &[(&str, &str)], user: &str, password: &str) -> bool {
        let mut plain = PlainCredentials::default();
        for (user, password) in configured {
            plain.add(&pair(user, password));
        }
        plain.accept(&pair(user, password))
    }

    #[test]
    fn passwords_of_every_length_match_themselves_alone() {
        for length in [0, 1, 7, 8, 9, 63, 64, 65, 128, 1000] {
            let password = "p".repeat(length);
            let configured = [("a", password.as_str())];
            assert!(accepts(&configured, "a", &password), "{length}");
            assert!(!accepts(&configured, "b", &password), "{length}");
            assert!(
                !accepts(&configured, "a", &format!("{password}p")),
                "{length}"
            );
            if length > 0 {
                assert!(
                    !accepts(&configured, "a", &"p".repeat(length - 1)),
                    "{length}"
                );
                let last_differs = format!("{}q", "p".repeat(length - 1));
                assert!(!accepts(&configured, "a", &last_differs), "{length}");
            }
        }
    }

    #[test]
    fn a_user_may_have_several_passwords() {
        let configured = [("a", "old"), ("a", "new"), ("b", "other")];
        assert!(accepts(&configured, "a", "old") && accepts(&configured, "a", "new"));
        assert!(!accepts(&configured, "a", "other"));
    }

    #[test]
    fn nobody_is_nobody() {
        assert!(!accepts(&[], "", ""));
        assert!(!accepts(&[("a", "b")], "", ""));
    }
}
