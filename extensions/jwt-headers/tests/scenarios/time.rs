//! Tokens end, also those that are remembered.

use std::time::{Duration, SystemTime};

use sdk_tests::{HostKind, Proxy, json, scenario};

use super::{plugin, require_a_token, send, tokens};

/// Seconds since 1970, by the proxy's clock.
fn now(proxy: &Proxy) -> u64 {
    match proxy.host() {
        HostKind::Envoy => {
            let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since_epoch.unwrap().as_secs()
        }
        // The mock's clock begins with the year 2026.
        HostKind::Native | HostKind::Wasm => 1_767_225_600,
    }
}

#[scenario]
fn a_remembered_token_ends_when_it_expires(proxy: &mut Proxy) {
    require_a_token(proxy, json!({ "clock_skew": "0s" }));
    let end = now(proxy) + 3;
    let token = tokens::token("EdDSA", json!({ "exp": end }));
    assert_eq!(send(proxy, &token).status(), 200);
    assert_eq!(send(proxy, &token).status(), 200);
    assert_eq!(proxy.metric("jwt_headers_cache_hits"), 1);
    proxy.advance(Duration::from_secs(4));
    assert_eq!(send(proxy, &token).status(), 401);
    assert_eq!(send(proxy, &token).status(), 401);
    assert_eq!(proxy.metric("jwt_headers_denied.reason.expired"), 2);
}

#[scenario]
fn clocks_may_be_apart_a_little(proxy: &mut Proxy) {
    require_a_token(proxy, json!({ "clock_skew": "60s" }));
    let now = now(proxy);
    for (claims, status) in [
        (json!({ "exp": now - 50 }), 200),
        (json!({ "exp": now - 70 }), 401),
        (json!({ "nbf": now + 50 }), 200),
        (json!({ "nbf": now + 80 }), 401),
        (json!({ "iat": now + 50 }), 200),
        (json!({ "iat": now + 80 }), 401),
    ] {
        let token = tokens::token("EdDSA", claims.clone());
        assert_eq!(send(proxy, &token).status(), status, "{claims}");
    }
}

#[scenario]
fn a_token_must_end_unless_the_operator_says_otherwise(proxy: &mut Proxy) {
    let endless = tokens::token("EdDSA", json!({ "exp": null }));
    require_a_token(proxy, json!({}));
    assert_eq!(send(proxy, &endless).status(), 401);
    require_a_token(proxy, json!({ "require_expiration": false }));
    assert_eq!(send(proxy, &endless).status(), 200);
    require_a_token(proxy, json!({ "max_lifetime": "3600s" }));
    assert_eq!(send(proxy, &endless).status(), 401);
    let now = now(proxy);
    let hour = json!({ "iat": now, "exp": now + 3_600 });
    assert_eq!(send(proxy, &tokens::token("EdDSA", hour)).status(), 200);
    let longer = json!({ "iat": now, "exp": now + 3_601 });
    assert_eq!(send(proxy, &tokens::token("EdDSA", longer)).status(), 401);
}

#[scenario]
fn a_new_configuration_remembers_nothing(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    let token = tokens::token("EdDSA", json!({}));
    assert_eq!(send(proxy, &token).status(), 200);
    let keys = json!({ "inline": { "keys": [tokens::ed25519_jwk("ed", 8)] } });
    require_a_token(proxy, json!({ "jwks": keys }));
    assert_eq!(send(proxy, &token).status(), 401);
}
