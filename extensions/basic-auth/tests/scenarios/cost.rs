//! What a request costs. A host call that returns data costs ten times one that does not.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{basic, get_as, plugin};

fn host_calls(proxy: &Proxy) -> Vec<String> {
    proxy
        .costs()
        .iter()
        .flat_map(|cost| &cost.host_calls)
        .map(|call| call.name.to_string())
        .collect()
}

#[scenario(native, wasm)]
fn a_correct_password_takes_one_host_call_that_returns_data(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }] }))
        .unwrap();
    assert_eq!(get_as(proxy, "a:b", "/").status(), 200);
    assert_eq!(
        host_calls(proxy),
        ["proxy_get_header_map_pairs", "proxy_increment_metric"]
    );
}

#[scenario(native, wasm)]
fn a_request_that_no_rule_covers_takes_one_host_call(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/secret", "credentials": ["a:b"] }],
            "username_header": "x-user"
        }))
        .unwrap();
    proxy.send(Request::get("/open"));
    assert_eq!(host_calls(proxy), ["proxy_get_header_map_pairs"]);
}

#[scenario(native, wasm)]
fn telling_the_user_and_hiding_the_password_takes_two_more(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }],
            "username_header": "x-user",
            "forward_authorization": false
        }))
        .unwrap();
    proxy.send(Request::get("/").header("authorization", basic("a:b")));
    assert_eq!(
        host_calls(proxy),
        [
            "proxy_get_header_map_pairs",
            "proxy_replace_header_map_value",
            "proxy_remove_header_map_value",
            "proxy_increment_metric"
        ]
    );
}
