//! What the workers tell each other about a server's keys, through the host's shared data.
//!
//! Three entries for each server: the last answer, a note of when it came, and a lease, which keeps
//! all but one worker from asking at the same time.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{DEMAND_INTERVAL, Moment, Settings};

/// The names of the three entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Of the answer's body.
    pub body: String,
    /// Of the [`Note`].
    pub note: String,
    /// Of the [`Lease`].
    pub lease: String,
}

impl Names {
    /// The names for this server. Whoever asks the same one shares them.
    pub fn of(settings: &Settings) -> Self {
        let mut hash = Sha256::new();
        for part in [&settings.cluster, &settings.authority, &settings.path] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let mut id = String::new();
        for byte in hash.finalize() {
            id.push_str(&format!("{byte:02x}"));
        }
        let name = |what| format!("jwt-headers.jwks.{id}.{what}");
        Self {
            body: name("body"),
            note: name("note"),
            lease: name("lease"),
        }
    }
}

/// When which answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it came.
    pub fetched: Moment,
    /// The SHA-256 of its body.
    pub fingerprint: [u8; 32],
}

impl Note {
    /// As bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        [&milliseconds(self.fetched)[..], &self.fingerprint].concat()
    }

    /// From bytes; `None` where they are no note.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (fetched, fingerprint) = bytes.split_first_chunk()?;
        Some(Self {
            fetched: moment(*fetched),
            fingerprint: fingerprint.try_into().ok()?,
        })
    }
}

/// Who may ask the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What everybody else does until it ends.
    pub state: LeaseState,
    /// When it ends.
    pub until: Moment,
    /// When the server was last asked because of an unknown `kid`.
    pub demanded: Moment,
}

/// See [`Lease::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// One worker is asking: the others wait for what it gets.
    Asking,
    /// The server has failed: everybody leaves it alone.
    BackingOff,
}

impl Lease {
    /// As bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let state = match self.state {
            LeaseState::Asking => 0,
            LeaseState::BackingOff => 1,
        };
        [
            &[state][..],
            &milliseconds(self.until),
            &milliseconds(self.demanded),
        ]
        .concat()
    }

    /// From bytes; `None` where they are no lease.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (state, times) = bytes.split_first()?;
        let (until, demanded) = times.split_first_chunk()?;
        Some(Self {
            state: match state {
                0 => LeaseState::Asking,
                1 => LeaseState::BackingOff,
                _ => return None,
            },
            until: moment(*until),
            demanded: moment(demanded.try_into().ok()?),
        })
    }

    /// Whether it still holds. A lease that would hold longer than any does is one from before the
    /// clock was set back.
    pub fn is_held(&self, now: Moment) -> bool {
        const LONGEST: Duration = Duration::from_secs(120);
        let left = self.until.saturating_sub(now);
        left > Duration::ZERO && left <= LONGEST
    }

    /// Whether a demand has been met so recently that another is not.
    pub fn has_met_demand(&self, now: Moment) -> bool {
        now.saturating_sub(self.demanded) < DEMAND_INTERVAL
    }
}

fn milliseconds(moment: Moment) -> [u8; 8] {
    u64::try_from(moment.as_millis())
        .unwrap_or(u64::MAX)
        .to_le_bytes()
}

fn moment(milliseconds: [u8; 8]) -> Moment {
    Duration::from_millis(u64::from_le_bytes(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let note = Note {
            fetched: Duration::from_millis(1_234_567),
            fingerprint: [7; 32],
        };
        assert_eq!(Note::from_bytes(&note.to_bytes()), Some(note));
        for state in [LeaseState::Asking, LeaseState::BackingOff] {
            let lease = Lease {
                state,
                until: Duration::from_millis(5),
                demanded: Duration::from_millis(3),
            };
            let bytes = lease.to_bytes();
            assert_eq!(Lease::from_bytes(&bytes), Some(lease));
            for cut in 0..bytes.len() {
                assert_eq!(Lease::from_bytes(&bytes[..cut]), None);
            }
        }
        assert_eq!(Note::from_bytes(b""), None);
        assert_eq!(Note::from_bytes(&[0; 41]), None);
        assert_eq!(Lease::from_bytes(&[2; 17]), None);
    }

    #[test]
    fn each_server_has_names_of_its_own() {
        let settings = |cluster: &str, path: &str| Settings {
            cluster: cluster.into(),
            authority: "a".into(),
            path: path.into(),
            timeout: Duration::ZERO,
            refresh_interval: Duration::ZERO,
            stale_for: Duration::ZERO,
        };
        let one = Names::of(&settings("c", "/x"));
        assert_eq!(one, Names::of(&settings("c", "/x")));
        assert_ne!(one, Names::of(&settings("c", "/y")));
        assert_ne!(one, Names::of(&settings("cc", "/x")));
        assert!(one.body != one.note && one.note != one.lease);
    }
}
