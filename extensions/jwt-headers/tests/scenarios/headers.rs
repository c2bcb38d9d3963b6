//! What the upstream learns from claims.

use sdk_tests::{Proxy, json, scenario};

use super::{plugin, require_a_token, send, tokens, upstream_header, with_token};

#[scenario]
fn claims_become_headers(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({ "claims_to_headers": [
            { "claim": "sub", "header": "x-sub" },
            { "claim": "id", "header": "x-id" },
            { "claim": "ratio", "header": "x-ratio" },
            { "claim": "admin", "header": "x-admin" },
            { "claim": "realm_access.roles", "header": "x-roles", "format": "csv" },
            { "claim": "/realm_access/roles/1", "header": "x-second" },
            { "claim": "realm_access", "header": "x-access" },
            { "claim": "realm_access", "header": "x-access64", "format": "base64json" },
            { "claim": "https://claims.test/team", "header": "x-team", "prefix": "team-" },
            { "claim": "missing", "header": "x-missing" },
            { "claim": "missing", "header": "x-plan", "default": "free" },
            { "claim": "sub", "header": "x-mapped", "map": { "alice": "1" } }
        ] }),
    );
    let header = r#"{"alg":"EdDSA","kid":"ed"}"#;
    let claims = format!(
        r#"{{ "iss": "{}", "aud": ["api", "web"], "exp": {}, "sub": "alice",
            "id": 9007199254740993, "ratio": 1.50, "admin": true,
            "realm_access": {{ "roles": ["reader", "a,b"] }},
            "https://claims.test/team": "blue" }}"#,
        tokens::ISSUER,
        tokens::LATER
    );
    let reply = send(proxy, &tokens::raw("EdDSA", header, &claims));
    assert_eq!(reply.status(), 200);
    for (name, value) in [
        ("x-sub", Some("alice")),
        ("x-id", Some("9007199254740993")),
        ("x-ratio", Some("1.50")),
        ("x-admin", Some("true")),
        ("x-roles", Some("reader,a%2Cb")),
        ("x-second", Some("a,b")),
        ("x-access", Some(r#"{"roles":["reader","a,b"]}"#)),
        ("x-access64", Some("eyJyb2xlcyI6WyJyZWFkZXIiLCJhLGIiXX0=")),
        ("x-team", Some("team-blue")),
        ("x-missing", None),
        ("x-plan", Some("free")),
        ("x-mapped", Some("1")),
    ] {
        assert_eq!(upstream_header(&reply, name).as_deref(), value, "{name}");
    }
}

#[scenario]
fn headers_can_be_appended_and_removed(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({ "claims_to_headers": [
            { "claim": "team", "header": "x-group", "operation": "append" },
            { "claim": "role", "header": "x-group", "operation": "append" },
            { "claim": "sub", "header": "x-guest", "operation": "remove" },
            { "claim": "missing", "header": "x-kept", "operation": "remove" },
            { "header": "x-debug", "operation": "remove" }
        ] }),
    );
    let token = tokens::token("EdDSA", json!({ "team": "blue", "role": "reader" }));
    let request = with_token("/", &token)
        .header("x-guest", "1")
        .header("x-kept", "1")
        .header("x-debug", "1")
        .header("x-group", "admin");
    let reply = proxy.send(request);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.headers("x-group"), [b"blue".as_slice(), b"reader"]);
    assert_eq!(upstream.header("x-guest"), None);
    assert_eq!(upstream.header("x-kept"), Some(&b"1"[..]));
    assert_eq!(upstream.header("x-debug"), None);
}

#[scenario]
fn the_payload_goes_on_as_it_was_sent(proxy: &mut Proxy) {
    require_a_token(proxy, json!({ "payload_header": "X-Payload" }));
    let token = tokens::token("EdDSA", json!({ "n": 1 }));
    let reply = send(proxy, &token);
    let payload = token.split('.').nth(1);
    assert_eq!(upstream_header(&reply, "x-payload").as_deref(), payload);
}

