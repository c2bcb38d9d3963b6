//! What there is to measure in Envoy.

use std::path::Path;

use serde_json::{Value, json};

use crate::{envoy_config, workspace};

/// An extension under load, and what it is compared with.
pub(super) struct Subject {
    /// The package's name.
    pub(super) name: &'static str,
    /// The headers of the request that the load generator sends to every variant.
    pub(super) load: Vec<(&'static str, String)>,
    /// What stands in the way of the load.
    pub(super) variants: Vec<Variant>,
}

/// A filter to measure in Envoy.
pub(super) struct Variant {
    pub(super) what: &'static str,
    pub(super) filter: Value,
}

impl Variant {
    /// The extension itself with this config.
    pub(super) fn extension(what: &'static str, artifact: &str, config: &Value) -> Self {
        let module = workspace::wasm().join(format!("{artifact}.wasm"));
        Self::module(what, &module, config)
    }

    /// Any module.
    pub(super) fn module(what: &'static str, module: &Path, config: &Value) -> Self {
        Self::native(
            what,
            &envoy_config::plugin(what, module, &json!({}), config),
        )
    }

    /// A filter of Envoy's own.
    pub(super) fn native(what: &'static str, typed_config: &Value) -> Self {
        Self {
            what,
            filter: json!({ "name": what, "typed_config": typed_config }),
        }
    }
}
