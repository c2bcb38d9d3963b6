//! What a client, an upstream and an operator see of jwt-headers, on three hosts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod algorithms;
mod attacks;
mod configuration;
mod cost;
mod headers;
mod hygiene;
mod metadata;
mod remote;
mod replies;
mod rules;
mod sources;
mod state;
mod time;
mod tokens;
mod waiting;

use sdk_tests::{Plugin, Proxy, Reply, Request, json};
use serde_json::Value;

fn plugin() -> Plugin {
    Plugin::new("jwt_headers", jwt_headers::root_context)
}

/// A provider that takes all public keys, with these fields besides.
fn provider(more: Value) -> Value {
    let mut provider = json!({
        "issuer": tokens::ISSUER,
        "audiences": ["api"],
        "algorithms": ["EdDSA"],
        "jwks": { "inline": tokens::jwks() },
    });
    let more = more.as_object().unwrap().clone();
    provider.as_object_mut().unwrap().extend(more);
    provider
}

/// Everything requires a token of one provider, `main`, with these fields.
fn require_a_token(proxy: &mut Proxy, more: Value) {
    let config = json!({ "providers": { "main": provider(more) } });
    proxy.configure(config).unwrap();
}

/// GET `/` with a bearer token.
fn send(proxy: &mut Proxy, token: &str) -> Reply {
    proxy.send(with_token("/", token))
}

fn with_token(path: &str, token: &str) -> Request {
    Request::get(path).header("authorization", format!("Bearer {token}"))
}

/// The one value of a header that the upstream got.
fn upstream_header(reply: &Reply, name: &str) -> Option<String> {
    let values = reply.upstream()?.headers(name);
    assert!(values.len() < 2, "{name}: {values:?}");
    values
        .first()
        .map(|value| String::from_utf8_lossy(value).into_owned())
}
