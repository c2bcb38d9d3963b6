//! Keys that come from a server: when to ask it, and what to do without an answer.
//!
//! Time comes in, decisions come out; who asks the host and tells the other workers is the filter.

pub mod shared;

use std::time::Duration;

use extension_jwt::jwks::{KeySet, KeySetError, LeftOut, Origin};
use sha2::{Digest as _, Sha256};

use shared::Note;

/// A moment: the time since 1970.
pub type Moment = Duration;

/// How often a token with an unknown `kid` may cause a request to the server.
pub const DEMAND_INTERVAL: Duration = Duration::from_secs(30);

/// How long to wait after the first failure in a row; twice as long after each further one.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);

/// How long to wait at most.
const MAX_BACK_OFF: Duration = Duration::from_secs(60);

/// What asking the server takes beyond its timeout: then the answer is lost.
const GRACE: Duration = Duration::from_secs(1);

/// Where the keys are, and how long they are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The proxy's cluster.
    pub cluster: String,
    /// The server's name in the request.
    pub authority: String,
    /// The path, with its query.
    pub path: String,
    /// How long an answer may take, and a request may wait for it.
    pub timeout: Duration,
    /// After this long the keys are asked for again, and used meanwhile.
    pub refresh_interval: Duration,
    /// So much longer they are used where the server does not answer.
    pub stale_for: Duration,
}

/// The keys of one server, as one worker knows them.
pub struct Remote {
    settings: Settings,
    held: Option<Held>,
    generation: u64,
    in_flight_until: Option<Moment>,
    not_before: Moment,
    failures: u32,
    is_demanded: bool,
    last_demand: Option<Moment>,
}

struct Held {
    keys: KeySet,
    fetched: Moment,
    fingerprint: [u8; 32],
}

/// Whether there are keys.
pub enum Lookup<'a> {
    /// There are, of this generation.
    Ready(&'a KeySet, u64),
    /// There will be, or not, in a moment.
    Wait,
    /// The server has failed; it is asked again after this long.
    BackOff(Duration),
}

