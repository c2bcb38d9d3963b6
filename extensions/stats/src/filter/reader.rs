//! Asks the host about a stream.
//!
//! At its end one expression gives nearly all of it in a list. That costs as much as two calls that
//! return a property, and a quarter of one more for each name in it: to ask whether something is there
//! costs as much as to ask for it, and as much as a call that finds nothing. Where the host knows no
//! expressions, and while a stream is open, each is a call of its own.

use std::cell::Cell;

use extension_common::expression::Expression;

use super::ask::{Basics, Field, get_number};
use crate::observation::Reporter;

/// What a stream most likely is: what the last one was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Guess {
    reporter: Reporter,
    /// A request with a status.
    is_answered: bool,
    /// Only its `Host` header says which service it was meant for.
    uses_host: bool,
}

impl Guess {
    /// Right whatever the stream is, if the reporter is right.
    fn any(reporter: Reporter) -> Self {
        Self {
            reporter,
            is_answered: false,
            uses_host: false,
        }
    }
}

/// An expression, and what the elements of its list are.
#[derive(Debug)]
struct Questions {
    fields: Vec<Field>,
    list: Expression,
}

impl Questions {
    /// `None` where the host knows no expressions.
    fn new(fields: Vec<Field>, is_answered: bool) -> Option<Self> {
        let elements = fields.iter().map(|field| field.expression(is_answered));
        let elements: Vec<_> = elements.collect();
        let list = Expression::create(&format!("[{}]", elements.join(", "))).ok()?;
        Some(Self { fields, list })
    }

    fn ask(&self) -> Option<Basics> {
        let list = self.list.evaluate_list()?;
        let mut elements = list.iter();
        let mut basics = Basics::default();
        for field in &self.fields {
            let (element, _) = elements.next()?;
            basics.set(*field, element)?;
        }
        Some(basics)
    }
}

/// Asks the host.
pub(super) struct Reader {
    /// Who reports, where that does not depend on the listener.
    decided: Option<Reporter>,
    host_fallback: Option<bool>,
    questions: Vec<(Guess, Questions)>,
    last: Cell<Guess>,
}

impl Reader {
    /// For the reporter that is `decided`, or for those that a listener can make one.
    pub(super) fn new(decided: Option<Reporter>, host_fallback: Option<bool>) -> Self {
        let mut reader = Self {
            decided,
            host_fallback,
            questions: Vec::new(),
            last: Cell::new(Guess::any(decided.unwrap_or_default())),
        };
        let reporters = match decided {
            Some(reporter) => vec![reporter],
            None => vec![Reporter::Source, Reporter::Destination],
        };
        for reporter in reporters {
            for (is_answered, uses_host) in [(true, false), (true, true), (false, false)] {
                reader.prepare(Guess {
                    reporter,
                    is_answered,
                    uses_host,
                });
            }
        }
        reader
    }

    fn prepare(&mut self, guess: Guess) {
        let matters = |field: &Field| match field {
            Field::Direction => self.decided.is_none(),
            Field::Host => guess.uses_host,
            Field::Connection => guess.reporter != Reporter::Source,
            Field::Certificates => guess.reporter != Reporter::Destination,
            _ => true,
        };
        if guess.uses_host && !self.may_use_host(guess.reporter) {
            return;
        }
        let fields = Field::ALL.into_iter().filter(matters).collect();
        if let Some(questions) = Questions::new(fields, guess.is_answered) {
            self.questions.push((guess, questions));
        }
    }

    /// Whether the `Host` header may say which service a request was meant for.
    pub(super) fn may_use_host(&self, reporter: Reporter) -> bool {
        let by_default = reporter == Reporter::Source;
        self.host_fallback.unwrap_or(by_default)
    }

    /// A stream that is over, and who reports it.
    pub(super) fn read_end(&self) -> (Reporter, Basics) {
        let last = self.last.get();
        self.ask(last)
            .or_else(|| self.ask(Guess::any(last.reporter)))
            .unwrap_or_else(|| self.read_midway())
    }

    /// What the next stream most likely is.
    pub(super) fn guess_next(&self, reporter: Reporter, is_answered: bool, uses_host: bool) {
        self.last.set(Guess {
            reporter,
            is_answered,
            uses_host,
        });
    }

    /// A stream that is still open, and who reports it.
    pub(super) fn read_midway(&self) -> (Reporter, Basics) {
        let reporter = self.decided.unwrap_or_else(|| {
            let direction = get_number(&["xds", "listener_direction"]);
            reporter_at(direction.unwrap_or_default())
        });
        (reporter, Basics::read_one_by_one(reporter))
    }

    /// `None` where the guess is wrong, but for the reporter.
    fn ask(&self, guess: Guess) -> Option<(Reporter, Basics)> {
        let basics = self.of(guess)?.ask()?;
        let reporter = self
            .decided
            .unwrap_or_else(|| reporter_at(basics.direction));
        if reporter == guess.reporter {
            return Some((reporter, basics));
        }
        // Two listeners share this plugin.
        let basics = self.of(Guess { reporter, ..guess })?.ask()?;
        Some((reporter, basics))
    }

    fn of(&self, guess: Guess) -> Option<&Questions> {
        let found = |guess| self.questions.iter().find(|(known, _)| *known == guess);
        let found = found(guess).or_else(|| found(Guess::any(guess.reporter)));
        found.map(|(_, questions)| questions)
    }
}

/// Who reports at a listener of this direction: 1 is inbound.
fn reporter_at(direction: i64) -> Reporter {
    match direction {
        1 => Reporter::Destination,
        _ => Reporter::Source,
    }
}
