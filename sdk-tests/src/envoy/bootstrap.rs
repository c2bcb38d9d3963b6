//! The bootstrap and the plugin's resource that scenarios run with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::plugin::Plugin;

/// The listener's name, and the prefix of its statistics.
pub(super) const LISTENER: &str = "scenario";

fn socket(address: SocketAddr) -> Value {
    let (address, port) = (address.ip().to_string(), address.port());
    json!({ "socket_address": { "address": address, "port_value": port } })
}

pub(super) fn any_port() -> Value {
    socket(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// One listener, a chain of plugins by ECDS from files, one route to one upstream. The plugins are
/// HTTP filters, or network filters.
///
/// `plugins` are their names and resource files; `callouts` are the clusters that they call out
/// to, each with its endpoint, if any; `grpc` are those that serve gRPC.
pub(super) fn bootstrap<'a>(
    plugins: impl Iterator<Item = (&'a str, PathBuf)>,
    upstream: SocketAddr,
    callouts: impl Iterator<Item = (&'a str, Option<SocketAddr>)>,
    grpc: impl Iterator<Item = (&'a str, Option<SocketAddr>)>,
    (workers, is_network): (usize, bool),
) -> Value {
    let clusters: Vec<_> = [("upstream", Some(upstream))]
        .into_iter()
        .chain(callouts)
        .map(|(name, endpoint)| cluster(name, endpoint, http1()))
        .chain(grpc.map(|(name, endpoint)| cluster(name, endpoint, http2())))
        .collect();
    let filters: Vec<_> = plugins
        .map(|(name, resource_file)| {
            json!({
                "name": name,
                "config_discovery": {
                    "config_source": {
                        "path_config_source": { "path": resource_file },
                        "resource_api_version": "V3",
                    },
                    "type_urls": [filter_type(is_network)],
                },
            })
        })
        .collect();
    let listeners = match is_network {
        true => super::network::listeners(filters, workers),
        false => vec![http_listener(filters, workers)],
    };
    json!({
        "node": { "id": "sdk-tests", "cluster": "sdk-tests" },
        "admin": { "address": any_port() },
        "static_resources": { "listeners": listeners, "clusters": clusters },
    })
}

/// What Envoy calls such a filter in statistics.
pub(super) fn filter_kind(is_network: bool) -> &'static str {
    match is_network {
        true => "network_filter",
        false => "http_filter",
    }
}

/// The type of a plugin's configuration.
fn filter_type(is_network: bool) -> &'static str {
    match is_network {
        true => "type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm",
        false => "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
    }
}

fn http_listener(mut filters: Vec<Value>, workers: usize) -> Value {
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": true,
        },
    });
    filters.push(router);
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": LISTENER,
        "http_protocol_options": { "enable_trailers": true },
        // A connection that is reset closes at once, not a second later.
        "delayed_close_timeout": "0.010s",
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
    let mut listener = json!({
        "name": LISTENER,
        "address": any_port(),
        "filter_chains": [{
            "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }],
        }],
    });
    if workers > 1 {
        // A connection goes to the worker that has the fewest: so a scenario can choose one.
        listener["connection_balance_config"] = json!({ "exact_balance": {} });
    }
    listener
}

fn http1() -> Value {
    json!({
        "explicit_http_config": { "http_protocol_options": { "enable_trailers": true } },
        // A plugin that breaks one request's framing must not break the next one's.
        "common_http_protocol_options": { "max_requests_per_connection": 1 },
    })
}

fn http2() -> Value {
    json!({ "explicit_http_config": { "http2_protocol_options": {} } })
}

/// A cluster of one endpoint, or of none.
fn cluster(name: &str, endpoint: Option<SocketAddr>, mut protocol: Value) -> Value {
    const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    protocol["@type"] = json!(format!("type.googleapis.com/{OPTIONS}"));
    let options = json!({ OPTIONS: protocol });
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

/// What a plugin runs with.
pub(super) struct Resource<'a> {
    pub(super) version: u64,
    pub(super) plugin: &'a Plugin,
    pub(super) module: &'a Path,
    pub(super) env: &'a [(String, String)],
    pub(super) configuration: &'a str,
}

impl Resource<'_> {
    /// The discovery response for the plugin's filter.
    pub(super) fn discovery_response(&self) -> String {
        let env: Map<String, Value> = self
            .env
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let plugin = self.plugin;
        let policy = match (plugin.reloads, plugin.fails_open) {
            (true, _) => "FAIL_RELOAD",
            (false, true) => "FAIL_OPEN",
            (false, false) => "FAIL_CLOSED",
        };
        let mut vm = json!({
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": self.module } },
        });
        if !env.is_empty() {
            vm["environment_variables"] = json!({ "key_values": env });
        }
        if !plugin.vm_configuration.is_empty() {
            vm["configuration"] = string(&String::from_utf8_lossy(&plugin.vm_configuration));
        }
        let mut config = json!({
            "name": plugin.name,
            "root_id": plugin.root_id,
            "failure_policy": policy,
            // Without it a VM that dies young stays dead for a second. One millisecond
            // would crash Envoy 1.40: half of it is a division by zero.
            "reload_config": { "backoff": { "base_interval": "0.002s" } },
            "vm_config": vm,
            "configuration": string(self.configuration),
        });
        if plugin.holds_headers_alone {
            config["allow_on_headers_stop_iteration"] = json!(true);
        }
        json!({
            "version_info": self.version.to_string(),
            "resources": [{
                "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
                "name": plugin.name,
                "typed_config": {
                    "@type": filter_type(plugin.is_network_filter),
                    "config": config,
                },
            }],
        })
        .to_string()
    }
}

/// The one kind of configuration that reaches a plugin as it is written.
fn string(text: &str) -> Value {
    json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": text })
}
