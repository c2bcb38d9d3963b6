//! The listeners of a scenario with connections.

use serde_json::{Value, json};

use crate::envoy::bootstrap::{LISTENER, any_port};

/// The name of the listener that answers for the workers.
pub(super) const WATCH: &str = "watch";

/// Where connections come from that no plugin sees.
pub(super) const PARKED: [u8; 4] = [127, 0, 0, 2];

/// One listener with the plugins and a proxy to the upstream; another one that answers for a worker
/// as soon as it has nothing else to do.
pub(in crate::envoy) fn listeners(mut filters: Vec<Value>, workers: usize) -> Vec<Value> {
    filters.push(json!({
        "name": "envoy.filters.network.tcp_proxy",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            "stat_prefix": LISTENER,
            "cluster": "upstream",
        },
    }));
    let parked = std::net::Ipv4Addr::from(PARKED).to_string();
    let scenario = json!({
        "name": LISTENER,
        "stat_prefix": LISTENER,
        "address": any_port(),
        "filter_chains": [
            {
                "filter_chain_match": {
                    "source_prefix_ranges": [{ "address_prefix": parked, "prefix_len": 32 }],
                },
                "filters": [answers()],
            },
            { "filters": filters },
        ],
    });
    let watch = json!({
        "name": WATCH,
        "stat_prefix": WATCH,
        "address": any_port(),
        "filter_chains": [{ "filters": [answers()] }],
    });
    let mut listeners = vec![scenario, watch];
    if workers > 1 {
        // A connection goes to the worker that has the fewest.
        for listener in &mut listeners {
            listener["connection_balance_config"] = json!({ "exact_balance": {} });
        }
    }
    listeners
}

/// A server in Envoy itself.
fn answers() -> Value {
    json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": WATCH,
            "http_filters": [{
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                },
            }],
            "route_config": {
                "name": WATCH,
                "virtual_hosts": [{
                    "name": WATCH,
                    "domains": ["*"],
                    "routes": [{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }],
                }],
            },
        },
    })
}
