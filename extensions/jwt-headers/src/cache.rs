//! Tokens that were verified, so that a signature is checked once and not per request.

use std::{num::NonZeroUsize, rc::Rc};

use extension_jwt::claims::Validity;
use lru::LruCache;
use sha2::{Digest as _, Sha256};

use crate::grant::Grant;

/// Which token, seen by which provider: a token is held as its SHA-256 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    token: [u8; 32],
    provider: usize,
}

impl CacheKey {
    /// The key of `token` for the provider with this index.
    pub fn new(token: &[u8], provider: usize) -> Self {
        Self {
            token: Sha256::digest(token).into(),
            provider,
        }
    }
}

/// A token that was verified.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Of the key set that verified it.
    pub generation: u64,
    /// When it may be used.
    pub validity: Validity,
    /// What it is good for.
    pub grant: Rc<Grant>,
}

/// The tokens that were used last.
pub struct TokenCache {
    entries: Option<LruCache<CacheKey, Verified>>,
}

impl TokenCache {
    /// A cache of so many tokens; none: no cache.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: NonZeroUsize::new(capacity).map(LruCache::new),
        }
    }

    /// A token that the key set of this generation has verified.
    pub fn get(&mut self, key: &CacheKey, generation: u64) -> Option<&Verified> {
        let entries = self.entries.as_mut()?;
        let is_current = entries
            .get(key)
            .is_some_and(|verified| verified.generation == generation);
        if !is_current {
            // A key that is gone takes its tokens along.
            entries.pop(key);
        }
        entries.peek(key)
    }

    /// Keeps a token.
    pub fn put(&mut self, key: CacheKey, verified: Verified) {
        if let Some(entries) = &mut self.entries {
            entries.put(key, verified);
        }
    }

    /// Forgets a token.
    pub fn remove(&mut self, key: &CacheKey) {
        if let Some(entries) = &mut self.entries {
            entries.pop(key);
        }
    }
}
