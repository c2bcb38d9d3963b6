//! `regex.*`: the `regex` crate, with patterns as in OPA.
//!
//! A pattern that cannot be used is an error of the evaluation, not undefined: what is undefined a
//! policy may take for "does not match".

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, Result, bail};
use lru::LruCache;
use regex::{Regex, RegexBuilder};
use regorus::Value;

use super::{memory, pattern::translated};

/// A function, by name and number of arguments.
type Function = (&'static str, u8, fn(&Patterns, &[Value]) -> Result<Value>);

/// All of them.
pub(super) const TABLE: [Function; 6] = [
    ("regex.match", 2, |patterns, arguments| {
        let [pattern, text] = texts(arguments)?;
        Ok(patterns.get(pattern, text)?.is_match(text).into())
    }),
    ("regex.is_valid", 1, |patterns, arguments| {
        // What is no text is no pattern.
        let is_valid = texts(arguments).is_ok_and(|[pattern]| patterns.get(pattern, "").is_ok());
        Ok(is_valid.into())
    }),
    ("regex.replace", 3, |patterns, arguments| {
        let [text, pattern, value] = texts(arguments)?;
        let replaced = patterns.get(pattern, text)?.replace_all(text, value);
        Ok(replaced.into_owned().into())
    }),
    ("regex.split", 2, |patterns, arguments| {
        let [pattern, text] = texts(arguments)?;
        Ok(array(split(&*patterns.get(pattern, text)?, text)))
    }),
    ("regex.find_n", 3, |patterns, arguments| {
        let (limit, [pattern, text]) = limited(arguments)?;
        let pattern = patterns.get(pattern, text)?;
        let found = pattern.find_iter(text).take(limit);
        Ok(array(found.map(|found| found.as_str())))
    }),
    (
        "regex.find_all_string_submatch_n",
        3,
        |patterns, arguments| {
            let (limit, [pattern, text]) = limited(arguments)?;
            let pattern = patterns.get(pattern, text)?;
            let found = pattern.captures_iter(text).take(limit);
            let groups = found.map(|found| {
                array(
                    found
                        .iter()
                        .map(|group| group.map_or("", |group| group.as_str())),
                )
            });
            Ok(Value::from(groups.collect::<Vec<_>>()))
        },
    ),
];

/// Patterns that were used not long ago, ready to be matched. regorus wants functions that threads
/// could share.
pub(super) struct Patterns(Mutex<LruCache<String, Arc<Regex>>>);

/// A policy has fewer, unless it makes them up of its input.
const MAX_PATTERNS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Of one compiled pattern, in bytes.
const MAX_SIZE: usize = 1024 * 1024;

/// The bytes of a pattern times those of a text, which is what matching may take at worst: nothing ends
/// it once it has begun.
const MAX_WORK: usize = 64 * 1024 * 1024;

fn is_bearable(pattern: &str, text: &str) -> Result<()> {
    if pattern.len().saturating_mul(text.len()) > MAX_WORK {
        memory::refuse();
        bail!("the pattern and the text are too long for each other");
    }
    Ok(())
}

impl Patterns {
    pub(super) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MAX_PATTERNS)))
    }

    /// For a pattern of OPA, to be matched with `text`.
    fn get(&self, pattern: &str, text: &str) -> Result<Arc<Regex>> {
        is_bearable(pattern, text)?;
        self.known_or(pattern, || Ok(translated(pattern)?))
    }

    /// For a pattern of the `regex` crate. It and [`Self::get`] are never asked for by one owner:
    /// patterns are known by their text.
    pub(super) fn compiled(&self, pattern: &str, text: &str) -> Result<Arc<Regex>> {
        is_bearable(pattern, text)?;
        self.known_or(pattern, || Ok(pattern.to_owned()))
    }

    fn known_or(
        &self,
        pattern: &str,
        translated: impl FnOnce() -> Result<String>,
    ) -> Result<Arc<Regex>> {
        if let Some(known) = self.known().get(pattern) {
            return Ok(known.clone());
        }
        let compiled = RegexBuilder::new(&translated()?)
            .size_limit(MAX_SIZE)
            .build()
            .with_context(|| format!("`{pattern}` is no regular expression here"))?;
        let compiled = Arc::new(compiled);
        self.known().put(pattern.to_owned(), compiled.clone());
        Ok(compiled)
    }

    fn known(&self) -> MutexGuard<'_, LruCache<String, Arc<Regex>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn texts<const N: usize>(arguments: &[Value]) -> Result<[&str; N]> {
    let texts: Option<Vec<&str>> = arguments
        .iter()
        .map(|argument| match argument {
            Value::String(text) => Some(&**text),
            _ => None,
        })
        .collect();
    texts
        .and_then(|texts| texts.try_into().ok())
        .context("expected strings")
}

/// The first two arguments, and how many matches the third one wants; a negative number wants all.
fn limited(arguments: &[Value]) -> Result<(usize, [&str; 2])> {
    let (limit, rest) = arguments.split_last().context("expected a number")?;
    let limit = limit.as_i64().context("expected a number")?;
    Ok((usize::try_from(limit).unwrap_or(usize::MAX), texts(rest)?))
}

/// As Go's `Regexp.Split`, which leaves out some of the empty pieces that others give.
fn split<'a>(pattern: &Regex, text: &'a str) -> Vec<&'a str> {
    if text.is_empty() {
        return vec![""];
    }
    let piece = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let mut pieces = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in pattern.find_iter(text) {
        end = found.start();
        if found.end() != 0 {
            pieces.push(piece(begin, end));
        }
        begin = found.end();
    }
    if end != text.len() {
        pieces.push(piece(begin, text.len()));
    }
    pieces
}

fn array<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    let values: Vec<_> = texts.into_iter().map(Value::from).collect();
    Value::from(values)
}
