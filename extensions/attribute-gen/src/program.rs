//! Attributes, ready to be generated.
//!
//! A match whose condition is the guest's own costs no host call. Of those that are not, the ones in
//! a row become one expression, whose value is the number of the match: see the module `fold`.

mod compile;
mod fold;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::{
    attribute::{Attribute, Observation, Source, Value},
    condition::{Condition, Truth},
    config::{OnError, Phase},
};

pub use compile::{Refusal, compile};
use fold::Folded;

/// Where expressions are parsed and evaluated.
pub trait Host: Source {
    /// An expression that was parsed.
    type Expression;

    /// Parses an expression.
    ///
    /// # Errors
    /// The host's reason.
    fn parse(&self, source: &str) -> Result<Self::Expression, Refusal>;

    /// The bytes of an expression's value; `None` where it has none.
    fn evaluate(&self, expression: &Self::Expression) -> Option<Vec<u8>>;
}

/// An attribute, ready to be generated.
#[derive(Debug)]
pub struct Program<E> {
    /// Its name.
    pub name: String,
    /// When.
    pub phase: Phase,
    on_error: OnError,
    steps: Vec<Step<E>>,
}

/// A condition, or several that the host evaluates at once.
#[derive(Debug)]
enum Step<E> {
    /// A condition of the guest's own; `instead` is the same as the host's.
    Guest {
        index: usize,
        condition: Condition,
        instead: Option<E>,
        give: Give<E>,
    },
    /// Conditions of the host.
    Host {
        folded: Option<Folded<E>>,
        matches: Vec<HostMatch<E>>,
    },
}

/// A condition that the host evaluates.
#[derive(Debug)]
struct HostMatch<E> {
    index: usize,
    condition: E,
    give: Give<E>,
}

/// What a match gives.
#[derive(Debug)]
enum Give<E> {
    Constant(Vec<u8>),
    /// An attribute's text, or the host's view of it.
    Attribute(Attribute, Option<E>),
    Expression(E),
}

/// What became of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome<'p> {
    /// The match that fired, and its value.
    pub matched: Option<(usize, Cow<'p, [u8]>)>,
    /// The matches that could not be evaluated.
    pub errors: Vec<usize>,
}

/// The walk through the matches is over.
struct Done;

impl<E> Program<E> {
    /// Finds the first match that holds.
    pub fn run<H: Host<Expression = E>>(&self, seen: &Observation<'_, H>) -> Outcome<'_> {
        let mut run = Run {
            seen,
            on_error: self.on_error,
            outcome: Outcome::default(),
        };
        for step in &self.steps {
            if run.step(step).is_err() {
                break;
            }
        }
        run.outcome
    }
}

struct Run<'r, 's, 'p, H> {
    seen: &'r Observation<'s, H>,
    on_error: OnError,
    outcome: Outcome<'p>,
}

impl<'p, H: Host> Run<'_, '_, 'p, H> {
    fn step(&mut self, step: &'p Step<H::Expression>) -> Result<(), Done> {
        match step {
            Step::Guest {
                index,
                condition,
                instead,
                give,
            } => {
                let truth = match condition.holds(self.seen) {
                    Truth::Unknown => self.ask(instead.as_ref()),
                    truth => truth,
                };
                self.decide(*index, truth, give)
            }
            Step::Host { folded, matches } => {
                // One call for all of them. Which one failed, if one did, only each of them tells.
                match folded
                    .as_ref()
                    .map(|folded| folded.evaluate(self.seen.source))
                {
                    Some(fold::Answer::None) => Ok(()),
                    Some(fold::Answer::First(at)) => {
                        let mut rest = matches.iter().skip(at);
                        if let Some(first) = rest.next() {
                            self.decide(first.index, Truth::True, &first.give)?;
                        }
                        self.one_by_one(rest)
                    }
                    Some(fold::Answer::Error) | None => self.one_by_one(matches.iter()),
                }
            }
        }
    }

    fn one_by_one(
        &mut self,
        matches: impl Iterator<Item = &'p HostMatch<H::Expression>>,
    ) -> Result<(), Done>
    where
        H::Expression: 'p,
    {
        for host_match in matches {
            let truth = self.ask(Some(&host_match.condition));
            self.decide(host_match.index, truth, &host_match.give)?;
        }
        Ok(())
    }

    /// What the host says to a condition. Any value but a bool is an error.
    fn ask(&self, condition: Option<&H::Expression>) -> Truth {
        let value = condition.and_then(|condition| self.seen.source.evaluate(condition));
        match value.as_deref() {
            Some([0]) => Truth::False,
            Some([1]) => Truth::True,
            _ => Truth::Error,
        }
    }

    /// Goes on to the next match, or not.
    fn decide(
        &mut self,
        index: usize,
        truth: Truth,
        give: &'p Give<H::Expression>,
    ) -> Result<(), Done> {
        let value = match truth {
            Truth::False => return Ok(()),
            Truth::True => self.value(give),
            Truth::Error | Truth::Unknown => None,
        };
        if let Some(value) = value {
            self.outcome.matched = Some((index, value));
            return Err(Done);
        }
        self.outcome.errors.push(index);
        match self.on_error {
            OnError::Continue => Ok(()),
            OnError::Abandon => Err(Done),
        }
    }

    fn value(&self, give: &'p Give<H::Expression>) -> Option<Cow<'p, [u8]>> {
        let value = match give {
            Give::Constant(value) => return Some(Cow::Borrowed(value)),
            Give::Expression(expression) => self.seen.source.evaluate(expression)?,
            Give::Attribute(attribute, instead) => match self.seen.value(attribute) {
                Value::Text(text) => text.into_owned().into_bytes(),
                Value::Number(number) => number.to_string().into_bytes(),
                Value::Missing => return None,
                Value::NotText => self.seen.source.evaluate(instead.as_ref()?)?,
            },
        };
        Some(Cow::Owned(value))
    }
}
