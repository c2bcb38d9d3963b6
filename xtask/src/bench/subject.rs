//! What there is to measure in Envoy.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::check::{self, Check};
use super::{attribute_gen, basic_auth, comparison, jwt_headers, load, opa, telemetry};
use crate::opa::Opa;
use crate::{envoy_config, workspace};

/// Names and values.
pub(super) type Headers = Vec<(&'static str, String)>;

/// An extension under load, and what it is compared with.
#[derive(Default)]
pub(super) struct Subject {
    /// The headers of the request that the load generator sends to every variant.
    pub(super) load: Headers,
    /// What stands in the way of the load.
    pub(super) variants: Vec<Variant>,
    /// What they must do before they are measured.
    pub(super) check: Option<Check>,
    /// Clusters that the variants call out to.
    pub(super) clusters: Vec<(&'static str, SocketAddr)>,
    /// The cluster among them that speaks gRPC.
    pub(super) grpc: Option<&'static str>,
    /// What listens there: it ends when the subject is dropped.
    pub(super) servers: Vec<Box<dyn Server>>,
}

/// A server that variants call out to; it ends when it is dropped.
pub(super) trait Server {
    /// The process whose time is measured.
    fn pid(&self) -> u32;
}

impl Server for Opa {
    fn pid(&self) -> u32 {
        Opa::pid(self)
    }
}

/// A filter to measure in Envoy.
pub(super) struct Variant {
    pub(super) what: &'static str,
    pub(super) filter: Value,
    /// Whether it tells the upstream the user, as the check says.
    pub(super) tells_user: bool,
    /// Whether its requests go to an upstream, and are not answered by Envoy itself.
    pub(super) asks_upstream: bool,
}

/// What there is to measure about the extension with this name, `measured` or only checked.
pub(super) fn of(name: &str, measured: bool) -> Result<Option<Subject>> {
    Ok(match name {
        "attribute-gen" => Some(attribute_gen::subject()?),
        "basic-auth" => Some(basic_auth::subject()),
        comparison::NAME => Some(comparison::subject(measured)?),
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
            tells_user: false,
            asks_upstream: false,
        }
    }

    /// The same, with an upstream.
    pub(super) fn asking_an_upstream(self) -> Self {
        Self {
            asks_upstream: true,
            ..self
        }
    }

    /// The headers of the requests under load.
    pub(super) fn load(&self, subject: &Subject) -> Headers {
        let mut load = subject.load.clone();
        if self.asks_upstream {
            load.push((load::PATH, check::TO_UPSTREAM.to_owned()));
        }
        load
    }

    /// The same, where the upstream is told the user.
    pub(super) fn telling_the_user(self) -> Self {
        Self {
            tells_user: true,
            ..self
        }
    }
}
