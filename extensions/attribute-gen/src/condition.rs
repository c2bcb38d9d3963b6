//! Conditions that need no host: comparisons of paths, methods, headers and the status.
//!
//! They mean what they mean in Envoy's language for expressions (CEL), errors included: see
//! [`Truth`]. A condition that has anything else in it is the host's as a whole.

mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use crate::{
    attribute::{Attribute, Observation, Source, Value},
    config::Phase,
    pattern::Pattern,
};

/// A condition of the guest's own.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `true`, `false`, or no condition at all.
    Always(bool),
    /// `!a`.
    Not(Box<Self>),
    /// `a && b && c`.
    And(Vec<Self>),
    /// `a || b || c`.
    Or(Vec<Self>),
    /// One attribute, and what is asked of it.
    Test(Attribute, Question),
}

/// What a condition asks of an attribute.
#[derive(Clone, Debug)]
pub enum Question {
    /// `a == 'x'`, `a < 500`.
    Compare(Comparison, Literal),
    /// `a in ['x', 'y']`.
    OneOf(Vec<Literal>),
    /// `a.startsWith('x')`.
    StartsWith(String),
    /// `a.endsWith('x')`.
    EndsWith(String),
    /// `a.contains('x')`.
    Contains(String),
    /// `a.matches('x')`.
    Matches(Pattern),
    /// `has(a)`, `'x' in request.headers`.
    Exists,
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value that is written in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// A number.
    Number(i64),
}

/// What a condition is for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It speaks of something that is not there.
    Error,
    /// Only the host can say.
    Unknown,
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

impl Condition {
    /// Reads a condition for `phase`; `None` where it is the host's.
    pub fn parse(source: &str, phase: Phase) -> Option<Self> {
        parse::condition(source, phase)
    }

    /// The regular expressions that an expression has for `matches`, as they are written: Envoy finds
    /// a mistake in them only when it evaluates it.
    pub fn patterns(source: &str) -> Vec<String> {
        parse::patterns(source)
    }

    /// Reads an expression that is nothing but an attribute.
    pub fn parse_attribute(source: &str, phase: Phase) -> Option<Attribute> {
        parse::attribute(source, phase)
    }

    /// Whether it holds.
    ///
    /// `&&` and `||` ask one side after the other until one decides, and an error counts only where
    /// none does: `a || b` is true where `b` is, although `a` is an error.
    pub fn holds<S: Source>(&self, seen: &Observation<'_, S>) -> Truth {
        match self {
            Self::Always(truth) => (*truth).into(),
            Self::Not(inner) => match inner.holds(seen) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                other => other,
            },
            Self::And(sides) => join(Truth::False, sides, seen),
            Self::Or(sides) => join(Truth::True, sides, seen),
            Self::Test(attribute, question) => question.ask(&seen.value(attribute)),
        }
    }
}

/// The sides of an operator that `decisive` decides, whichever side has it.
fn join<S: Source>(decisive: Truth, sides: &[Condition], seen: &Observation<'_, S>) -> Truth {
    let mut joined = if decisive == Truth::True {
        Truth::False
    } else {
        Truth::True
    };
    for side in sides {
        match side.holds(seen) {
            truth if truth == decisive => return decisive,
            // What the host would say may yet decide.
            Truth::Unknown => joined = Truth::Unknown,
            Truth::Error if joined != Truth::Unknown => joined = Truth::Error,
            _ => {}
        }
    }
    joined
}

impl Question {
    fn ask(&self, value: &Value<'_>) -> Truth {
        let value = match value {
            Value::NotText if !matches!(self, Self::Exists) => return Truth::Unknown,
            Value::Missing if matches!(self, Self::Exists) => return Truth::False,
            Value::Missing => return Truth::Error,
            value => value,
        };
        let text = |test: &dyn Fn(&str) -> bool| match value {
            Value::Text(text) => test(text).into(),
            _ => Truth::Error,
        };
        match self {
            Self::Exists => Truth::True,
            Self::Compare(comparison, literal) => comparison.compare(value, literal),
            Self::OneOf(literals) => literals
                .iter()
                .any(|literal| is_equal(value, literal))
                .into(),
            Self::StartsWith(part) => text(&|text| text.starts_with(part.as_str())),
            Self::EndsWith(part) => text(&|text| text.ends_with(part.as_str())),
            Self::Contains(part) => text(&|text| text.contains(part.as_str())),
            Self::Matches(pattern) => match value {
                Value::Text(text) => pattern.matches(text).map_or(Truth::Unknown, Truth::from),
                _ => Truth::Error,
            },
        }
    }
}

/// Values of two kinds are not equal.
fn is_equal(value: &Value<'_>, literal: &Literal) -> bool {
    match (value, literal) {
        (Value::Text(value), Literal::Text(literal)) => value == literal,
        (Value::Number(value), Literal::Number(literal)) => value == literal,
        _ => false,
    }
}

/// `None` between a text and a number.
fn order(value: &Value<'_>, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Text(value), Literal::Text(literal)) => {
            Some(value.as_bytes().cmp(literal.as_bytes()))
        }
        (Value::Number(value), Literal::Number(literal)) => Some(value.cmp(literal)),
        _ => None,
    }
}

impl Comparison {
    fn compare(self, value: &Value<'_>, literal: &Literal) -> Truth {
        let holds = match self {
            Self::Equal => return is_equal(value, literal).into(),
            Self::NotEqual => return (!is_equal(value, literal)).into(),
            Self::Less => Ordering::is_lt,
            Self::LessOrEqual => Ordering::is_le,
            Self::Greater => Ordering::is_gt,
            Self::GreaterOrEqual => Ordering::is_ge,
        };
        order(value, literal).map_or(Truth::Error, |order| holds(order).into())
    }

    /// The operator with its sides exchanged.
    fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}
