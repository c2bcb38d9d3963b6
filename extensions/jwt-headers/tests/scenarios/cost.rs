//! What a request costs: budget.toml has the numbers, and `cargo xtask bench` shows them.
//!
//! A host call that returns data costs ten times one that does not; one is enough, for the headers.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, provider, require_a_token, tokens, with_token};

/// The first request fills caches and grows tables; the second is like every later one.
fn send_twice(proxy: &mut Proxy, request: &Request) {
    proxy.send(request.clone());
    proxy.send(request.clone());
}

/// A token as identity providers make them: about 750 bytes.
fn token(algorithm: &str) -> String {
    let roles = ["default-roles", "offline_access", "reader", "writer"];
    tokens::token(
        algorithm,
        json!({
            "jti": "5f9f1e0b-2c4e-4a8e-9f1d-3b1c0f6a7d52",
            "azp": "web", "scope": "openid profile email", "email_verified": true,
            "realm_access": { "roles": roles }, "preferred_username": "alice",
        }),
    )
}

#[scenario(native, wasm)]
fn a_path_that_no_rule_covers_stays_within_its_budget(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "providers": { "main": provider(json!({})) },
            "rules": [{ "prefix": "/private", "requires": "main" }]
        }))
        .unwrap();
    send_twice(proxy, &Request::get("/open"));
    proxy.assert_within_budget("a path that no rule covers");
}

#[scenario(native, wasm)]
fn a_request_without_a_token_stays_within_its_budget(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    send_twice(proxy, &Request::get("/"));
    proxy.assert_within_budget("no token");
}

#[scenario(native, wasm)]
fn a_remembered_token_stays_within_its_budget(proxy: &mut Proxy) {
    require_a_token(proxy, json!({ "algorithms": ["RS256"] }));
    send_twice(proxy, &with_token("/", &token("RS256")));
    proxy.assert_within_budget("RS256 token, remembered");
}

#[scenario(native, wasm)]
fn two_headers_of_a_remembered_token_stay_within_their_budget(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({
            "algorithms": ["RS256"],
            "claims_to_headers": [
                { "claim": "sub", "header": "x-sub" },
                { "claim": "realm_access.roles", "header": "x-roles", "format": "csv" }
            ]
        }),
    );
    send_twice(proxy, &with_token("/", &token("RS256")));
    proxy.assert_within_budget("RS256 token, remembered, two headers");
}

/// The host verifies the signature; it is not counted.
#[scenario(native, wasm)]
fn a_token_that_is_seen_for_the_first_time_stays_within_its_budget(proxy: &mut Proxy) {
    let main = provider(json!({ "algorithms": ["RS256"] }));
    proxy
        .configure(json!({ "providers": { "main": main }, "token_cache": { "max_entries": 0 } }))
        .unwrap();
    send_twice(proxy, &with_token("/", &token("RS256")));
    proxy.assert_within_budget("RS256 token, first sight");
}

#[scenario(native, wasm)]
fn a_token_that_is_verified_here_stays_within_its_budget(proxy: &mut Proxy) {
    let main = provider(json!({ "algorithms": ["EdDSA"] }));
    proxy
        .configure(json!({ "providers": { "main": main }, "token_cache": { "max_entries": 0 } }))
        .unwrap();
    send_twice(proxy, &with_token("/", &token("EdDSA")));
    proxy.assert_within_budget("EdDSA token, first sight");
}
