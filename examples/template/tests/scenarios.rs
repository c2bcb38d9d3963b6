//! What a client sees, on three hosts: natively, on Wasmtime and in real Envoy.

#![allow(clippy::unwrap_used, reason = "a test")]

use sdk_tests::{Plugin, Proxy, Request, Rule, json, scenario};

fn plugin() -> Plugin {
    Plugin::new("my_extension", my_extension::root_context)
}

#[scenario]
fn every_response_has_the_header(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "header": "X-Powered-By", "value": "wasm" }))
        .unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers("x-powered-by"), [b"wasm"]);
}

#[scenario]
fn a_value_that_would_split_the_response_is_refused(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    let rejected = proxy
        .configure(json!({ "header": "x-a", "value": "1\r\nset-cookie: a=b" }))
        .unwrap_err();
    assert!(rejected.reason().contains("value: got"), "{rejected}");
}

#[scenario(native, wasm)]
fn a_response_stays_within_its_budget(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "header": "x-powered-by", "value": "wasm" }))
        .unwrap();
    // What the plugin sets up once is not measured.
    proxy.send(Request::get("/"));
    proxy.send(Request::get("/"));
    proxy.assert_within_budget("a response");
}
