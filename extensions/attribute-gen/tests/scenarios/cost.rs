//! What a request costs: budget.toml has the numbers, and `cargo xtask bench` shows them.
//!
//! A host call that returns data costs ten times one that does not.

use sdk_tests::{Proxy, Request, json, scenario};
use serde_json::Value as Json;

use super::plugin;

/// Host calls that hand data to the guest.
const GIVING: [&str; 4] = [
    "get_header_map_pairs",
    "get_header_map_value",
    "get_property",
    "call_foreign_function",
];

/// So many of them did the last request take.
fn calls_that_give(proxy: &Proxy) -> usize {
    let costs = proxy.costs();
    let calls = costs.iter().flat_map(|cost| &cost.host_calls);
    calls
        .filter(|call| GIVING.contains(&call.name.trim_start_matches("proxy_")))
        .count()
}

/// The two examples of Istio's documentation, and a third attribute.
fn three_attributes() -> Json {
    let example = |file: &str| -> Json {
        let path = format!("{}/deploy/{file}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    json!({ "attributes": [
        example("operations.json")["attributes"][0],
        example("response_classes.json")["attributes"][0],
        { "output_attribute": "istio_client", "phase": "ON_REQUEST", "match": [
            { "condition": "request.useragent.startsWith('curl/')", "value": "curl" },
            { "value": "other" }
        ] }
    ] })
}

#[scenario(native, wasm)]
fn istios_examples_take_two_calls_that_give_data(proxy: &mut Proxy) {
    proxy.configure(three_attributes()).unwrap();
    for path in ["/reviews", "/reviews/17", "/none"] {
        let request = Request::get(path).header("user-agent", "curl/8");
        proxy.send(request.clone());
        proxy.send(request);
        assert_eq!(calls_that_give(proxy), 2, "{path}: {:?}", proxy.costs());
    }
}

#[scenario(native, wasm)]
fn istios_examples_stay_within_their_budget(proxy: &mut Proxy) {
    proxy.configure(three_attributes()).unwrap();
    let request = Request::get("/reviews/17").header("user-agent", "curl/8");
    proxy.send(request.clone());
    proxy.send(request);
    proxy.assert_within_budget("the examples of Istio, 3 attributes");
}

#[scenario(native, wasm)]
fn ten_conditions_of_the_host_take_one_call(proxy: &mut Proxy) {
    let matches: Vec<_> = (0..10)
        .map(|port| json!({ "condition": format!("source.port == {port}"), "value": "x" }))
        .collect();
    proxy
        .configure(json!({ "attributes": [
            { "output_attribute": "x", "phase": "ON_REQUEST", "match": matches }
        ] }))
        .unwrap();
    proxy.send(Request::get("/"));
    proxy.send(Request::get("/"));
    assert_eq!(calls_that_give(proxy), 1, "{:?}", proxy.costs());
}
