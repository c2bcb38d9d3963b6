//! A cache whose memory is bounded, for keys that strangers choose.

use std::num::NonZeroUsize;

use lru::LruCache;

/// What an entry takes beside its key and what its owner says of its value.
const OVERHEAD: usize = 96;

/// The entries that were used last, bounded in number and in bytes.
///
/// Keys are compared whole: two that have the same hash stay apart.
#[derive(Debug)]
pub struct ByteCache<V> {
    entries: Option<LruCache<Box<[u8]>, Entry<V>>>,
    max_bytes: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
}

impl<V> ByteCache<V> {
    /// A cache of at most `max_entries` (none: no cache) that take at most `max_bytes` together.
    pub fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            // Grows with its entries: a capacity given in advance would be allocated at once.
            entries: NonZeroUsize::new(max_entries).map(|capacity| {
                let mut entries = LruCache::unbounded();
                entries.resize(capacity);
                entries
            }),
            max_bytes,
            bytes: 0,
        }
    }

    /// The value for `key`, if it is there; it is then the last one to go.
    pub fn get(&mut self, key: &[u8]) -> Option<&V> {
        let entry = self.entries.as_mut()?.get(key)?;
        Some(&entry.value)
    }

    /// Remembers `value`, which takes `value_bytes`, for `key`; nothing that is larger than the
    /// whole cache.
    pub fn insert(&mut self, key: &[u8], value: V, value_bytes: usize) {
        let Some(entries) = &mut self.entries else {
            return;
        };
        let bytes = key
            .len()
            .saturating_add(value_bytes)
            .saturating_add(OVERHEAD);
        if bytes > self.max_bytes {
            return;
        }
        let entry = Entry { value, bytes };
        self.bytes = self.bytes.saturating_add(bytes);
        // What `push` gives back is an older value of the key, or the entry that had to go.
        if let Some((_, gone)) = entries.push(key.into(), entry) {
            self.bytes = self.bytes.saturating_sub(gone.bytes);
        }
        while self.bytes > self.max_bytes
            && let Some((_, gone)) = entries.pop_lru()
        {
            self.bytes = self.bytes.saturating_sub(gone.bytes);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if let Some(entries) = &mut self.entries {
            entries.clear();
        }
        self.bytes = 0;
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, LruCache::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the entries take together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn the_entries_used_last_stay() {
        let mut cache = ByteCache::new(2, 1 << 20);
        cache.insert(b"a", 1, 0);
        cache.insert(b"b", 2, 0);
        assert_eq!(cache.get(b"a"), Some(&1));
        cache.insert(b"c", 3, 0);
        assert_eq!(cache.get(b"b"), None);
        assert_eq!(cache.get(b"a"), Some(&1));
        assert_eq!(cache.len(), 2);
        assert_eq!(cache.get(b"c"), Some(&3));
    }

    #[test]
    fn bytes_are_bounded_and_counted_right() {
        let mut cache = ByteCache::new(1000, 1000);
        for index in 0..10_000_u32 {
            cache.insert(&index.to_le_bytes(), index, 100);
            assert!(cache.bytes() <= 1000);
        }
        assert_eq!(cache.len(), 1000 / (4 + 100 + OVERHEAD));
        // The same key again takes its place once.
        for _ in 0..100 {
            cache.insert(b"same", 0, 100);
        }
        assert_eq!(cache.bytes(), cache.len() * (4 + 100 + OVERHEAD));
        cache.insert(b"huge", 0, 1001);
        assert_eq!(cache.get(b"huge"), None);
        cache.clear();
        assert!(cache.is_empty());
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn no_entries_is_no_cache() {
        let mut cache = ByteCache::new(0, 1000);
        cache.insert(b"a", 1, 0);
        assert_eq!(cache.get(b"a"), None);
    }
}
