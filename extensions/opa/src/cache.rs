//! Decisions that were made not long ago.

use std::{
    num::NonZeroUsize,
    time::{Duration, SystemTime},
};

use lru::LruCache;

use crate::{answer::Outcome, config};

/// All entries together take no more memory than this, however long their keys are.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Remembers outcomes under the input itself: a look-up compares all of it, so that two requests
/// share a decision only if they are equal, never because some hash of theirs is.
pub struct DecisionCache {
    ttl: Duration,
    negative_ttl: Duration,
    entries: LruCache<Vec<u8>, Entry>,
    bytes: usize,
}

struct Entry {
    outcome: Outcome,
    made: SystemTime,
    ttl: Duration,
}

impl DecisionCache {
    /// An empty cache.
    pub fn new(config: &config::Cache) -> Self {
        Self {
            ttl: config.ttl,
            negative_ttl: config.negative_ttl,
            entries: LruCache::new(
                NonZeroUsize::new(config.max_entries).unwrap_or(NonZeroUsize::MIN),
            ),
            bytes: 0,
        }
    }

    /// What was decided for this very input, if it still holds.
    pub fn get(&mut self, key: &[u8], now: SystemTime) -> Option<Outcome> {
        let entry = self.entries.get(key)?;
        // A clock that went back makes an entry useless, not eternal.
        let age = now.duration_since(entry.made).ok();
        if age.is_some_and(|age| age < entry.ttl) {
            return Some(entry.outcome.clone());
        }
        if let Some((key, entry)) = self.entries.pop_entry(key) {
            self.forget(&key, &entry);
        }
        None
    }

    /// Remembers an outcome in place of an older one. One that is no decision is not remembered.
    pub fn insert(&mut self, key: Vec<u8>, outcome: &Outcome, now: SystemTime) {
        let ttl = match outcome {
            Outcome::Decided(decision) => decision.cache_ttl.unwrap_or(match decision.allowed {
                true => self.ttl,
                false => self.negative_ttl,
            }),
            Outcome::Undefined(_) => self.negative_ttl,
            Outcome::Malformed(..) => Duration::ZERO,
        };
        let entry = Entry {
            outcome: outcome.clone(),
            made: now,
            ttl,
        };
        let size = size(&key, &entry);
        if ttl.is_zero() || size > MAX_BYTES {
            // What is remembered is older than this outcome, and no longer true.
            if let Some((key, entry)) = self.entries.pop_entry(&key) {
                self.forget(&key, &entry);
            }
            return;
        }
        self.bytes = self.bytes.saturating_add(size);
        if let Some((key, entry)) = self.entries.push(key, entry) {
            self.forget(&key, &entry);
        }
        while self.bytes > MAX_BYTES
            && let Some((key, entry)) = self.entries.pop_lru()
        {
            self.forget(&key, &entry);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    fn forget(&mut self, key: &[u8], entry: &Entry) {
        self.bytes = self.bytes.saturating_sub(size(key, entry));
    }
}

fn size(key: &[u8], entry: &Entry) -> usize {
    const OVERHEAD: usize = 128;
    let decision = match &entry.outcome {
        Outcome::Decided(decision) => decision.size(),
        _ => 0,
    };
    let id = entry.outcome.id().map_or(0, str::len);
    key.len()
        .saturating_add(decision)
        .saturating_add(id)
        .saturating_add(OVERHEAD)
}

#[cfg(test)]
mod tests;
