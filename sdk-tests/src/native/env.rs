//! The process's environment, lent to one scenario at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

static LENT: Mutex<()> = Mutex::new(());

/// Variables that a scenario has set. They go when this does.
pub(super) struct Env {
    names: Vec<String>,
    _lent: MutexGuard<'static, ()>,
}

impl Env {
    /// Waits until no other scenario has variables set.
    pub(super) fn borrow() -> Self {
        Self {
            names: Vec::new(),
            _lent: LENT.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        // SAFETY: only one scenario at a time writes, and plugins read through `std::env`, whose
        // own lock keeps readers and this writer apart.
        unsafe { std::env::set_var(name, value) };
        self.names.push(name.to_owned());
    }
}

impl Drop for Env {
    fn drop(&mut self) {
        for name in &self.names {
            // SAFETY: as above; the lock is still held.
            unsafe { std::env::remove_var(name) };
        }
    }
}
