//! What a client, an upstream and an operator see of opa, on three hosts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod body;
mod cache;
mod configuration;
mod cost;
mod decisions;
mod embedded;
mod failures;
mod leaving;
mod older_filter;
mod readme;
mod shadow;
mod told;

use sdk_tests::{Plugin, Proxy, Reply, Request, UpstreamReply, json};
use serde_json::Value;

/// The module that asks a server.
fn plugin() -> Plugin {
    Plugin::new("opa", opa::root_context)
}

/// A config with a server, and with what `extra` has besides.
fn server(extra: Value) -> Value {
    let mut config = json!({
        "server": { "cluster": "opa", "path": "/v1/data/envoy/authz/result", "timeout": "0.5s" }
    });
    config
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    config
}

/// OPA's answer with this result.
fn result(result: Value) -> UpstreamReply {
    UpstreamReply::new(200)
        .header("content-type", "application/json")
        .body(json!({ "result": result }).to_string())
}

/// Configures a server that always answers this.
fn always(proxy: &mut Proxy, reply: UpstreamReply, extra: Value) {
    proxy.serve("opa", move |_| reply.clone());
    proxy.configure(server(extra)).unwrap();
}

fn get(proxy: &mut Proxy, path: &str) -> Reply {
    proxy.send(Request::get(path))
}

/// The input that the server was sent in callout `index`.
fn input(proxy: &mut Proxy, index: usize) -> Value {
    let callouts = proxy.callouts();
    let body = callouts[index].request.body().to_vec();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    body["input"].take()
}
