//! What clients, upstreams and operators see of metadata-exchange, on three hosts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod configuration;
mod cost;
mod hostile;
mod inbound;
mod kept;
mod outbound;
mod peers;

use sdk_tests::{Plugin, Surroundings, json};

const METADATA: &str = "x-envoy-peer-metadata";
const ID: &str = "x-envoy-peer-metadata-id";

/// The header of Istio 1.29 for [`productpage`], and the one that we send.
const PRODUCTPAGE: &str = "Ch4KCkNMVVNURVJfSUQSEBoOY2xpZW50LWNsdXN0ZXIKngEKBkxBQkVMUxKTASqQAQoUCgNhcHASDRoLcHJvZHVjdHBhZ2UKMwofc2VydmljZS5pc3Rpby5pby9jYW5vbmljYWwtbmFtZRIQGg5wcm9kdWN0cGFnZS12MQoyCiNzZXJ2aWNlLmlzdGlvLmlvL2Nhbm9uaWNhbC1yZXZpc2lvbhILGgl2ZXJzaW9uLTEKDwoHdmVyc2lvbhIEGgJ2MQopCgROQU1FEiEaH3Byb2R1Y3RwYWdlLXYxLTg0OTc1YmM3NzgtcHh6MncKFgoJTkFNRVNQQUNFEgkaB2RlZmF1bHQKUgoFT1dORVISSRpHa3ViZXJuZXRlczovL2FwaXMvYXBwcy92MS9uYW1lc3BhY2VzL2RlZmF1bHQvZGVwbG95bWVudHMvcHJvZHVjdHBhZ2UtdjEKIQoNV09SS0xPQURfTkFNRRIQGg5wcm9kdWN0cGFnZS12MQ==";

fn plugin() -> Plugin {
    Plugin::new("metadata_exchange", metadata_exchange::root_context)
}

/// The node of a workload.
fn productpage() -> Surroundings {
    Surroundings::default().node_metadata(json!({
        "NAME": "productpage-v1-84975bc778-pxz2w",
        "NAMESPACE": "default",
        "WORKLOAD_NAME": "productpage-v1",
        "CLUSTER_ID": "client-cluster",
        "OWNER": "kubernetes://apis/apps/v1/namespaces/default/deployments/productpage-v1",
        "LABELS": {
            "app": "productpage",
            "version": "v1",
            "pod-template-hash": "84975bc778",
            "service.istio.io/canonical-name": "productpage-v1",
            "service.istio.io/canonical-revision": "version-1"
        }
    }))
}
