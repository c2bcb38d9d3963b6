//! Counters, gauges and histograms by name and tags.

use proxy_wasm::types::MetricType;

use crate::hostcalls::{self, HostError};

/// A counter of the host, shared by all its workers.
#[derive(Clone, Copy, Debug)]
pub struct Counter(u32);

impl Counter {
    /// Defines the counter `name` with `tags`: to be done once, at configure time.
    ///
    /// Envoy shows it as `wasmcustom.<name>.<tag>.<value>…` and to Prometheus as
    /// `<name>_<tag>_<value>`, or as a real label where its `stats_config.stats_tags` extracts
    /// `\.<tag>\.(<value>)`.
    pub fn define(name: &str, tags: &[(&str, &str)]) -> Result<Self, HostError> {
        hostcalls::define_metric(MetricType::Counter, &full_name(name, tags)).map(Self)
    }

    /// Adds one. A host that refuses costs a count, never a request.
    pub fn increment(self) {
        let _ = hostcalls::increment_metric(self.0, 1);
    }
}

/// A value of the host that goes up and down, shared by all its workers: the last one that sets it
/// decides.
#[derive(Clone, Copy, Debug)]
pub struct Gauge(u32);

impl Gauge {
    /// Defines the gauge `name` with `tags`, as [`Counter::define`] does.
    pub fn define(name: &str, tags: &[(&str, &str)]) -> Result<Self, HostError> {
        hostcalls::define_metric(MetricType::Gauge, &full_name(name, tags)).map(Self)
    }

    /// Sets it. A host that refuses costs a number, never a request.
    pub fn set(self, value: u64) {
        let _ = hostcalls::record_metric(self.0, value);
    }
}

/// A histogram of the host, shared by all its workers.
#[derive(Clone, Copy, Debug)]
pub struct Histogram(u32);

impl Histogram {
    /// Defines the histogram `name` with `tags`, as [`Counter::define`] does.
    pub fn define(name: &str, tags: &[(&str, &str)]) -> Result<Self, HostError> {
        hostcalls::define_metric(MetricType::Histogram, &full_name(name, tags)).map(Self)
    }

    /// Adds a sample. A host that refuses costs a sample, never a request.
    pub fn record(self, value: u64) {
        let _ = hostcalls::record_metric(self.0, value);
    }
}

/// The metrics of a root context: `kept` from its first configuration on, for the host keeps every
/// definition.
///
/// # Errors
/// The host refused a definition; the next configuration tries again.
pub fn defined_once<M, E>(
    kept: &mut Option<M>,
    define: impl FnOnce() -> Result<M, E>,
) -> Result<&mut M, E> {
    let metrics = match kept.take() {
        Some(metrics) => metrics,
        None => define()?,
    };
    Ok(kept.insert(metrics))
}

fn full_name(name: &str, tags: &[(&str, &str)]) -> String {
    let mut full = name.to_owned();
    for (tag, value) in tags {
        full.push('.');
        full.push_str(tag);
        full.push('.');
        full.push_str(value);
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_defined_until_it_works_and_then_never_again() {
        let mut kept = None;
        assert_eq!(defined_once(&mut kept, || Err("refused")), Err("refused"));
        assert_eq!(defined_once(&mut kept, || Ok::<_, &str>(1)), Ok(&mut 1));
        assert_eq!(defined_once(&mut kept, || Err("asked again")), Ok(&mut 1));
    }

    #[test]
    fn tags_follow_the_name() {
        assert_eq!(full_name("a_allowed", &[]), "a_allowed");
        assert_eq!(
            full_name("a_denied", &[("reason", "missing"), ("rule", "1")]),
            "a_denied.reason.missing.rule.1"
        );
    }
}
