//! Headers that claims make, sent by a client.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, provider, tokens, upstream_header, with_token};

const SPELLINGS: [&str; 4] = ["x-roles", "x_roles", "X-Roles", "x.roles"];

fn spoof(request: Request) -> Request {
    SPELLINGS
        .iter()
        .fold(request, |request, name| request.header(*name, "admin"))
        .header("X_Payload", "admin")
}

fn configure(proxy: &mut Proxy) {
    let main = provider(json!({
        "claims_to_headers": [{ "claim": "roles", "header": "x-roles", "format": "csv" }],
        "payload_header": "x-payload"
    }));
    proxy
        .configure(json!({
            "providers": { "main": main },
            "rules": [
                { "prefix": "/private", "requires": "main" },
                { "prefix": "/maybe", "requires": { "optional": ["main"] } },
                { "exact": "/public", "requires": "none" }
            ]
        }))
        .unwrap();
}

#[scenario]
fn a_spoofed_claim_header_never_reaches_the_upstream(proxy: &mut Proxy) {
    configure(proxy);
    let token = tokens::token("EdDSA", json!({}));
    for request in [
        Request::get("/elsewhere"),
        Request::get("/public"),
        Request::get("/maybe"),
        with_token("/maybe", &token),
        with_token("/private", &token),
    ] {
        let reply = proxy.send(spoof(request.clone()));
        assert_eq!(reply.status(), 200, "{request:?}");
        let upstream = reply.upstream().unwrap();
        for name in SPELLINGS {
            assert_eq!(upstream.header(name), None, "{name} {request:?}");
        }
        let payload = upstream.headers("x-payload");
        assert!(!payload.contains(&b"admin".as_slice()), "{request:?}");
        assert_eq!(upstream.header("x_payload"), None);
    }
}

#[scenario]
fn a_claim_replaces_what_the_client_sent(proxy: &mut Proxy) {
    configure(proxy);
    let token = tokens::token("EdDSA", json!({ "roles": ["reader"] }));
    let reply = proxy.send(spoof(with_token("/private", &token)));
    assert_eq!(
        upstream_header(&reply, "x-roles").as_deref(),
        Some("reader")
    );
    let upstream = reply.upstream().unwrap();
    for name in ["x_roles", "x.roles"] {
        assert_eq!(upstream.header(name), None);
    }
}

/// Some servers take trailers for headers.
#[scenario]
fn trailers_are_cleaned_too(proxy: &mut Proxy) {
    configure(proxy);
    let token = tokens::token("EdDSA", json!({}));
    for path in ["/private", "/elsewhere"] {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {token}"))
            .chunk("hello")
            .trailer("x-roles", "admin")
            .trailer("x_roles", "admin")
            .trailer("x-sum", "5");
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 200, "{path}");
        let upstream = reply.upstream().unwrap();
        assert_eq!(upstream.trailer("x-roles"), None, "{path}");
        assert_eq!(upstream.trailer("x_roles"), None, "{path}");
        assert_eq!(upstream.trailer("x-sum"), Some(&b"5"[..]), "{path}");
    }
}

#[scenario]
fn headers_that_no_claim_makes_are_left_alone(proxy: &mut Proxy) {
    configure(proxy);
    let request = Request::get("/elsewhere")
        .header("x-role", "a")
        .header("x-roles2", "b")
        .header("authorization", "Bearer something");
    let reply = proxy.send(request);
    for (name, value) in [
        ("x-role", "a"),
        ("x-roles2", "b"),
        ("authorization", "Bearer something"),
    ] {
        assert_eq!(upstream_header(&reply, name).as_deref(), Some(value));
    }
}
