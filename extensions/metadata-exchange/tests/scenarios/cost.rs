//! What a request costs: budget.toml has the numbers, and `cargo xtask bench` shows them.

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{ID, METADATA, PRODUCTPAGE, plugin, productpage};

/// The first request meets a new peer; the second is like every later one.
fn send_twice(proxy: &mut Proxy, request: &Request) {
    proxy.send(request.clone());
    proxy.send(request.clone());
}

#[scenario(native, wasm)]
fn an_inbound_request_of_a_peer_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    let request = Request::get("/").header(METADATA, PRODUCTPAGE);
    send_twice(proxy, &request.header(ID, "client"));
    proxy.assert_within_budget("inbound, known peer");
}

#[scenario(native, wasm)]
fn an_inbound_request_from_outside_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    send_twice(proxy, &Request::get("/"));
    proxy.assert_within_budget("inbound, no peer");
}

#[scenario(native, wasm)]
fn an_outbound_request_to_a_peer_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.surround(productpage().outbound());
    let answer = UpstreamReply::new(200).header(METADATA, PRODUCTPAGE);
    proxy.upstream_replies(answer.header(ID, "server"));
    proxy.configure(json!({})).unwrap();
    send_twice(proxy, &Request::get("/"));
    proxy.assert_within_budget("outbound, known peer");
}
