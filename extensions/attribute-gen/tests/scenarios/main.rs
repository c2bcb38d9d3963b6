//! What attribute-gen tells other filters, access logs and operators, on three hosts.

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
mod differential;
mod errors;
mod istio;
mod phases;
mod reload;

use std::time::Duration;

use sdk_tests::{HostKind, Plugin, Proxy, json};
use serde_json::Value as Json;

const RUNTIME_ERRORS: &str = "wasm_filter.attributegen.type.runtime.error_count";
const CONFIG_ERRORS: &str = "wasm_filter.attributegen.type.config.error_count";

fn plugin() -> Plugin {
    Plugin::new("attribute_gen", attribute_gen::root_context)
}

/// The configuration that generates these attributes, and watches them: where the one called `name`
/// has the text `value` at last, as the host's expressions see it, `saw_<value>` is generated.
fn watching(attributes: &Json, name: &str, values: &[&str]) -> Json {
    let mut attributes = attributes.as_array().unwrap().clone();
    for value in values {
        attributes.push(json!({
            "output_attribute": format!("saw_{value}"),
            "on_error": "abandon",
            "match": [{
                "condition": format!("'wasm.{name}' in filter_state && filter_state['wasm.{name}'] == '{value}'"),
                "value": "yes"
            }]
        }));
    }
    json!({ "attributes": attributes })
}

/// How often an attribute has been generated.
fn matched(proxy: &mut Proxy, attribute: &str) -> u64 {
    proxy.metric(&format!("attribute_gen_matched.attribute.{attribute}"))
}

/// How often each value has been seen: see [`watching`].
fn saw(proxy: &mut Proxy, values: &[&str]) -> Vec<u64> {
    let name = |value: &&str| format!("saw_{value}");
    values
        .iter()
        .map(|value| matched(proxy, &name(value)))
        .collect()
}

/// Envoy logs a stream when its reply is on its way already: waits until something is so.
fn wait(proxy: &mut Proxy, is_so: impl Fn(&mut Proxy) -> bool) {
    for _ in 0..100 {
        if is_so(proxy) || proxy.host() != HostKind::Envoy {
            return;
        }
        proxy.advance(Duration::from_millis(20));
    }
}

/// Waits until `read` gives `expected`.
#[track_caller]
fn assert_soon<T: PartialEq + std::fmt::Debug>(
    proxy: &mut Proxy,
    read: impl Fn(&mut Proxy) -> T,
    expected: &T,
) {
    wait(proxy, |proxy| read(proxy) == *expected);
    assert_eq!(read(proxy), *expected);
}
