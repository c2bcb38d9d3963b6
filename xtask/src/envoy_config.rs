//! Small Envoy configs: for the demo, the benchmarks and the test of example configs.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

/// One cluster, `upstream`, and these listeners; every port is a free one.
pub(crate) fn bootstrap(listeners: &[Value], upstream: SocketAddr) -> Value {
    with_clusters(listeners, &[("upstream", upstream)])
}

/// The same with these clusters.
pub(crate) fn with_clusters(listeners: &[Value], clusters: &[(&str, SocketAddr)]) -> Value {
    let cluster = |(name, address): &(&str, SocketAddr)| {
        json!({
            "name": name,
            "type": "STATIC",
            "connect_timeout": "5s",
            "load_assignment": {
                "cluster_name": name,
                "endpoints": [{
                    "lb_endpoints": [{ "endpoint": { "address": socket(*address) } }],
                }],
            },
        })
    };
    json!({
        "node": { "id": "xtask", "cluster": "xtask" },
        "admin": { "address": socket(SocketAddr::from(([127, 0, 0, 1], 0))) },
        "static_resources": {
            "listeners": listeners,
            "clusters": clusters.iter().map(cluster).collect::<Vec<_>>(),
        },
    })
}

/// Makes a cluster of a bootstrap one that gRPC can use.
pub(crate) fn speak_http2(bootstrap: &mut Value, cluster: &str) {
    let clusters = bootstrap["static_resources"]["clusters"].as_array_mut();
    let clusters = clusters.into_iter().flatten();
    for cluster in clusters.filter(|it| it["name"] == cluster) {
        cluster["typed_extension_protocol_options"] = json!({
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": { "http2_protocol_options": {} },
            },
        });
    }
}

/// A listener that sends every request through `filters` to `action`, such as a route.
pub(crate) fn listener(name: &str, filters: &[Value], action: &Value) -> Value {
    let mut route = json!({ "match": { "prefix": "/" } });
    if let (Some(route), Some(action)) = (route.as_object_mut(), action.as_object()) {
        route.extend(action.clone());
    }
    routing_listener(name, filters, &[route])
}

/// A listener that sends requests through `filters` to the first of `routes` that matches.
pub(crate) fn routing_listener(name: &str, filters: &[Value], routes: &[Value]) -> Value {
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
        },
    });
    let filters: Vec<_> = filters.iter().chain([&router]).collect();
    json!({
        "name": name,
        "address": socket(SocketAddr::from(([127, 0, 0, 1], 0))),
        "filter_chains": [{ "filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": name,
                "route_config": {
                    "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }],
                },
                "http_filters": filters,
            },
        }] }],
    })
}

/// The `typed_config` of a plugin. It fails closed, and starts again after a crash.
pub(crate) fn plugin(name: &str, module: &Path, environment: &Value, config: &Value) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": name,
            "failure_policy": "FAIL_RELOAD",
            // A request that is held back shows its body: so the policy of opa sees it.
            "allow_on_headers_stop_iteration": true,
            "vm_config": {
                // One VM for each: plugins that run the same module would share theirs.
                "vm_id": name,
                "runtime": "envoy.wasm.runtime.v8",
                "code": { "local": { "filename": module } },
                "environment_variables": environment,
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": config.to_string(),
            },
        },
    })
}

/// A filter whose config Envoy reads from a file, and reads again when the file is replaced.
pub(crate) fn discovered(name: &str, file: &Path) -> Value {
    json!({
        "name": name,
        "config_discovery": {
            "config_source": {
                "path_config_source": { "path": file },
                "resource_api_version": "V3",
            },
            "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
        },
    })
}

/// What that file holds.
pub(crate) fn discovery_response(name: &str, version: u32, typed_config: &Value) -> Value {
    json!({
        "version_info": version.to_string(),
        "resources": [{
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": name,
            "typed_config": typed_config,
        }],
    })
}

fn socket(address: SocketAddr) -> Value {
    json!({
        "socket_address": { "address": address.ip().to_string(), "port_value": address.port() },
    })
}
