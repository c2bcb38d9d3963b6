//! What an operator sees at `/stats`.

use std::collections::HashMap;

use extension_common::{hostcalls::HostError, metric::Counter};

/// The counters of Istio's plugin under their old names, and one per attribute.
pub(super) struct Metrics {
    config_errors: Counter,
    runtime_errors: Counter,
    matched: HashMap<String, Counter>,
}

impl Metrics {
    pub(super) fn define() -> Result<Self, HostError> {
        // The old names have the tags first.
        let errors = |kind| {
            let name = format!("wasm_filter.attributegen.type.{kind}.error_count");
            Counter::define(&name, &[])
        };
        Ok(Self {
            config_errors: errors("config")?,
            runtime_errors: errors("runtime")?,
            matched: HashMap::new(),
        })
    }

    pub(super) fn config_error(&self) {
        self.config_errors.increment();
    }

    pub(super) fn runtime_errors(&self) -> Counter {
        self.runtime_errors
    }

    /// The counter of an attribute's matches.
    pub(super) fn matched(&mut self, attribute: &str) -> Result<Counter, HostError> {
        if let Some(counter) = self.matched.get(attribute) {
            return Ok(*counter);
        }
        let counter = Counter::define("attribute_gen_matched", &[("attribute", attribute)])?;
        self.matched.insert(attribute.to_owned(), counter);
        Ok(counter)
    }
}
