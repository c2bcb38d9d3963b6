//! Several conditions of the host as one expression.
//!
//! `a ? 0 : (b ? 1 : -1)` asks for `b` only where `a` does not hold, as the matches themselves do, and
//! fails where a condition fails before one holds. No expression can go on behind an error and
//! tell: then each is evaluated by itself.

use super::{Host, HostMatch};

/// More at once might be too deep for the host.
const MAX_FOLDED: usize = 32;

/// The expression that tells the first condition that holds.
#[derive(Debug)]
pub(super) struct Folded<E>(E);

/// What it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This one, by its place in the row.
    First(usize),
    /// None holds.
    None,
    /// Some condition has no value, or one that is no bool.
    Error,
}

impl<E> Folded<E> {
    /// Folds conditions that the host takes one by one; `None` where it is not worth it.
    pub(super) fn new<H: Host<Expression = E>>(host: &H, conditions: &[String]) -> Option<Self> {
        if !(2..=MAX_FOLDED).contains(&conditions.len()) {
            return None;
        }
        host.parse(&source(conditions)).ok().map(Self)
    }

    pub(super) fn evaluate<H: Host<Expression = E>>(&self, host: &H) -> Answer {
        let value = host.evaluate(&self.0);
        let number = value.and_then(|bytes| bytes.try_into().ok().map(i64::from_le_bytes));
        match number {
            Some(-1) => Answer::None,
            Some(number) => usize::try_from(number).map_or(Answer::Error, Answer::First),
            None => Answer::Error,
        }
    }
}

/// Rows of at most so many.
pub(super) fn rows<E>(matches: Vec<(String, HostMatch<E>)>) -> Vec<Vec<(String, HostMatch<E>)>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    for entry in matches {
        row.push(entry);
        if row.len() == MAX_FOLDED {
            rows.push(std::mem::take(&mut row));
        }
    }
    if !row.is_empty() {
        rows.push(row);
    }
    rows
}

/// The folded expression. A condition may end in a comment: the line ends behind it.
fn source(conditions: &[String]) -> String {
    let mut source = String::new();
    for (at, condition) in conditions.iter().enumerate() {
        source.push_str(&format!("({condition}\n) ? {at} : ("));
    }
    source.push_str("-1");
    source.push_str(&")".repeat(conditions.len()));
    source
}

#[cfg(test)]
mod tests {
    #[test]
    fn conditions_become_one_expression() {
        assert_eq!(
            super::source(&["a".into(), "b // why".into()]),
            "(a\n) ? 0 : ((b // why\n) ? 1 : (-1))"
        );
    }
}
