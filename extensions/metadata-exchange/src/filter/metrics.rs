//! What an operator sees at `/stats`. Nothing is counted for a peer that is known: that is the
//! common case, and each count costs.

use extension_common::{hostcalls::HostError, metric::Counter};

#[derive(Clone, Copy)]
pub(super) struct Metrics {
    new_peers: Counter,
    invalid_peers: Counter,
    config_errors: Counter,
}

impl Metrics {
    pub(super) fn define() -> Result<Self, HostError> {
        let counter = |name| Counter::define(name, &[]);
        Ok(Self {
            new_peers: counter("metadata_exchange_new_peers")?,
            invalid_peers: counter("metadata_exchange_invalid_peers")?,
            config_errors: counter("metadata_exchange_config_errors")?,
        })
    }

    pub(super) fn new_peer(&self) {
        self.new_peers.increment();
    }

    pub(super) fn invalid_peer(&self) {
        self.invalid_peers.increment();
    }

    pub(super) fn config_error(&self) {
        self.config_errors.increment();
    }
}
