//! A cache whose memory is bounded, for keys that strangers choose.

use std::num::NonZeroUsize;

use lru::LruCache;

/// What an entry takes beside its key and what its owner says of its value.
const OVERHEAD: usize = 96;

/// The entries that were used last, bounded in number and in bytes.
///
/// Found by a hash of the key, then compared whole: of two keys that have the same hash only the later
/// one is remembered, and neither is taken for the other.
#[derive(Debug)]
pub struct ByteCache<V> {
    entries: Option<LruCache<u64, Entry<V>>>,
    max_bytes: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    key: Box<[u8]>,
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
        let entry = self.entries.as_mut()?.get(&hash(key))?;
        are_equal(&entry.key, key).then_some(&entry.value)
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
        let entry = Entry {
            key: key.into(),
            value,
            bytes,
        };
        self.bytes = self.bytes.saturating_add(bytes);
        // What `push` gives back is an older value of the key, or the entry that had to go.
        if let Some((_, gone)) = entries.push(hash(key), entry) {
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

/// A hash for tables: eight bytes at a time, because Wasm has no faster step. Whoever makes two keys
/// with the same hash makes them forgotten, nothing else.
fn hash(key: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |hash: u64, word: u64| {
        let mixed = (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
        mixed ^ mixed.wrapping_shr(32)
    };
    let (words, rest) = key.as_chunks::<8>();
    let hash = words.iter().fold(
        u64::try_from(key.len()).unwrap_or(u64::MAX),
        |hash, word| step(hash, u64::from_le_bytes(*word)),
    );
    rest.iter()
        .fold(hash, |hash, byte| step(hash, u64::from(*byte)))
}

/// The same, for the same reason.
fn are_equal(a: &[u8], b: &[u8]) -> bool {
    let ((words_a, rest_a), (words_b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    a.len() == b.len()
        && rest_a == rest_b
        && words_a
            .iter()
            .zip(words_b)
            .all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
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
    fn keys_that_differ_in_one_bit_are_different() {
        let key: Vec<u8> = (0..100).collect();
        for length in [0, 1, 7, 8, 9, 100] {
            let key = &key[..length];
            assert!(are_equal(key, key));
            assert!(!are_equal(key, &[key, b"x"].concat()));
            for bit in 0..length * 8 {
                let mut other = key.to_vec();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(!are_equal(key, &other));
                assert_ne!(hash(key), hash(&other));
            }
        }
    }

    #[test]
    fn no_entries_is_no_cache() {
        let mut cache = ByteCache::new(0, 1000);
        cache.insert(b"a", 1, 0);
        assert_eq!(cache.get(b"a"), None);
    }
}
