//! Claims that a filter before this one has verified.
//!
//! Natively and on Wasmtime they are a property; in Envoy a filter writes them. That its own
//! `jwt_authn` does so shows the demo.

use sdk_tests::{HostKind, Proxy, Request, Surroundings, json, scenario};
use serde_json::Value;

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

/// A `google.protobuf.Value`.
fn value(json: &Value) -> Vec<u8> {
    match json {
        Value::Number(number) => {
            let bits = number.as_f64().unwrap().to_bits();
            [&[0x11][..], &bits.to_le_bytes()].concat()
        }
        Value::String(text) => field(3, text.as_bytes()),
        Value::Object(fields) => {
            let fields = fields.iter().flat_map(|(name, it)| entry(name, &value(it)));
            field(5, &fields.collect::<Vec<_>>())
        }
        other => panic!("not needed so far: {other}"),
    }
}

const NAMESPACE: &str = "envoy.filters.http.jwt_authn";

/// Leaves these claims where `jwt_authn` does.
fn leave(proxy: &mut Proxy, claims: Value) {
    if proxy.host() == HostKind::Envoy {
        proxy.surround(Surroundings::default().filter(json!({
            "name": "envoy.filters.http.set_metadata",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config",
                "metadata": [{ "metadata_namespace": NAMESPACE, "value": { "payload": claims } }]
            }
        })));
    } else {
        let payload = entry("payload", &value(&claims));
        proxy.property(&["metadata"], entry(NAMESPACE, &payload));
    }
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

#[scenario]
fn claims_of_the_metadata_become_headers(proxy: &mut Proxy) {
    leave(proxy, json!({ "sub": "abcdefgh", "level": 7 }));
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

#[scenario]
fn what_is_required_is_required_of_the_metadata_too(proxy: &mut Proxy) {
    leave(proxy, json!({ "sub": "alice" }));
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
