//! What a request costs: budget.toml has the numbers, and `cargo xtask bench` shows them.
//!
//! At most eight host calls that return data are allowed; the older plugin made about 24.

use extension_common::headers::serialize;
use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, reviews, reviews_v2, shop};

/// The first request defines its metrics; the second is like every later one.
fn send_twice(proxy: &mut Proxy, request: &Request) {
    proxy.send(request.clone());
    proxy.send(request.clone());
}

/// What eight requests have in common is taken for granted of the next: the ninth prepares for it.
fn send_often(proxy: &mut Proxy, request: &Request) {
    for _ in 0..10 {
        proxy.send(request.clone());
    }
}

/// The host calls of the last request that return data.
fn returning(proxy: &Proxy) -> usize {
    let costs = proxy.costs();
    let calls = costs.iter().flat_map(|cost| &cost.host_calls);
    calls.filter(|call| call.bytes_out > 0).count()
}

#[scenario(native, wasm)]
fn an_outbound_request_stays_within_its_budget(proxy: &mut Proxy) {
    let around = shop().outbound().cluster_metadata(reviews());
    proxy.surround(around.endpoint_metadata(reviews_v2()));
    proxy.configure(json!({})).unwrap();
    send_twice(proxy, &Request::get("/"));
    assert!(returning(proxy) <= 8);
    proxy.assert_within_budget("stats.wasm, outbound request");
}

#[scenario(native, wasm)]
fn an_outbound_request_like_those_before_stays_within_its_budget(proxy: &mut Proxy) {
    let around = shop().outbound().cluster_metadata(reviews());
    proxy.surround(around.endpoint_metadata(reviews_v2()));
    proxy.configure(json!({})).unwrap();
    send_often(proxy, &Request::get("/"));
    assert_eq!(returning(proxy), 1);
    proxy.assert_within_budget("stats.wasm, outbound request like those before it");
}

#[scenario(native, wasm)]
fn an_outbound_request_with_certificates_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.property(&["upstream", "tls_version"], "TLSv1.3");
    proxy.property(
        &["upstream", "uri_san_peer_certificate"],
        "spiffe://a/ns/b/sa/c",
    );
    proxy.property(
        &["upstream", "uri_san_local_certificate"],
        "spiffe://a/ns/d/sa/e",
    );
    proxy.configure(json!({})).unwrap();
    send_often(proxy, &Request::get("/"));
    assert_eq!(returning(proxy), 1);
    proxy.assert_within_budget(
        "stats.wasm, outbound request with certificates like those before it",
    );
}

#[scenario(native, wasm)]
fn an_inbound_request_of_a_peer_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    let peer = serialize([
        (&b"workload"[..], &b"client-v9"[..]),
        (b"namespace", b"web"),
    ]);
    proxy.property(&["filter_state", "downstream_peer"], peer);
    proxy.configure(json!({})).unwrap();
    send_twice(proxy, &Request::get("/"));
    assert!(returning(proxy) <= 8);
    proxy.assert_within_budget("stats.wasm, inbound request of a peer");
}

#[scenario(native, wasm)]
fn a_request_with_labels_of_ones_own_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    let dimensions = json!({ "method": "request.method", "shard": "request.url_path + '!'" });
    proxy
        .configure(json!({ "metrics": [{ "dimensions": dimensions }] }))
        .unwrap();
    send_twice(proxy, &Request::get("/"));
    assert!(returning(proxy) <= 8);
    proxy.assert_within_budget("stats.wasm, two labels of its own");
}
