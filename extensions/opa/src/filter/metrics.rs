//! What an operator sees at `/stats`.

use std::rc::Rc;

use extension_common::{
    hostcalls::HostError,
    metric::{Counter, Histogram},
};

use super::enforce::Verdict;
use crate::answer::{Failure, Outcome};

/// A counter for every outcome: each request counts in one of them.
#[derive(Clone)]
pub(super) struct Metrics {
    allowed: Counter,
    denied: Counter,
    undefined: Counter,
    malformed: Counter,
    bad_requests: Counter,
    limit_exceeded: Counter,
    no_body: Counter,
    failures: Rc<[(Failure, Counter)]>,
    shadowed: Counter,
    pub(super) cache_hits: Counter,
    pub(super) cache_misses: Counter,
    pub(super) shared_callouts: Counter,
    pub(super) callout_microseconds: Histogram,
    policy_updates: Counter,
    policy_errors: Counter,
    config_errors: Counter,
}

impl Metrics {
    pub(super) fn define() -> Result<Self, HostError> {
        let counter = |name| Counter::define(name, &[]);
        let error = |kind| Counter::define("opa_errors", &[("kind", kind)]);
        let mut failures = Vec::new();
        for failure in Failure::ALL {
            failures.push((failure, error(failure.word())?));
        }
        Ok(Self {
            allowed: counter("opa_allowed")?,
            denied: counter("opa_denied")?,
            undefined: counter("opa_undefined")?,
            malformed: counter("opa_malformed")?,
            bad_requests: counter("opa_bad_requests")?,
            limit_exceeded: error("limit")?,
            no_body: error("no_body")?,
            failures: failures.into(),
            shadowed: counter("opa_shadow_passed")?,
            cache_hits: counter("opa_cache_hits")?,
            cache_misses: counter("opa_cache_misses")?,
            shared_callouts: counter("opa_shared_callouts")?,
            callout_microseconds: Histogram::define("opa_callout_microseconds", &[])?,
            policy_updates: counter("opa_policy_updates")?,
            policy_errors: counter("opa_policy_errors")?,
            config_errors: counter("opa_config_errors")?,
        })
    }

    pub(super) fn count(&self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Outcome(Outcome::Decided(decision)) if decision.allowed => self.allowed,
            Verdict::Outcome(Outcome::Decided(_)) => self.denied,
            Verdict::Outcome(Outcome::Undefined(_)) => self.undefined,
            Verdict::Outcome(Outcome::Malformed(..)) => self.malformed,
            Verdict::BadRequest(_) => self.bad_requests,
            Verdict::LimitExceeded => self.limit_exceeded,
            Verdict::NoBody => self.no_body,
            Verdict::Failure(failure) => {
                return self.count_failure(*failure);
            }
        };
        counter.increment();
    }

    /// A failure of the server, also one that the policy here made up for.
    pub(super) fn count_failure(&self, failure: Failure) {
        let mut failures = self.failures.iter();
        if let Some((_, counter)) = failures.find(|(known, _)| *known == failure) {
            counter.increment();
        }
    }

    /// A request that passes only because decisions do not count.
    pub(super) fn shadow_passed(&self) {
        self.shadowed.increment();
    }

    /// A policy that was fetched is in force.
    pub(super) fn policy_updated(&self) {
        self.policy_updates.increment();
    }

    /// A policy could not be fetched, or was refused.
    pub(super) fn policy_error(&self) {
        self.policy_errors.increment();
    }

    pub(super) fn config_error(&self) {
        self.config_errors.increment();
    }
}
