//! What an operator sees.

use sdk_tests::{HostKind, Level, Proxy, Rule, json, scenario};

use super::{plugin, provider, require_a_token, send, tokens};

#[scenario]
fn an_info_log_proves_that_it_is_on(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    let verifies = match proxy.host() {
        HostKind::Envoy => "RS256, RS384, RS512, ES256, ES384",
        HostKind::Native | HostKind::Wasm => "",
    };
    let expected = "jwt-headers is on: 1 provider(s), 1 rule(s); the host verifies ";
    let logs = proxy.logs();
    let line = logs.iter().find(|log| log.message.contains(expected));
    assert_eq!(line.map(|log| log.level), Some(Level::Info), "{logs:?}");
    assert!(line.unwrap().message.contains(verifies), "{logs:?}");
}

#[scenario]
fn a_refused_config_is_counted_and_the_old_one_keeps_serving(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    require_a_token(proxy, json!({}));
    let rejected = proxy
        .configure(json!({ "providers": { "main": provider(json!({ "algorithm": "none" })) } }))
        .unwrap_err();
    assert!(
        rejected
            .reason()
            .contains("jwt-headers is not configured: providers.main.algorithm: unknown field"),
        "{rejected}"
    );
    assert_eq!(proxy.metric("jwt_headers_config_errors"), 1);
    assert_eq!(
        send(proxy, &tokens::token("EdDSA", json!({}))).status(),
        200
    );
    assert_eq!(send(proxy, "x").status(), 401);
}

#[scenario]
fn a_debug_log_says_why(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    send(proxy, &tokens::token_by("ed", 8, json!({})));
    let logs = proxy.logs();
    let line = logs
        .iter()
        .find(|log| log.message.contains("denied: signature"));
    assert_eq!(line.map(|log| log.level), Some(Level::Debug), "{logs:?}");
}
