//! What a client is told.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, provider, require_a_token, send, tokens, with_token};

fn challenge(reply: &sdk_tests::Reply) -> String {
    let value = reply.header("www-authenticate").unwrap_or_default();
    String::from_utf8(value.to_vec()).unwrap()
}

#[scenario]
fn a_missing_token_gets_a_challenge_and_no_error(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    for request in [
        Request::get("/"),
        Request::get("/").header("authorization", "Basic YTpi"),
        Request::get("/").header("authorization", "xBearer a.b.c"),
        Request::post("/").body("a".repeat(100_000)),
    ] {
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 401);
        assert!(reply.upstream().is_none());
        assert_eq!(challenge(&reply), r#"Bearer realm="jwt""#);
    }
    assert_eq!(proxy.metric("jwt_headers_denied.reason.missing"), 4);
}

#[scenario]
fn a_bad_token_is_an_invalid_token(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    for (token, description) in [
        ("a.b.c".to_owned(), "The token is malformed."),
        (
            tokens::token("EdDSA", json!({ "exp": 1_000_000_000 })),
            "The token has expired.",
        ),
        (
            tokens::token("EdDSA", json!({ "nbf": tokens::LATER })),
            "The token is not valid yet.",
        ),
        (
            tokens::token("EdDSA", json!({ "iss": "https://mallory.test" })),
            "The token is not accepted.",
        ),
        (
            tokens::token("ES256", json!({})),
            "The token is not accepted.",
        ),
        (
            tokens::token_by("ed", 8, json!({})),
            "The token is not accepted.",
        ),
    ] {
        let reply = send(proxy, &token);
        assert_eq!(reply.status(), 401, "{token}");
        let expected = format!(
            r#"Bearer realm="jwt", error="invalid_token", error_description="{description}""#
        );
        assert_eq!(challenge(&reply), expected, "{token}");
        assert_eq!(reply.text(), format!("{description}\n"));
    }
}

#[scenario]
fn a_token_that_is_not_enough_is_forbidden(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({ "required_claims": [
            { "claim": "scope", "contains": "write" },
            { "claim": "tier", "one_of": ["gold", "silver"] }
        ] }),
    );
    let enough = json!({ "scope": "read write", "tier": "gold" });
    assert_eq!(send(proxy, &tokens::token("EdDSA", enough)).status(), 200);
    for claims in [
        json!({}),
        json!({ "scope": "read", "tier": "gold" }),
        json!({ "scope": "rewrite", "tier": "gold" }),
        json!({ "scope": "write" }),
        json!({ "scope": "write", "tier": "bronze" }),
    ] {
        let reply = send(proxy, &tokens::token("EdDSA", claims.clone()));
        assert_eq!(reply.status(), 403, "{claims}");
        assert_eq!(
            challenge(&reply),
            r#"Bearer realm="jwt", error="insufficient_scope", error_description="The token does not grant access.""#
        );
    }
    // Whoever cannot sign does not learn what is required.
    let forged = tokens::token_by("ed", 8, json!({}));
    assert_eq!(send(proxy, &forged).status(), 401);
}

#[scenario]
fn several_tokens_are_an_invalid_request(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    let token = tokens::token("EdDSA", json!({}));
    let twice = with_token("/", &token).header("authorization", format!("Bearer {token}"));
    let joined = with_token("/", &format!("{token},Bearer {token}"));
    for request in [twice, joined] {
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 400);
        assert_eq!(
            challenge(&reply),
            r#"Bearer realm="jwt", error="invalid_request", error_description="More than one token was sent.""#
        );
    }
    assert_eq!(proxy.metric("jwt_headers_denied.reason.several"), 2);
}

#[scenario]
fn nothing_of_the_request_comes_back(proxy: &mut Proxy) {
    let main = provider(json!({
        "sources": [{ "header": "authorization", "scheme": "Bearer" }, { "query": "access_token" }]
    }));
    proxy
        .configure(json!({ "providers": { "main": main }, "realm": "the \"inner\" circle" }))
        .unwrap();
    for request in [
        Request::get("/canary?access_token=canary&canary"),
        with_token("/canary", "canary.canary.canary").authority("canary.test"),
        with_token("/", &tokens::token("EdDSA", json!({ "iss": "canary" }))),
    ] {
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 401);
        assert!(challenge(&reply).starts_with(r#"Bearer realm="the \"inner\" circle""#));
        for (name, value) in reply.all_headers() {
            let value = String::from_utf8_lossy(value);
            assert!(!value.contains("canary"), "{name}: {value}");
        }
        assert!(!reply.text().contains("canary"));
    }
}

#[scenario]
fn a_token_never_reaches_a_log(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    let good = tokens::token("EdDSA", json!({}));
    let bad = tokens::token_by("ed", 8, json!({}));
    send(proxy, &good);
    send(proxy, &bad);
    send(proxy, "x.y.z");
    proxy.send(with_token("/", &good).header("authorization", "Bearer x"));
    let parts: Vec<&str> = good.split('.').chain(bad.split('.')).collect();
    for log in proxy.logs() {
        for part in &parts {
            assert!(!log.message.contains(part), "{}", log.message);
        }
        assert!(!log.message.contains("alice"), "{}", log.message);
    }
}

/// The commonest production crash of Rust plugins: the SDK's text getters panic on such bytes.
#[scenario]
fn bytes_that_are_not_utf_8_harm_nobody(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    let bytes: Vec<u8> = (0x80..=0xff).collect();
    let token = tokens::token("EdDSA", json!({}));
    for name in ["authorization", "x-anything", "cookie", "user-agent"] {
        let reply = proxy.send(Request::get("/").header(name, &bytes));
        assert_eq!(reply.status(), 401, "{name}");
        let reply = proxy.send(Request::get("/").header("authorization", b"Bearer \xff\xfe"));
        assert_eq!(reply.status(), 401);
        assert_eq!(send(proxy, &token).status(), 200, "after {name}");
    }
}
