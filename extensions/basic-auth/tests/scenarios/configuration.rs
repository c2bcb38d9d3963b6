//! What an operator sees.

use sdk_tests::{Level, Proxy, Rule, json, scenario};

use super::{get_as, plugin};

#[scenario]
fn an_info_log_proves_that_it_is_on(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "users": ["alice:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac="],
            "basic_auth_rules": [{ "prefix": "/a" }, { "prefix": "/b" }]
        }))
        .unwrap();
    let logs = proxy.logs();
    let line = logs.iter().find(|log| {
        log.message
            .contains("basic-auth is on: 2 rule(s), 1 user(s)")
    });
    assert_eq!(line.map(|log| log.level), Some(Level::Info), "{logs:?}");
}

#[scenario]
fn a_refused_config_is_counted_and_the_old_one_keeps_serving(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    let good = json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }] });
    proxy.configure(good).unwrap();
    assert_eq!(proxy.metric("basic_auth_config_errors"), 0);
    let rejected = proxy.configure("not JSON").unwrap_err();
    assert!(
        rejected
            .reason()
            .contains("basic-auth is not configured: configuration: ")
    );
    assert_eq!(proxy.metric("basic_auth_config_errors"), 1);
    assert_eq!(get_as(proxy, "a:b", "/").status(), 200);
    assert_eq!(get_as(proxy, "a:c", "/").status(), 401);
}

#[scenario]
fn a_debug_log_says_why(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }] }))
        .unwrap();
    get_as(proxy, "a:wrong", "/");
    get_as(proxy, "a:b", "/%2f");
    for expected in [
        "denied: unknown user or wrong password",
        "refused: the path has an encoded slash, or a backslash",
    ] {
        let logs = proxy.logs();
        let line = logs.iter().find(|log| log.message.contains(expected));
        assert_eq!(line.map(|log| log.level), Some(Level::Debug), "{logs:?}");
    }
}
