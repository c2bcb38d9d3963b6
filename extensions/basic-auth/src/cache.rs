//! Passwords that were found right, so that an expensive hash is computed once and not per request.

use std::{
    num::NonZeroUsize,
    time::{Duration, SystemTime},
};

use hmac::{Hmac, KeyInit, Mac};
use lru::LruCache;
use sha2::Sha256;

/// Holds no password: entries are HMAC-SHA-256 under a key that only this VM knows.
pub(crate) struct SuccessCache {
    key: [u8; 32],
    ttl: Duration,
    entries: Option<LruCache<[u8; 32], SystemTime>>,
}

impl SuccessCache {
    /// A cache of `capacity` entries (none: no cache) that are good for `ttl`.
    pub(crate) fn new(key: [u8; 32], capacity: usize, ttl: Duration) -> Self {
        Self {
            key,
            ttl,
            entries: NonZeroUsize::new(capacity).map(LruCache::new),
        }
    }

    /// Whether this very pair was right not long ago.
    pub(crate) fn contains(&mut self, user: &[u8], password: &[u8], now: SystemTime) -> bool {
        let Some(tag) = self.tag(user, password) else {
            return false;
        };
        let Some(entries) = &mut self.entries else {
            return false;
        };
        // A clock that went back makes an entry useless, not eternal.
        let fresh = entries
            .get(&tag)
            .and_then(|then| now.duration_since(*then).ok())
            .is_some_and(|age| age < self.ttl);
        if !fresh {
            entries.pop(&tag);
        }
        fresh
    }

    pub(crate) fn insert(&mut self, user: &[u8], password: &[u8], now: SystemTime) {
        if let Some(tag) = self.tag(user, password)
            && let Some(entries) = &mut self.entries
        {
            entries.put(tag, now);
        }
    }

    /// Identifies a pair; the length keeps `a`, `bc` apart from `ab`, `c`.
    fn tag(&self, user: &[u8], password: &[u8]) -> Option<[u8; 32]> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        let length = u64::try_from(user.len()).ok()?.to_le_bytes();
        Some(
            mac.chain_update(length)
                .chain_update(user)
                .chain_update(password)
                .finalize()
                .into_bytes()
                .into(),
        )
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn holds_an_exact_pair_until_it_expires() {
        let mut cache = SuccessCache::new([7; 32], 10, Duration::from_secs(60));
        cache.insert(b"ab", b"cd", at(0));
        assert!(cache.contains(b"ab", b"cd", at(59)));
        for (user, password) in [(&b"ab"[..], &b"ce"[..]), (b"a", b"bcd"), (b"abc", b"d")] {
            assert!(!cache.contains(user, password, at(0)));
        }
        assert!(!cache.contains(b"ab", b"cd", at(60)));
        // It was dropped, and a clock that goes back does not revive it.
        assert!(!cache.contains(b"ab", b"cd", at(1)));
    }

    #[test]
    fn never_outgrows_its_capacity() {
        let mut cache = SuccessCache::new([7; 32], 2, Duration::from_secs(60));
        for user in [b"a", b"b", b"c"] {
            cache.insert(user, b"x", at(0));
        }
        assert!(!cache.contains(b"a", b"x", at(0)));
        assert!(cache.contains(b"b", b"x", at(0)) && cache.contains(b"c", b"x", at(0)));
    }

    #[test]
    fn a_capacity_of_zero_is_no_cache() {
        let mut cache = SuccessCache::new([7; 32], 0, Duration::from_secs(60));
        cache.insert(b"a", b"x", at(0));
        assert!(!cache.contains(b"a", b"x", at(0)));
    }
}
