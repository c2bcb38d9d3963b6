//! How Envoy treats a plugin, row by row. Every scenario runs on every host, so that the mock
//! cannot drift from Envoy.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test may fail in any way"
)]

mod callout_faults;
mod callouts;
mod chain;
mod configuration;
mod expressions;
mod foreign;
mod grpc;
mod grpc_failures;
mod grpc_stream_ends;
mod grpc_streams;
mod headers;
mod held_headers;
mod interleaving;
mod messages;
mod network;
mod network_callouts;
mod network_chain;
mod network_ends;
mod properties;
mod queues;
mod reload;
mod root_callouts;
mod signatures;
mod steps;
mod streams;
mod strictness;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sdk_tests::__private::built;
use sdk_tests::{Plugin, Proxy, Reply, Request};

fn plugin() -> Plugin {
    fixture("sdk_tests_fixture")
}

/// The fixture under any name.
fn fixture(name: &str) -> Plugin {
    with_module(Plugin::new(name, sdk_tests_fixture::root_context))
}

/// With the fixture's module, where a host needs it.
fn with_module(plugin: Plugin) -> Plugin {
    if cfg!(any(feature = "wasm", feature = "envoy")) {
        plugin.wasm_file(module())
    } else {
        plugin
    }
}

/// The fixture as a module, built the first time that a test asks for it.
fn module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| built("sdk-tests-fixture", env!("CARGO_TARGET_TMPDIR")))
}

/// Sends a request; returns the reply and what the plugin logged meanwhile.
fn send(proxy: &mut Proxy, request: Request) -> (Reply, Vec<String>) {
    let before = proxy.logs().len();
    let reply = proxy.send(request);
    let logs = proxy.logs().split_off(before);
    (reply, logs.into_iter().map(|log| log.message).collect())
}
