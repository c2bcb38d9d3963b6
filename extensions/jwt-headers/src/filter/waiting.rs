//! Requests that wait for keys.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::remote::Moment;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is decided, or keys are missing for it.
    Deciding,
    /// It goes on.
    Passed,
    /// It was answered here.
    Refused,
}

/// A request that waits.
pub(super) struct Waiting {
    pub(super) context_id: u32,
    pub(super) phase: Rc<Cell<Phase>>,
    /// Until then, and no longer.
    pub(super) until: Moment,
}

/// All of them, in the order in which they came.
#[derive(Default)]
pub(super) struct WaitingRequests(RefCell<Vec<Waiting>>);

impl WaitingRequests {
    pub(super) fn add(&self, waiting: Waiting) {
        if let Ok(mut all) = self.0.try_borrow_mut() {
            all.push(waiting);
        }
    }

    /// Its client has gone.
    pub(super) fn remove(&self, context_id: u32) {
        if let Ok(mut all) = self.0.try_borrow_mut() {
            all.retain(|waiting| waiting.context_id != context_id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.try_borrow().is_ok_and(|all| all.is_empty())
    }

    /// Takes those that `is_due` says.
    pub(super) fn take(&self, mut is_due: impl FnMut(&Waiting) -> bool) -> Vec<Waiting> {
        match self.0.try_borrow_mut() {
            Ok(mut all) => all.extract_if(.., |waiting| is_due(waiting)).collect(),
            Err(_) => Vec::new(),
        }
    }
}
