//! Generated paths and headers: a short corpus by default, a long one with `cargo xtask test --full`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

use extension_common::{
    headers::{self, HeaderView},
    host,
    path::{EscapedSeparators, Readings},
};
use fastrand::Rng;
use sdk_tests as _;

/// How many cases; `TEST_CORPUS` says otherwise.
fn cases() -> u64 {
    std::env::var("TEST_CORPUS").map_or(2_000, |cases| cases.parse().unwrap())
}

/// Runs `case` with a generator of its own each, so that a failure's number reproduces it.
fn for_each_case(case: impl Fn(u64, &mut Rng)) {
    for seed in 0..cases() {
        case(seed, &mut Rng::with_seed(seed));
    }
}

/// Disguises `path` as an attacker would: in some order, so that one server or other undoes it.
fn disguise(rng: &mut Rng, path: &str) -> String {
    let mut path = path.to_owned();
    let mut encodings = 0;
    for _ in 0..rng.usize(1..5) {
        let slash = path
            .match_indices('/')
            .map(|(at, _)| at)
            .collect::<Vec<_>>();
        let at = slash[rng.usize(..slash.len())];
        match rng.u8(..6) {
            0 => path.insert(at, '/'),
            1 => path.insert_str(at, "/."),
            2 => path.insert_str(at, "/x/.."),
            3 => path.push_str(";a=b"),
            4 => path.insert_str(at, "/;a"),
            _ if encodings < 2 => {
                path = encode_some(rng, &path);
                encodings += 1;
            }
            _ => {}
        }
    }
    path
}

/// Percent-encodes some characters, never a slash (those are refused, encoded once).
fn encode_some(rng: &mut Rng, path: &str) -> String {
    path.chars()
        .map(|c| {
            if c != '/' && rng.u8(..4) == 0 {
                format!("%{:02x}", u32::from(c))
            } else {
                c.to_string()
            }
        })
        .collect()
}

#[test]
fn no_disguise_hides_a_path() {
    for_each_case(|seed, rng| {
        let path = disguise(rng, "/a/secret");
        // Refused is as good as found: the request gets 400.
        if let Ok(readings) = Readings::of(path.as_bytes(), EscapedSeparators::Reject) {
            let found = readings.iter().any(|reading| {
                let end = reading.iter().rposition(|&byte| byte != b'/').unwrap_or(0);
                &reading[..=end] == b"/a/secret"
            });
            assert!(found, "case {seed}: {path}");
        }
    });
}

#[test]
fn few_disguises_are_refused() {
    let refused = std::cell::Cell::new(0_u64);
    for_each_case(|_, rng| {
        let path = disguise(rng, "/a/secret");
        if Readings::of(path.as_bytes(), EscapedSeparators::Reject).is_err() {
            refused.set(refused.get() + 1);
        }
    });
    // Otherwise the test above would say little.
    assert!(
        refused.get() * 4 < cases(),
        "{} of {}",
        refused.get(),
        cases()
    );
}

/// Bytes that mean something in paths and hosts more often than chance would have it.
fn noise(rng: &mut Rng) -> Vec<u8> {
    const TELLING: &[u8] = b"//..;;%%\\?#:[]@ 0123456789abcdefABCDEF%2f%5c%2e%00%25";
    let length = rng.usize(..60);
    std::iter::repeat_with(|| match rng.u8(..4) {
        0 => rng.u8(..),
        _ => TELLING[rng.usize(..TELLING.len())],
    })
    .take(length)
    .collect()
}

#[test]
fn no_path_and_no_host_makes_a_panic() {
    for_each_case(|_, rng| {
        let mut path = noise(rng);
        if rng.bool() {
            path.insert(0, b'/');
        }
        for separators in [EscapedSeparators::Reject, EscapedSeparators::Match] {
            if let Ok(readings) = Readings::of(&path, separators) {
                assert!(readings.iter().all(|reading| reading.starts_with(b"/")));
            }
        }
        let host = host::normalize(&path).into_owned();
        assert!(!host.iter().any(u8::is_ascii_uppercase));
    });
}

#[test]
fn a_broken_header_map_is_refused_or_read_and_never_a_panic() {
    for_each_case(|seed, rng| {
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = (0..rng.usize(..5))
            .map(|_| (noise(rng), noise(rng)))
            .collect();
        let mut raw = headers::serialize(pairs.iter().map(|(k, v)| (k.as_slice(), v.as_slice())));
        let view = HeaderView::parse(raw.clone()).unwrap();
        let read: Vec<_> = view.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        assert_eq!(read, pairs, "case {seed}");

        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..raw.len());
            raw[at] = rng.u8(..);
        }
        raw.truncate(rng.usize(..=raw.len()));
        if let Some(view) = HeaderView::parse(raw) {
            view.iter().for_each(drop);
        }
    });
}
