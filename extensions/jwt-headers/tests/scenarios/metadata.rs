//! Claims that a filter before this one has verified.
//!
//! Envoy's own metadata comes from Envoy's own `jwt_authn`: the demo shows the two together.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, upstream_header};

/// A field of wire type 2.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 0x80);
    [&[number << 3 | 2, length], content].concat()
}

fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    field(1, &[field(1, key.as_bytes()), field(2, value)].concat())
}

/// `jwt_authn`'s metadata, serialized, with these claims of `payload`.
fn metadata(claims: &[Vec<u8>]) -> Vec<u8> {
    let payload = entry("payload", &field(5, &claims.concat()));
    entry("envoy.filters.http.jwt_authn", &payload)
}

fn text(text: &str) -> Vec<u8> {
    field(3, text.as_bytes())
}

fn number(number: f64) -> Vec<u8> {
    [&[0x11][..], &number.to_bits().to_le_bytes()].concat()
}

fn configure(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "providers": { "envoy": {
            "from_metadata": { "key": "payload" },
            "required_claims": [{ "claim": "level" }],
            "claims_to_headers": [
                { "claim": "sub", "header": "x-sub" },
                { "claim": "level", "header": "x-level" }
            ],
            "payload_header": "x-payload"
        } } }))
        .unwrap();
}

#[scenario(native, wasm)]
fn claims_of_the_metadata_become_headers(proxy: &mut Proxy) {
    let claims = [
        entry("sub", &text("abcdefgh")),
        entry("level", &number(7.0)),
    ];
    proxy.property(&["metadata"], metadata(&claims));
    configure(proxy);
    let reply = proxy.send(Request::get("/").header("x-sub", "admin"));
    assert_eq!(reply.status(), 200);
    assert_eq!(
        upstream_header(&reply, "x-sub").as_deref(),
        Some("abcdefgh")
    );
    assert_eq!(upstream_header(&reply, "x-level").as_deref(), Some("7"));
    let payload = super::tokens::encode(r#"{"level":7,"sub":"abcdefgh"}"#);
    assert_eq!(upstream_header(&reply, "x-payload"), Some(payload));
}

#[scenario(native, wasm)]
fn what_is_required_is_required_of_the_metadata_too(proxy: &mut Proxy) {
    proxy.property(&["metadata"], metadata(&[entry("sub", &text("alice"))]));
    configure(proxy);
    assert_eq!(proxy.send(Request::get("/")).status(), 403);
}

#[scenario]
fn without_metadata_there_is_no_token(proxy: &mut Proxy) {
    configure(proxy);
    let reply = proxy.send(Request::get("/").header("authorization", "Bearer x"));
    assert_eq!(reply.status(), 401);
    assert_eq!(proxy.metric("jwt_headers_denied.reason.missing"), 1);
}
