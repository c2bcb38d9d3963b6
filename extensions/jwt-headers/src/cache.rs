//! Tokens that were verified, so that a signature is checked once and not per request.

mod recent;

use std::{num::NonZeroUsize, rc::Rc};

use extension_jwt::claims::Validity;
use lru::LruCache;
use sha2::{Digest as _, Sha256};

use crate::grant::Grant;
use recent::Recent;

/// Which token, seen by which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    token: [u8; 32],
    provider: usize,
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
    /// The SHA-256 of a token takes longer than everything else together.
    recent: Recent,
}

impl TokenCache {
    /// A cache of so many tokens; none: no cache.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: NonZeroUsize::new(capacity).map(LruCache::new),
            recent: Recent::new(capacity),
        }
    }

    /// The key of `token` for the provider with this index.
    pub fn key(&self, token: &[u8], provider: usize) -> CacheKey {
        let known = self.recent.digest(token);
        CacheKey {
            token: known.unwrap_or_else(|| Sha256::digest(token).into()),
            provider,
        }
    }

    /// `token`, which has this key and was verified, is likely to come again.
    pub fn expect(&mut self, token: &[u8], key: &CacheKey) {
        self.recent.keep(token, key.token);
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
