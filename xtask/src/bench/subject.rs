//! What there is to measure in Envoy.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::{attribute_gen, basic_auth, jwt_headers, opa, telemetry};
use crate::opa::Opa;
use crate::{envoy_config, workspace};

/// An extension under load, and what it is compared with.
pub(super) struct Subject {
    /// The headers of the request that the load generator sends to every variant.
    pub(super) load: Vec<(&'static str, String)>,
    /// What stands in the way of the load.
    pub(super) variants: Vec<Variant>,
    /// Clusters that the variants call out to.
    pub(super) clusters: Vec<(&'static str, SocketAddr)>,
    /// What listens there: it ends when the subject is dropped.
    #[expect(dead_code, reason = "only held")]
    pub(super) servers: Vec<Opa>,
}

/// A filter to measure in Envoy.
pub(super) struct Variant {
    pub(super) what: &'static str,
    pub(super) filter: Value,
}

/// What there is to measure about the extension with this name.
pub(super) fn of(name: &str) -> Result<Option<Subject>> {
    Ok(match name {
        "attribute-gen" => Some(attribute_gen::subject()?),
        "basic-auth" => Some(basic_auth::subject()),
        "jwt-headers" => Some(jwt_headers::subject()),
        "metadata-exchange" => Some(telemetry::metadata_exchange()),
        "opa" => Some(opa::subject()?),
        "stats" => Some(telemetry::stats()),
        _ => None,
    })
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
