//! The bootstrap and the plugin's resource that scenarios run with.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Map, Value, json};

/// The listener's name, and the prefix of its statistics.
pub(super) const LISTENER: &str = "scenario";

fn socket(address: SocketAddr) -> Value {
    let (address, port) = (address.ip().to_string(), address.port());
    json!({ "socket_address": { "address": address, "port_value": port } })
}

fn any_port() -> Value {
    socket(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// One listener, the plugin by ECDS from a file, one route to one upstream.
///
/// `callouts` are the clusters that the plugin calls out to, each with its endpoint, if any.
pub(super) fn bootstrap<'a>(
    plugin: &str,
    resource_file: &Path,
    upstream: SocketAddr,
    callouts: impl Iterator<Item = (&'a str, Option<SocketAddr>)>,
) -> String {
    let clusters: Vec<_> = [("upstream", Some(upstream))]
        .into_iter()
        .chain(callouts)
        .map(|(name, endpoint)| cluster(name, endpoint))
        .collect();
    let filters = json!([
        {
            "name": plugin,
            "config_discovery": {
                "config_source": {
                    "path_config_source": { "path": resource_file },
                    "resource_api_version": "V3",
                },
                "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
            },
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                "suppress_envoy_headers": true,
            },
        },
    ]);
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": LISTENER,
        "http_protocol_options": { "enable_trailers": true },
        "http_filters": filters,
        "route_config": {
            "name": "scenario",
            "virtual_hosts": [{
                "name": "scenario",
                "domains": ["*"],
                "routes": [{ "match": { "prefix": "" }, "route": { "cluster": "upstream" } }],
            }],
        },
    });
    json!({
        "node": { "id": "sdk-tests", "cluster": "sdk-tests" },
        "admin": { "address": any_port() },
        "static_resources": {
            "listeners": [{
                "name": LISTENER,
                "address": any_port(),
                "filter_chains": [{
                    "filters": [{
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }],
                }],
            }],
            "clusters": clusters,
        },
    })
    .to_string()
}

/// A cluster of one endpoint, or of none.
fn cluster(name: &str, endpoint: Option<SocketAddr>) -> Value {
    let options = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http_protocol_options": { "enable_trailers": true } },
        },
    });
    let endpoints = endpoint.map(
        |endpoint| json!({ "lb_endpoints": [{ "endpoint": { "address": socket(endpoint) } }] }),
    );
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "typed_extension_protocol_options": options,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": endpoints.into_iter().collect::<Vec<_>>(),
        },
    })
}

/// What the plugin runs with.
pub(super) struct Resource<'a> {
    pub(super) version: u64,
    pub(super) plugin: &'a str,
    pub(super) root_id: &'a str,
    pub(super) module: &'a Path,
    pub(super) env: &'a [(String, String)],
    pub(super) configuration: &'a str,
    pub(super) reloads: bool,
}

impl Resource<'_> {
    /// The discovery response for the plugin's filter.
    pub(super) fn discovery_response(&self) -> String {
        let env: Map<String, Value> = self
            .env
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let policy = if self.reloads {
            "FAIL_RELOAD"
        } else {
            "FAIL_CLOSED"
        };
        let mut vm = json!({
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": self.module } },
        });
        if !env.is_empty() {
            vm["environment_variables"] = json!({ "key_values": env });
        }
        json!({
            "version_info": self.version.to_string(),
            "resources": [{
                "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
                "name": self.plugin,
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                    "config": {
                        "name": self.plugin,
                        "root_id": self.root_id,
                        "failure_policy": policy,
                        // Without it a VM that dies young stays dead for a second. One millisecond
                        // would crash Envoy 1.40: half of it is a division by zero.
                        "reload_config": { "backoff": { "base_interval": "0.002s" } },
                        "vm_config": vm,
                        "configuration": {
                            "@type": "type.googleapis.com/google.protobuf.StringValue",
                            "value": self.configuration,
                        },
                    },
                },
            }],
        })
        .to_string()
    }
}
