//! What a request costs: budget.toml has the numbers, and `cargo xtask bench` shows them.
//!
//! A host call that returns data costs ten times one that does not; one is enough, for the headers.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{basic, plugin};

/// So many rules; `/secret` falls under the last one.
fn protect(proxy: &mut Proxy, rules: usize) {
    let rule = |prefix: String| json!({ "prefix": prefix, "credentials": ["alice:open-sesame"] });
    let others = (1..rules).map(|index| rule(format!("/area-{index}/")));
    let rules: Vec<_> = others.chain([rule("/secret".to_owned())]).collect();
    proxy
        .configure(json!({ "basic_auth_rules": rules }))
        .unwrap();
}

fn as_alice(password: &str) -> Request {
    Request::get("/secret").header("authorization", basic(format!("alice:{password}")))
}

/// The first request fills caches and grows tables; the second is like every later one.
fn send_twice(proxy: &mut Proxy, request: &Request) {
    proxy.send(request.clone());
    proxy.send(request.clone());
}

#[scenario(native, wasm)]
fn a_path_that_no_rule_covers_stays_within_its_budget(proxy: &mut Proxy) {
    protect(proxy, 1);
    send_twice(proxy, &Request::get("/open"));
    proxy.assert_within_budget("a path that no rule covers");
}

#[scenario(native, wasm)]
fn a_request_without_a_password_stays_within_its_budget(proxy: &mut Proxy) {
    protect(proxy, 1);
    send_twice(proxy, &Request::get("/secret"));
    proxy.assert_within_budget("1 rule, no password");
}

#[scenario(native, wasm)]
fn a_wrong_password_stays_within_its_budget(proxy: &mut Proxy) {
    protect(proxy, 1);
    send_twice(proxy, &as_alice("wrong"));
    proxy.assert_within_budget("1 rule, wrong password");
}

#[scenario(native, wasm)]
fn a_right_password_stays_within_its_budget(proxy: &mut Proxy) {
    protect(proxy, 1);
    send_twice(proxy, &as_alice("open-sesame"));
    proxy.assert_within_budget("1 rule, right password");
}

#[scenario(native, wasm)]
fn a_hundred_rules_stay_within_their_budget(proxy: &mut Proxy) {
    protect(proxy, 100);
    send_twice(proxy, &as_alice("open-sesame"));
    proxy.assert_within_budget("100 rules, right password");
}

#[scenario(native, wasm)]
fn telling_the_user_and_hiding_the_password_stays_within_its_budget(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/secret", "credentials": ["alice:open-sesame"] }],
            "username_header": "x-user",
            "forward_authorization": false
        }))
        .unwrap();
    send_twice(proxy, &as_alice("open-sesame"));
    proxy.assert_within_budget("user told, password hidden");
}

#[scenario(native, wasm)]
fn a_remembered_password_stays_within_its_budget(proxy: &mut Proxy) {
    let alice = "alice:$2b$10$MdirlxqWfleSSRV4ano0IeLxKi6CaSP3nCgVk1ufPiQmSxUoJEtt6";
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/secret" }], "users": [alice] }))
        .unwrap();
    send_twice(proxy, &as_alice("open-sesame"));
    proxy.assert_within_budget("bcrypt user, remembered");
}
