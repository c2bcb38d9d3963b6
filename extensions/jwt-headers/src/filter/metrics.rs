//! What an operator sees at `/stats`.

use extension_common::{
    hostcalls::HostError,
    metric::{Counter, Gauge},
};

use super::servers::Fetch;
use crate::{authenticator::Decision, failure::Failure, remote::Remote};

/// A counter for every outcome.
#[derive(Clone)]
pub(super) struct Metrics {
    allowed: Counter,
    anonymous: Counter,
    cache_hits: Counter,
    denied: Vec<(Failure, Counter)>,
    unsafe_path: Counter,
    no_keys: Counter,
    unavailable: Counter,
    waited: Counter,
    fetches: Vec<(Fetch, Counter)>,
    config_errors: Counter,
}

impl Metrics {
    pub(super) fn define() -> Result<Self, HostError> {
        let counter = |name| Counter::define(name, &[]);
        let denied = |reason| Counter::define("jwt_headers_denied", &[("reason", reason)]);
        let fetched = |fetch: Fetch| {
            let outcome = [("outcome", fetch.name())];
            Ok((
                fetch,
                Counter::define("jwt_headers_jwks_fetches", &outcome)?,
            ))
        };
        Ok(Self {
            allowed: counter("jwt_headers_allowed")?,
            anonymous: counter("jwt_headers_anonymous")?,
            cache_hits: counter("jwt_headers_cache_hits")?,
            denied: Failure::ALL
                .into_iter()
                .map(|failure| Ok((failure, denied(failure.name())?)))
                .collect::<Result<_, HostError>>()?,
            unsafe_path: denied("unsafe_path")?,
            no_keys: denied("no_keys")?,
            unavailable: denied("unavailable")?,
            waited: counter("jwt_headers_waited")?,
            fetches: Fetch::ALL
                .into_iter()
                .map(fetched)
                .collect::<Result<_, HostError>>()?,
            config_errors: counter("jwt_headers_config_errors")?,
        })
    }

    pub(super) fn count(&self, decision: &Decision) {
        let counter = match decision {
            Decision::Unprotected | Decision::Wait(_) => return,
            Decision::Anonymous => self.anonymous,
            Decision::Allowed(passage) => {
                if passage.is_cached {
                    self.cache_hits.increment();
                }
                self.allowed
            }
            Decision::Denied(failure) => {
                match self.denied.iter().find(|(known, _)| known == failure) {
                    Some((_, counter)) => *counter,
                    None => return,
                }
            }
            Decision::Refused(_) => self.unsafe_path,
            Decision::NoKeys { .. } => self.no_keys,
        };
        counter.increment();
    }

    pub(super) fn unavailable(&self) {
        self.unavailable.increment();
    }

    pub(super) fn no_keys(&self) {
        self.no_keys.increment();
    }

    pub(super) fn waited(&self) {
        self.waited.increment();
    }

    pub(super) fn fetched(&self, fetch: Fetch) {
        if let Some((_, counter)) = self.fetches.iter().find(|(known, _)| *known == fetch) {
            counter.increment();
        }
    }

    pub(super) fn config_error(&self) {
        self.config_errors.increment();
    }
}

/// The state of one provider's keys.
pub(super) struct KeyGauges {
    keys: Gauge,
    fetched: Gauge,
    failures: Gauge,
}

impl KeyGauges {
    pub(super) fn define(provider: &str) -> Result<Self, HostError> {
        let gauge = |name| Gauge::define(name, &[("provider", provider)]);
        Ok(Self {
            keys: gauge("jwt_headers_jwks_keys")?,
            fetched: gauge("jwt_headers_jwks_fetched_timestamp_seconds")?,
            failures: gauge("jwt_headers_jwks_failures")?,
        })
    }

    pub(super) fn show(&self, remote: &Remote) {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        self.keys.set(count(remote.key_count()));
        self.fetched
            .set(remote.fetched().map_or(0, |fetched| fetched.as_secs()));
        self.failures.set(remote.failures().into());
    }
}
