#![allow(clippy::arithmetic_side_effects, reason = "a test")]

use std::rc::Rc;

use super::*;
use crate::decision::Decision;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn cache(max_entries: usize) -> DecisionCache {
    DecisionCache::new(&config::Cache {
        ttl: Duration::from_secs(10),
        negative_ttl: Duration::from_secs(2),
        max_entries,
    })
}

fn bare(allowed: bool) -> Outcome {
    Outcome::Decided(Rc::new(Decision::bare(allowed)))
}

fn good_for(seconds: u64) -> Outcome {
    Outcome::Decided(Rc::new(Decision {
        cache_ttl: Some(Duration::from_secs(seconds)),
        ..Decision::bare(true)
    }))
}

#[test]
fn an_outcome_is_good_for_its_own_time() {
    for (outcome, seconds) in [
        (bare(true), 10),
        (bare(false), 2),
        (Outcome::Undefined(None), 2),
        (good_for(60), 60),
    ] {
        let mut cache = cache(10);
        cache.insert(b"k".to_vec(), &outcome, at(0));
        assert_eq!(cache.get(b"k", at(seconds - 1)), Some(outcome));
        assert_eq!(cache.get(b"k", at(seconds)), None);
        // It was dropped, and a clock that goes back does not revive it.
        assert_eq!(cache.get(b"k", at(0)), None);
    }
}

#[test]
fn a_clock_that_goes_back_makes_an_entry_useless() {
    let mut cache = cache(10);
    cache.insert(b"k".to_vec(), &bare(true), at(100));
    assert_eq!(cache.get(b"k", at(99)), None);
}

#[test]
fn a_newer_outcome_replaces_an_older_one_with_its_time() {
    let mut cache = cache(10);
    cache.insert(b"k".to_vec(), &bare(true), at(0));
    cache.insert(b"k".to_vec(), &bare(false), at(5));
    assert_eq!(cache.get(b"k", at(6)), Some(bare(false)));
    assert_eq!(cache.get(b"k", at(7)), None);
    // One that must not be remembered takes the older one's place all the same.
    cache.insert(b"k".to_vec(), &bare(true), at(7));
    cache.insert(b"k".to_vec(), &good_for(0), at(8));
    assert_eq!(cache.get(b"k", at(8)), None);
}

#[test]
fn what_is_no_decision_is_not_remembered() {
    let mut cache = cache(10);
    let malformed = Decision::from_value(serde_json::json!("true")).unwrap_err();
    cache.insert(b"k".to_vec(), &Outcome::Malformed(malformed, None), at(0));
    assert_eq!(cache.get(b"k", at(0)), None);
}

#[test]
fn the_least_recently_used_entry_goes_first() {
    let mut cache = cache(2);
    for key in [b"a", b"b"] {
        cache.insert(key.to_vec(), &bare(true), at(0));
    }
    cache.get(b"a", at(0));
    cache.insert(b"c".to_vec(), &bare(true), at(0));
    assert_eq!(cache.get(b"b", at(0)), None);
    assert!(cache.get(b"a", at(0)).is_some() && cache.get(b"c", at(0)).is_some());
}

#[test]
fn memory_is_bounded_however_long_the_keys_are() {
    let mut cache = cache(100_000);
    for number in 0..20_u32 {
        let mut key = vec![0; MAX_BYTES / 10];
        key[..4].copy_from_slice(&number.to_le_bytes());
        cache.insert(key, &bare(true), at(0));
        assert!(cache.bytes <= MAX_BYTES);
    }
    assert_eq!(cache.entries.len(), 9);
    cache.insert(vec![1; MAX_BYTES + 1], &bare(true), at(0));
    assert_eq!(cache.entries.len(), 9);
    cache.clear();
    assert_eq!((cache.entries.len(), cache.bytes), (0, 0));
}