impl Remote {
    /// No keys yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            held: None,
            generation: 0,
            in_flight_until: None,
            not_before: Moment::ZERO,
            failures: 0,
            is_demanded: false,
            last_demand: None,
        }
    }

    /// Where the keys are.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many keys there are.
    pub fn key_count(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.keys.len())
    }

    /// When the keys were fetched.
    pub fn fetched(&self) -> Option<Moment> {
        self.held.as_ref().map(|held| held.fetched)
    }

    /// The keys, or what is to be done without.
    pub fn lookup(&self, now: Moment) -> Lookup<'_> {
        let good_for = self
            .settings
            .refresh_interval
            .saturating_add(self.settings.stale_for);
        match &self.held {
            Some(held) if now.saturating_sub(held.fetched) < good_for => {
                Lookup::Ready(&held.keys, self.generation)
            }
            _ if self.in_flight_until.is_some() || now >= self.not_before => Lookup::Wait,
            _ => Lookup::BackOff(self.not_before.saturating_sub(now)),
        }
    }

    /// A token has a `kid` that no key has. Whether it is worth while to wait for newer keys.
    pub fn demand(&mut self, now: Moment) -> bool {
        let is_recent = self
            .last_demand
            .is_some_and(|last| now.saturating_sub(last) < DEMAND_INTERVAL);
        if self.is_demanded || self.in_flight_until.is_some() {
            // One answer for all; what it does not have is not asked for again so soon.
            if !is_recent {
                self.last_demand = Some(now);
            }
            return true;
        }
        if is_recent || now < self.not_before {
            return false;
        }
        self.last_demand = Some(now);
        self.is_demanded = true;
        true
    }

    /// Whether it was a demand that makes the server be asked.
    pub fn is_demanded(&self) -> bool {
        self.is_demanded
    }

    /// Another worker has asked for the same reason a moment ago: what it got is all there is.
    pub fn drop_demand(&mut self) {
        self.is_demanded = false;
    }

    /// Whether it is time to ask the server, without anybody demanding it.
    pub fn is_due(&self, now: Moment) -> bool {
        // A clock that was set back would otherwise make a set last.
        let is_fresh = self.held.as_ref().is_some_and(|held| {
            let age = now.checked_sub(held.fetched);
            age.is_some_and(|age| age < self.settings.refresh_interval)
        });
        !is_fresh
    }

    /// Whether the server should be asked now.
    pub fn wants_fetch(&self, now: Moment) -> bool {
        self.in_flight_until.is_none()
            && now >= self.not_before
            && (self.is_demanded || self.is_due(now))
    }

    /// The server is being asked.
    pub fn begin(&mut self, now: Moment) {
        let until = now
            .saturating_add(self.settings.timeout)
            .saturating_add(GRACE);
        self.in_flight_until = Some(until);
        self.is_demanded = false;
    }

    /// The server is not being asked after all: another worker was faster. Whether it was a demand
    /// stays to be known.
    pub fn withdraw(&mut self, is_demanded: bool) {
        self.in_flight_until = None;
        self.is_demanded = is_demanded;
    }

    /// Whether an answer is overdue; the host gives one even where the server does not.
    pub fn is_lost(&self, now: Moment) -> bool {
        self.in_flight_until.is_some_and(|until| now >= until)
    }

    /// When others may take it that an answer is not coming.
    pub fn lease_ends(&self) -> Moment {
        self.in_flight_until.unwrap_or(Moment::ZERO)
    }

    /// Takes a set that the server sent at `fetched`; also returns the keys of it that are not used,
    /// where it is another than before.
    ///
    /// # Errors
    /// The set is refused, and the one before it stays. The caller then calls [`Remote::fail`].
    pub fn adopt(&mut self, body: &[u8], fetched: Moment) -> Result<Vec<LeftOut>, Refused> {
        let fingerprint = Sha256::digest(body).into();
        let mut left_out = Vec::new();
        match &mut self.held {
            Some(held) if held.fingerprint == fingerprint => held.fetched = fetched,
            _ => {
                let (keys, unused) = KeySet::parse(body, Origin::Server)?;
                if keys.is_empty() {
                    return Err(Refused::Empty);
                }
                left_out = unused;
                self.generation = self.generation.wrapping_add(1);
                self.held = Some(Held {
                    keys,
                    fetched,
                    fingerprint,
                });
            }
        }
        self.settled();
        Ok(left_out)
    }

    /// Takes a set that another worker has noted, like [`Remote::adopt`].
    ///
    /// # Errors
    /// The set is refused, or not the one that was noted.
    pub fn adopt_noted(&mut self, body: &[u8], note: &Note) -> Result<Vec<LeftOut>, Refused> {
        if <[u8; 32]>::from(Sha256::digest(body)) != note.fingerprint {
            return Err(Refused::Other);
        }
        self.adopt(body, note.fetched)
    }

    /// Another worker has found that the set is still the same.
    pub fn confirm(&mut self, fetched: Moment) {
        if let Some(held) = &mut self.held {
            held.fetched = fetched;
        }
        self.settled();
    }

    fn settled(&mut self) {
        self.in_flight_until = None;
        self.is_demanded = false;
        self.failures = 0;
        self.not_before = Moment::ZERO;
    }

    /// How many failures there were since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The set's fingerprint.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        self.held.as_ref().map(|held| held.fingerprint)
    }

    /// The server did not answer, or not with keys. Returns when it will be asked again.
    pub fn fail(&mut self, now: Moment) -> Moment {
        let doublings = self.failures.min(6);
        let wait = FIRST_BACK_OFF
            .saturating_mul(1_u32.wrapping_shl(doublings))
            .min(MAX_BACK_OFF);
        self.failures = self.failures.saturating_add(1);
        self.back_off(now.saturating_add(wait));
        self.not_before
    }

    /// Another worker has found that the server does not answer, and waits until then.
    pub fn back_off(&mut self, until: Moment) {
        self.in_flight_until = None;
        self.is_demanded = false;
        self.not_before = until;
    }
}

/// Why a set from a server is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be used.
    #[error(transparent)]
    Set(#[from] KeySetError),
    /// There is no key in it that could be used.
    #[error("it has no key that verifies signatures")]
    Empty,
    /// It is not the one that was noted.
    #[error("it is not the set that was noted")]
    Other,
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests;
