//! metadata-exchange and stats under load.
//!
//! Every request carries what a peer's proxy adds. Envoy answers by itself, or an upstream does whose
//! cluster and endpoint say who they are.

use serde_json::{Value, json};

use super::subject::{Subject, Variant};

/// What Istio 1.29 sends for a workload.
const PEER: &str = "Ch4KCkNMVVNURVJfSUQSEBoOY2xpZW50LWNsdXN0ZXIKngEKBkxBQkVMUxKTASqQAQoUCgNhcHASDRoLcHJvZHVjdHBhZ2UKMwofc2VydmljZS5pc3Rpby5pby9jYW5vbmljYWwtbmFtZRIQGg5wcm9kdWN0cGFnZS12MQoyCiNzZXJ2aWNlLmlzdGlvLmlvL2Nhbm9uaWNhbC1yZXZpc2lvbhILGgl2ZXJzaW9uLTEKDwoHdmVyc2lvbhIEGgJ2MQopCgROQU1FEiEaH3Byb2R1Y3RwYWdlLXYxLTg0OTc1YmM3NzgtcHh6MncKFgoJTkFNRVNQQUNFEgkaB2RlZmF1bHQKUgoFT1dORVISSRpHa3ViZXJuZXRlczovL2FwaXMvYXBwcy92MS9uYW1lc3BhY2VzL2RlZmF1bHQvZGVwbG95bWVudHMvcHJvZHVjdHBhZ2UtdjEKIQoNV09SS0xPQURfTkFNRRIQGg5wcm9kdWN0cGFnZS12MQ==";

/// What a peer's proxy adds to a request.
fn load() -> Vec<(&'static str, String)> {
    vec![
        ("x-envoy-peer-metadata", PEER.to_owned()),
        ("x-envoy-peer-metadata-id", "client-pod.default".to_owned()),
    ]
}

pub(super) fn metadata_exchange() -> Subject {
    Subject {
        load: load(),
        variants: vec![
            Variant::extension("metadata-exchange", "metadata_exchange", &json!({})),
            Variant::extension(
                "metadata-exchange, remembering nobody",
                "metadata_exchange",
                &json!({ "max_peer_cache_size": 0 }),
            ),
        ],
        ..Subject::default()
    }
}

pub(super) fn stats() -> Subject {
    let own_labels = json!({ "metrics": [{ "dimensions": {
        "request_method": "request.method",
        "request_path": "request.url_path",
    } }] });
    Subject {
        load: load(),
        variants: vec![
            at("stats_inbound", "stats, inbound", &json!({})),
            at("stats_outbound", "stats, outbound", &json!({})),
            at("stats_inbound", "stats, two labels of its own", &own_labels),
            at(
                "stats_inbound",
                "stats, inbound, to an upstream",
                &json!({}),
            )
            .asking_an_upstream(),
            at(
                "stats_outbound",
                "stats, outbound, to an upstream",
                &json!({}),
            )
            .asking_an_upstream(),
            with_root_id(
                "stats_inbound",
                Variant::extension("telemetry.wasm as stats, inbound", "telemetry", &json!({})),
            ),
            with_root_id(
                "metadata_exchange",
                Variant::extension(
                    "telemetry.wasm as metadata-exchange",
                    "telemetry",
                    &json!({}),
                ),
            ),
        ],
        ..Subject::default()
    }
}

/// stats on this side: a listener of the benchmark has no direction.
fn at(root_id: &str, what: &'static str, config: &Value) -> Variant {
    with_root_id(root_id, Variant::extension(what, "stats", config))
}

fn with_root_id(root_id: &str, mut variant: Variant) -> Variant {
    variant.filter["typed_config"]["config"]["root_id"] = json!(root_id);
    variant
}
