//! What a request costs: `budget.toml` has the numbers, and `cargo xtask bench` shows them.
//!
//! A host call that returns data costs ten times one that does not.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{get, plugin, result, server};

/// The first request fills caches and grows tables; the second is like every later one.
fn send_twice(proxy: &mut Proxy, request: &Request) {
    proxy.send(request.clone());
    proxy.send(request.clone());
}

fn host_calls(proxy: &Proxy) -> Vec<String> {
    proxy
        .costs()
        .iter()
        .flat_map(|cost| &cost.host_calls)
        .map(|call| call.name.to_string())
        .collect()
}

/// Those that returned data.
fn returned(proxy: &Proxy) -> usize {
    let costs = proxy.costs();
    let calls = costs.iter().flat_map(|cost| &cost.host_calls);
    let clock = |name: &str| name == "proxy_get_current_time_nanoseconds";
    calls
        .filter(|call| call.bytes_out > 0 && !clock(call.name))
        .count()
}

#[scenario(native, wasm)]
fn a_remembered_decision_of_the_older_form_takes_two_host_calls_that_return_data(
    proxy: &mut Proxy,
) {
    proxy.serve("opa", |_| result(json!(true)));
    proxy.property(&["connection", "uri_san_peer_certificate"], "spiffe://a");
    proxy
        .configure(json!({
            "opa_service_host": "opa", "opa_cluster_name": "opa",
            "check_result_cache_valid_sec": 60
        }))
        .unwrap();
    get(proxy, "/");
    get(proxy, "/");
    assert_eq!(proxy.callouts().len(), 1);
    assert_eq!(
        host_calls(proxy),
        [
            "proxy_get_header_map_pairs",
            "proxy_get_current_time_nanoseconds",
            "proxy_get_property",
            "proxy_increment_metric",
            "proxy_increment_metric",
        ]
    );
    assert_eq!(returned(proxy), 2);
    proxy.assert_within_budget("opa.wasm, remembered, legacy form");
}

#[scenario(native, wasm)]
fn a_remembered_decision_of_the_envoy_form_takes_four_host_calls_that_return_data(
    proxy: &mut Proxy,
) {
    proxy.serve("opa", |_| result(json!(true)));
    proxy.property(&["connection", "id"], 7_u64.to_le_bytes());
    proxy.property(&["source", "address"], "10.0.0.1:4711");
    proxy.property(&["destination", "address"], "10.0.0.2:443");
    proxy.property(&["connection", "uri_san_peer_certificate"], "spiffe://a");
    proxy.property(&["connection", "requested_server_name"], "a.test");
    proxy.configure(server(json!({ "cache": {} }))).unwrap();
    get(proxy, "/");
    proxy.send(Request::get("/").header("x-request-id", "another"));
    assert_eq!(proxy.callouts().len(), 1);
    assert_eq!(
        host_calls(proxy),
        [
            "proxy_get_header_map_pairs",
            "proxy_get_current_time_nanoseconds",
            "proxy_get_property",
            "proxy_get_property",
            // The version of HTTP, which each request of such a connection names anew.
            "proxy_get_property",
            "proxy_increment_metric",
            "proxy_increment_metric",
        ]
    );
    assert_eq!(returned(proxy), 4);
    proxy.assert_within_budget("opa.wasm, remembered, envoy form");
}

#[scenario(native, wasm)]
fn a_callout_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.serve("opa", |_| result(json!(true)));
    proxy.configure(server(json!({}))).unwrap();
    send_twice(proxy, &Request::get("/secret").header("x-user", "alice"));
    proxy.assert_within_budget("opa.wasm, callout");
}

mod embedded {
    use sdk_tests::{Plugin, Proxy, Request, json, scenario};
    use serde_json::Value;

    use super::send_twice;

    const POLICY: &str = include_str!("../data/ten_rules.rego");

    fn plugin() -> Plugin {
        Plugin::new("opa_embedded", opa::root_context)
    }

    fn ten_rules(proxy: &mut Proxy, extra: Value) {
        let mut config = json!({ "policy": { "inline": POLICY, "query": "data.bench.allow" } });
        config
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        proxy.configure(config).unwrap();
        send_twice(proxy, &Request::get("/secret").header("x-user", "alice"));
        assert_eq!(proxy.metric("opa_allowed"), 2);
    }

    #[scenario(native, wasm)]
    fn ten_rules_stay_within_their_budget(proxy: &mut Proxy) {
        ten_rules(proxy, json!({}));
        proxy.assert_within_budget("opa_embedded.wasm, ten rules");
    }

    #[scenario(native, wasm)]
    fn a_remembered_decision_stays_within_its_budget(proxy: &mut Proxy) {
        ten_rules(proxy, json!({ "cache": {} }));
        assert_eq!(proxy.metric("opa_cache_hits"), 1);
        proxy.assert_within_budget("opa_embedded.wasm, remembered");
    }
}
