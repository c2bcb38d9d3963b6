//! Counters by name and tags.

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
    use super::full_name;

    #[test]
    fn tags_follow_the_name() {
        assert_eq!(full_name("a_allowed", &[]), "a_allowed");
        assert_eq!(
            full_name("a_denied", &[("reason", "missing"), ("rule", "1")]),
            "a_denied.reason.missing.rule.1"
        );
    }
}