#[scenario]
fn a_value_that_no_header_can_carry_is_dropped_or_encoded(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({ "claims_to_headers": [
            { "claim": "name", "header": "x-name" },
            { "claim": "name", "header": "x-encoded", "unsafe_value": "percent_encode" },
            { "claim": "name", "header": "x-default", "default": "nobody" }
        ] }),
    );
    for (name, encoded) in [
        ("a\r\nx-admin: true", "a%0D%0Ax-admin: true"),
        ("a\nb", "a%0Ab"),
        ("\0", "%00"),
        ("a\u{7f}", "a%7F"),
        (" admin", "%20admin"),
        ("admin\t", "admin%09"),
    ] {
        let reply = send(proxy, &tokens::token("EdDSA", json!({ "name": name })));
        assert_eq!(reply.status(), 200, "{name:?}");
        assert_eq!(upstream_header(&reply, "x-name"), None, "{name:?}");
        assert_eq!(upstream_header(&reply, "x-default"), None, "{name:?}");
        assert_eq!(upstream_header(&reply, "x-admin"), None, "{name:?}");
        let value = upstream_header(&reply, "x-encoded");
        assert_eq!(value.as_deref(), Some(encoded));
    }
    let reply = send(
        proxy,
        &tokens::token("EdDSA", json!({ "name": "Zoë 100%" })),
    );
    assert_eq!(
        upstream_header(&reply, "x-name").as_deref(),
        Some("Zoë 100%")
    );
}

#[scenario]
fn the_authority_can_be_made_of_a_claim(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({
            "set_authority": {
                "claim": "tenant", "suffix": ".tenants.test", "map": { "a": "alpha", "b": "beta" }
            }
        }),
    );
    for (tenant, authority) in [("a", "alpha.tenants.test"), ("b", "beta.tenants.test")] {
        let reply = send(proxy, &tokens::token("EdDSA", json!({ "tenant": tenant })));
        let upstream = upstream_header(&reply, ":authority");
        assert_eq!(upstream.as_deref(), Some(authority));
    }
    for tenant in [json!("c"), json!(["a"]), json!(null)] {
        let token = tokens::token("EdDSA", json!({ "tenant": tenant }));
        assert_eq!(send(proxy, &token).status(), 403, "{tenant}");
    }
}

#[scenario]
fn every_provider_of_a_rule_contributes(proxy: &mut Proxy) {
    let device = json!({
        "issuer": "https://devices.test",
        "algorithms": ["EdDSA"],
        "jwks": { "inline": { "keys": [tokens::ed25519_jwk("device", 9)] } },
        "sources": [{ "header": "x-device-token" }],
        "claims_to_headers": [{ "claim": "sub", "header": "x-device" }]
    });
    let user = super::provider(json!({
        "claims_to_headers": [{ "claim": "sub", "header": "x-user" }]
    }));
    proxy
        .configure(json!({
            "providers": { "user": user, "device": device },
            "rules": [{ "prefix": "/", "requires": { "all": ["user", "device"] } }]
        }))
        .unwrap();
    let user = tokens::token("EdDSA", json!({}));
    let device = json!({ "iss": "https://devices.test", "sub": "phone" });
    let device = tokens::token_by("device", 9, device);
    let both = with_token("/", &user).header("x-device-token", &device);
    let reply = proxy.send(both);
    assert_eq!(reply.status(), 200);
    assert_eq!(upstream_header(&reply, "x-user").as_deref(), Some("alice"));
    assert_eq!(
        upstream_header(&reply, "x-device").as_deref(),
        Some("phone")
    );
    for header in ["authorization", "x-device-token"] {
        assert_eq!(upstream_header(&reply, header), None);
    }
    assert_eq!(send(proxy, &user).status(), 401);
    let swapped = with_token("/", &device).header("x-device-token", &user);
    assert_eq!(proxy.send(swapped).status(), 401);
}
