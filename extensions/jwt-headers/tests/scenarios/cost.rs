//! What a request costs. A host call that returns data costs ten times one that does not.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, provider, require_a_token, send, tokens};

fn host_calls(proxy: &Proxy) -> Vec<String> {
    proxy
        .costs()
        .iter()
        .flat_map(|cost| &cost.host_calls)
        .map(|call| call.name.to_string())
        .collect()
}

#[scenario(native, wasm)]
fn a_remembered_token_takes_one_host_call_that_returns_data(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({ "claims_to_headers": [{ "claim": "sub", "header": "x-sub" }] }),
    );
    let token = tokens::token("EdDSA", json!({}));
    send(proxy, &token);
    send(proxy, &token);
    assert_eq!(
        host_calls(proxy),
        [
            "proxy_get_header_map_pairs",
            "proxy_get_current_time_nanoseconds",
            "proxy_remove_header_map_value",
            "proxy_replace_header_map_value",
            "proxy_increment_metric",
            "proxy_increment_metric",
        ]
    );
}

#[scenario(native, wasm)]
fn a_request_that_no_rule_covers_takes_two_host_calls(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "providers": { "main": provider(json!({})) },
            "rules": [{ "prefix": "/private", "requires": "main" }]
        }))
        .unwrap();
    proxy.send(Request::get("/open"));
    assert_eq!(
        host_calls(proxy),
        [
            "proxy_get_header_map_pairs",
            "proxy_get_current_time_nanoseconds"
        ]
    );
}
