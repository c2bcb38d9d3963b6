//! What an operator sees.

use sdk_tests::{Level, Proxy, Rule, json, scenario};

use super::{always, get, plugin, result, server};

#[scenario]
fn an_info_log_proves_that_it_is_on(proxy: &mut Proxy) {
    proxy
        .configure(server(json!({ "mode": "shadow" })))
        .unwrap();
    let logs = proxy.logs();
    let expected = "opa is on: cluster \"opa\" is asked for /v1/data/envoy/authz/result, and every \
                    request passes";
    let line = logs.iter().find(|log| log.message.contains(expected));
    assert_eq!(line.map(|log| log.level), Some(Level::Info), "{logs:?}");
}

#[scenario]
fn a_refused_config_is_counted_and_the_old_one_keeps_serving(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    always(proxy, result(json!(false)), json!({}));
    let rejected = proxy
        .configure(json!({ "server": { "cluster": "" } }))
        .unwrap_err();
    let reason = rejected.reason();
    assert!(
        reason.contains("opa is not configured: server.cluster: got \"\""),
        "{reason}"
    );
    assert_eq!(proxy.metric("opa_config_errors"), 1);
    assert_eq!(get(proxy, "/").status(), 403);
}

/// Natively the same code has an engine.
#[scenario(wasm, envoy)]
#[allow(dead_code, reason = "these hosts are behind features")]
fn the_small_module_refuses_a_policy_and_names_the_other(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    for config in [
        json!({ "policy": { "inline": "package a" } }),
        server(json!({ "on_error": "embedded", "policy": { "inline": "package a" } })),
        server(json!({ "on_error": "embedded" })),
    ] {
        let reason = proxy.configure(config).unwrap_err().reason();
        assert!(reason.contains("opa_embedded.wasm"), "{reason}");
    }
}

#[scenario]
fn a_debug_log_says_why(proxy: &mut Proxy) {
    always(proxy, result(json!("yes")), json!({}));
    get(proxy, "/");
    let logs = proxy.logs();
    let expected = "refused: the policy's result is no decision: result: expected a boolean";
    let line = logs.iter().find(|log| log.message.contains(expected));
    assert_eq!(line.map(|log| log.level), Some(Level::Debug), "{logs:?}");
}
