//! Conditions that cannot be evaluated.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{RUNTIME_ERRORS, assert_soon, plugin, saw, watching};

/// Conditions of the host and of the guest, of which the first ones fail.
const CONDITIONS: [&str; 5] = [
    "source.address.startsWith('nowhere')",
    "request.referer == 'x'",
    // No bool.
    "request.method",
    "request.size + 1",
    "destination.port > 0",
];

fn attributes(on_error: &str) -> serde_json::Value {
    let matches: Vec<_> = CONDITIONS
        .iter()
        .enumerate()
        .map(|(at, condition)| json!({ "condition": condition, "value": format!("match{at}") }))
        .collect();
    json!([{
        "output_attribute": "x", "phase": "ON_REQUEST", "on_error": on_error, "match": matches
    }])
}

#[scenario]
fn an_error_does_not_hide_a_later_match(proxy: &mut Proxy) {
    proxy
        .configure(watching(&attributes("continue"), "x", &["match4"]))
        .unwrap();
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| saw(proxy, &["match4"]), &vec![1]);
    assert_eq!(proxy.metric(RUNTIME_ERRORS), 3);
}

#[scenario]
fn an_error_abandons_the_attribute_where_that_is_wanted(proxy: &mut Proxy) {
    proxy
        .configure(watching(&attributes("abandon"), "x", &["match4"]))
        .unwrap();
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| proxy.metric(RUNTIME_ERRORS), &1);
    assert_eq!(saw(proxy, &["match4"]), [0]);
    assert_eq!(super::matched(proxy, "x"), 0);
}
