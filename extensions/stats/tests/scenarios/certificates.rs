//! Who is at the other end, from certificates and from Istio's own filter.

use extension_common::headers::serialize;
use sdk_tests::{Proxy, Request, json, scenario};

use super::{assert_counted, counted, counter, plugin, shop};

const CLIENT: &str = "spiffe://cluster.local/ns/web/sa/client";
const SERVER: &str = "spiffe://cluster.local/ns/store/sa/shop";

#[scenario(native, wasm)]
fn istios_own_filter_tells_who_asks(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    let peer = serialize([
        (&b"workload"[..], &b"client-v9"[..]),
        (b"namespace", b"web"),
        (b"service", b"client"),
    ]);
    proxy.property(&["filter_state", "downstream_peer"], peer);
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/"));
    counter(proxy, "requests_total").assert(&[
        ("source_workload", "client-v9"),
        ("source_workload_namespace", "web"),
        ("source_canonical_service", "client"),
    ]);
}

#[scenario(native, wasm)]
fn a_certificate_tells_more_than_metadata(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy.property(&["connection", "mtls"], [1]);
    proxy.property(&["connection", "uri_san_peer_certificate"], CLIENT);
    proxy.property(&["connection", "uri_san_local_certificate"], SERVER);
    let peer = serialize([
        (&b"workload"[..], &b"client-v9"[..]),
        (b"namespace", b"forged"),
    ]);
    proxy.property(&["filter_state", "downstream_peer"], peer);
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/"));
    counter(proxy, "requests_total").assert(&[
        ("source_principal", CLIENT),
        ("source_workload_namespace", "web"),
        ("destination_principal", SERVER),
        ("connection_security_policy", "mutual_tls"),
    ]);
}

#[scenario(native, wasm)]
fn an_outbound_certificate_tells_who_was_asked(proxy: &mut Proxy) {
    proxy.surround(shop().outbound());
    proxy.property(&["upstream", "tls_version"], "TLSv1.3");
    proxy.property(&["upstream", "uri_san_peer_certificate"], CLIENT);
    proxy.property(&["upstream", "uri_san_local_certificate"], SERVER);
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/"));
    counter(proxy, "requests_total").assert(&[
        ("source_principal", SERVER),
        ("destination_principal", CLIENT),
        ("destination_workload_namespace", "web"),
        ("connection_security_policy", "unknown"),
    ]);
}

/// What one kind of connection has in common is not taken for granted of another.
#[scenario(native, wasm)]
fn certificates_that_come_and_go_are_told_right(proxy: &mut Proxy) {
    let peer = ["upstream", "uri_san_peer_certificate"];
    proxy.surround(shop().outbound());
    proxy.configure(json!({})).unwrap();
    for (certificate, times) in [("", 9), (SERVER, 9), (CLIENT, 1), ("", 1), (SERVER, 1)] {
        if !certificate.is_empty() {
            proxy.property(&["upstream", "tls_version"], "TLSv1.3");
            proxy.property(&["upstream", "uri_san_local_certificate"], CLIENT);
        }
        proxy.property(&peer, certificate);
        for _ in 0..times {
            proxy.send(Request::get("/"));
        }
    }
    assert_counted(
        &counted(proxy, "requests_total", ["destination_principal"]),
        &[
            ([SERVER], 10),
            ([CLIENT], 1),
            (["unknown"], 1),
            (["unknown"], 9),
        ],
    );
}
