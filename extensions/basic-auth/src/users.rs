//! The user table: htpasswd lines in memory.

use std::{collections::HashMap, time::Duration};

use extension_common::config::ConfigError;

use crate::password::PasswordHash;

/// Users and their password hashes.
#[derive(Default)]
pub struct Users {
    hashes: HashMap<Vec<u8>, PasswordHash>,
    /// What an unknown user's password is checked against, so that the time of an answer does not
    /// tell who exists: the most expensive hash there is.
    decoy: Option<PasswordHash>,
}

impl Users {
    /// Adds htpasswd `lines`: `user:hash`, with blank lines and those that begin with `#` ignored.
    /// `field` is where they come from, for the error.
    ///
    /// # Errors
    /// Names the line and, where it can be told, the user; never the hash.
    pub fn add_lines(&mut self, lines: &str, field: &str) -> Result<(), ConfigError> {
        const BYTE_ORDER_MARK: char = '\u{feff}';
        let lines = lines.trim_start_matches(BYTE_ORDER_MARK);
        for (index, line) in lines.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{field} (line {})", index.saturating_add(1));
            let Some((user, hash)) = line.split_once(':') else {
                return Err(ConfigError::expected(place, "user:hash"));
            };
            if user.is_empty() || user.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(ConfigError::expected(
                    place,
                    "a user name before the colon, without control characters",
                ));
            }
            let hash = PasswordHash::parse(hash).map_err(|error| {
                ConfigError::expected(format!("{place}, user {user:?}"), error.to_string())
            })?;
            if self
                .decoy
                .as_ref()
                .is_none_or(|decoy| decoy.cost() < hash.cost())
            {
                self.decoy = Some(hash.clone());
            }
            if self.hashes.insert(user.into(), hash).is_some() {
                return Err(ConfigError::expected(
                    format!("{place}, user {user:?}"),
                    "each user once",
                ));
            }
        }
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// About how long the most expensive check takes.
    pub fn highest_cost(&self) -> Duration {
        self.decoy
            .as_ref()
            .map(PasswordHash::cost)
            .unwrap_or_default()
    }

    /// Whether there is such a user.
    pub fn contains(&self, user: &[u8]) -> bool {
        self.hashes.contains_key(user)
    }

    /// The hash to check `user`'s password against, and whether it is really theirs; `None` where
    /// there are no users at all.
    pub fn hash_for(&self, user: &[u8]) -> Option<(&PasswordHash, bool)> {
        match self.hashes.get(user) {
            Some(hash) => Some((hash, true)),
            None => self.decoy.as_ref().map(|hash| (hash, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";
    const BCRYPT: &str = "$2b$04$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATry";

    fn users(lines: &str) -> Result<Users, String> {
        let mut users = Users::default();
        users
            .add_lines(lines, "users")
            .map_err(|error| error.to_string())?;
        Ok(users)
    }

    #[test]
    fn blank_lines_and_comments_are_ignored() {
        let users = users(&format!(
            "\u{feff}# staff\n\nalice:{SHA}\r\n  bob:{SHA}  \n"
        ))
        .unwrap();
        assert_eq!(users.len(), 2);
        assert!(users.contains(b"alice") && users.contains(b"bob"));
    }

    #[test]
    fn an_unknown_user_is_checked_against_the_expensive_hash() {
        let users = users(&format!("alice:{SHA}\nbob:{BCRYPT}\ncarol:{SHA}")).unwrap();
        let (hash, real) = users.hash_for(b"mallory").unwrap();
        assert!(hash.is_expensive() && !real);
        let (hash, real) = users.hash_for(b"alice").unwrap();
        assert!(!hash.is_expensive() && real);
    }

    #[test]
    fn errors_name_the_line_and_never_the_hash() {
        for (lines, expected) in [
            ("alice", "users (line 1): expected user:hash"),
            ("\n:hunter2", "users (line 2): expected a user name"),
            (
                "alice:hunter2",
                "users (line 1), user \"alice\": expected a hash that begins with",
            ),
            (
                "alice:{SHA}hunter2",
                "users (line 1), user \"alice\": expected a well-formed {SHA} hash",
            ),
        ] {
            let error = users(lines).err().unwrap();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let twice = users(&format!("alice:{SHA}\nalice:{BCRYPT}"))
            .err()
            .unwrap();
        assert!(
            twice.ends_with("user \"alice\": expected each user once"),
            "{twice}"
        );
    }
}
