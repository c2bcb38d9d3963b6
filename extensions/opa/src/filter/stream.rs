//! What is known of a stream outside of its own callbacks.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::decision::Decision;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its headers are held back until its body is here.
    AwaitsBody,
    /// It is held back until somebody has decided.
    AwaitsDecision,
    /// It may go on.
    Passed,
    /// It was answered here.
    Refused,
}

/// A stream, shared by its own context and whoever decides for it.
pub(super) struct Stream {
    pub(super) id: u32,
    phase: Cell<Phase>,
    /// Whether some of its body has come.
    has_body: Cell<bool>,
    /// The decision by which it passed, if that has something to say about the response.
    decision: RefCell<Option<Rc<Decision>>>,
}

impl Stream {
    pub(super) fn new(id: u32) -> Self {
        Self {
            id,
            phase: Cell::new(Phase::AwaitsDecision),
            has_body: Cell::new(false),
            decision: RefCell::new(None),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.set(phase);
    }

    pub(super) fn note_body(&self) {
        self.has_body.set(true);
    }

    /// Whether it waits for a body of which nothing has come.
    pub(super) fn awaits_any_body(&self) -> bool {
        self.phase() == Phase::AwaitsBody && !self.has_body.get()
    }

    pub(super) fn keep_decision(&self, decision: &Rc<Decision>) {
        self.decision.replace(Some(decision.clone()));
    }

    pub(super) fn take_decision(&self) -> Option<Rc<Decision>> {
        self.decision.take()
    }
}
