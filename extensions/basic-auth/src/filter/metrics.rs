//! What an operator sees at `/stats`.

use extension_common::{hostcalls::HostError, metric::Counter};

use crate::authenticator::{Decision, Denial};

/// A counter for every outcome.
#[derive(Clone)]
pub(super) struct Metrics {
    allowed: Counter,
    missing: Counter,
    malformed: Counter,
    invalid: Counter,
    not_allowed: Counter,
    unsafe_path: Counter,
    budget_exhausted: Counter,
    unavailable: Counter,
    config_errors: Counter,
}

impl Metrics {
    pub(super) fn define() -> Result<Self, HostError> {
        let counter = |name| Counter::define(name, &[]);
        let denied = |reason| Counter::define("basic_auth_denied", &[("reason", reason)]);
        Ok(Self {
            allowed: counter("basic_auth_allowed")?,
            missing: denied("missing")?,
            malformed: denied("malformed")?,
            invalid: denied("invalid")?,
            not_allowed: denied("not_allowed")?,
            unsafe_path: denied("unsafe_path")?,
            budget_exhausted: denied("budget_exhausted")?,
            unavailable: denied("unavailable")?,
            config_errors: counter("basic_auth_config_errors")?,
        })
    }

    pub(super) fn count(&self, decision: &Decision) {
        let counter = match decision {
            Decision::Unprotected => return,
            Decision::Allowed(_) => self.allowed,
            Decision::Denied(Denial::Missing) => self.missing,
            Decision::Denied(Denial::Malformed) => self.malformed,
            Decision::Denied(Denial::Invalid) => self.invalid,
            Decision::Denied(Denial::NotAllowed) => self.not_allowed,
            Decision::Refused(_) => self.unsafe_path,
            Decision::Throttled { .. } => self.budget_exhausted,
            Decision::Unavailable => self.unavailable,
        };
        counter.increment();
    }

    pub(super) fn config_error(&self) {
        self.config_errors.increment();
    }
}
