//! Asks the host about a stream.
//!
//! At its end one expression gives nearly all of it in a list. That costs as much as two calls that
//! return a property, and a quarter of one more for each name in it: to ask whether something is there
//! costs as much as to ask for it, and as much as a call that finds nothing. So what the last streams had
//! in common is taken for granted: a list whose element is not there is an error, never a wrong answer,
//! and the host is then asked by the list that takes nothing for granted.
//!
//! Where the host knows no expressions, and while a stream is open, each is a call of its own.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use extension_common::expression::Expression;

use super::{
    ask::{Basics, Field, get_number},
    facts::{Facts, Habits},
};
use crate::observation::Reporter;

/// What a stream most likely is: what the last ones were.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Guess {
    reporter: Reporter,
    facts: Facts,
}

impl Guess {
    /// Right whatever the stream is, if the reporter is right.
    fn any(reporter: Reporter) -> Self {
        Self {
            reporter,
            facts: Facts::NONE,
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
    fn new(fields: Vec<Field>, known: Facts) -> Option<Self> {
        let elements = fields.iter().map(|field| field.expression(known));
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
    /// Made when they are needed first: few of the combinations ever are.
    questions: RefCell<Vec<(Guess, Option<Rc<Questions>>)>>,
    last_reporter: Cell<Reporter>,
    habits: Cell<Habits>,
}

impl Reader {
    /// For the reporter that is `decided`, or for those that a listener can make one.
    pub(super) fn new(decided: Option<Reporter>, host_fallback: Option<bool>) -> Self {
        let reader = Self {
            decided,
            host_fallback,
            questions: RefCell::default(),
            last_reporter: Cell::new(decided.unwrap_or_default()),
            habits: Cell::default(),
        };
        let reporters = match decided {
            Some(reporter) => vec![reporter],
            None => vec![Reporter::Source, Reporter::Destination],
        };
        for reporter in reporters {
            reader.questions(Guess::any(reporter));
        }
        reader
    }

    /// What to ask where this is the guess; `None` where the host knows no expressions.
    fn questions(&self, guess: Guess) -> Option<Rc<Questions>> {
        let mut questions = self.questions.try_borrow_mut().ok()?;
        let found = questions.iter().find(|(known, _)| *known == guess);
        if let Some((_, found)) = found {
            return found.clone();
        }
        let matters = |field: &Field| match field {
            Field::Direction => self.decided.is_none(),
            Field::Host => guess.facts.include(Facts::HOST),
            Field::Connection => guess.reporter != Reporter::Source,
            Field::Certificates => guess.reporter != Reporter::Destination,
            Field::Workload => guess.facts.include(Facts::WORKLOAD),
            _ => true,
        };
        let fields = Field::ALL.into_iter().filter(matters).collect();
        let new = Questions::new(fields, guess.facts).map(Rc::new);
        questions.push((guess, new.clone()));
        new
    }

    /// Whether the `Host` header may say which service a request was meant for.
    pub(super) fn may_use_host(&self, reporter: Reporter) -> bool {
        let by_default = reporter == Reporter::Source;
        self.host_fallback.unwrap_or(by_default)
    }

    /// A stream that is over, and who reports it.
    pub(super) fn read_end(&self) -> (Reporter, Basics) {
        let reporter = self.last_reporter.get();
        let facts = self.habits.get().assumed();
        self.ask(Guess { reporter, facts })
            .or_else(|| self.ask(Guess::any(reporter)))
            .unwrap_or_else(|| self.read_midway())
    }

    /// Learns what a stream was.
    pub(super) fn learn(&self, reporter: Reporter, facts: Facts) {
        self.last_reporter.set(reporter);
        self.habits.set(self.habits.get().after(facts));
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
        let basics = self.questions(guess)?.ask()?;
        let reporter = self
            .decided
            .unwrap_or_else(|| reporter_at(basics.direction));
        if reporter == guess.reporter {
            return Some((reporter, basics));
        }
        // Two listeners share this plugin.
        let basics = self.questions(Guess { reporter, ..guess })?.ask()?;
        Some((reporter, basics))
    }
}

/// Who reports at a listener of this direction: 1 is inbound.
fn reporter_at(direction: i64) -> Reporter {
    match direction {
        1 => Reporter::Destination,
        _ => Reporter::Source,
    }
}
