//! What a client, an upstream and an operator see of basic-auth, on three hosts.

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
mod credentials;
mod older_filter;
mod paths;
mod username;
mod users;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sdk_tests::{Plugin, Proxy, Reply, Request};

fn plugin() -> Plugin {
    Plugin::new("basic_auth", basic_auth::root_context)
}

/// The header value for `user:password`.
fn basic(pair: impl AsRef<[u8]>) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// GET `path` with `user:password`.
fn get_as(proxy: &mut Proxy, pair: &str, path: &str) -> Reply {
    proxy.send(Request::get(path).header("authorization", basic(pair)))
}

/// The status of GET `path` without credentials.
fn status_of(proxy: &mut Proxy, path: &str) -> u16 {
    proxy.send(Request::get(path)).status()
}
