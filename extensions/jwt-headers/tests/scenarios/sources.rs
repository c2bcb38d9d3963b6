//! Where a token is, and that it stays here.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, require_a_token, tokens, upstream_header};

fn everywhere(proxy: &mut Proxy, forward: bool) {
    require_a_token(
        proxy,
        json!({
            "sources": [
                { "header": "authorization", "scheme": "Bearer" },
                { "header": "x-token" },
                { "query": "access_token" },
                { "cookie": "session" }
            ],
            "forward": forward
        }),
    );
}

/// A request with the token in each of the places, by name.
fn requests(token: &str) -> [(&'static str, Request); 4] {
    [
        (
            "authorization",
            Request::get("/a?x=1").header("authorization", format!("bearer {token}")),
        ),
        ("x-token", Request::get("/a?x=1").header("x-token", token)),
        (
            ":path",
            Request::get(format!("/a?x=1&access_token={token}&y=%20")),
        ),
        (
            "cookie",
            Request::get("/a?x=1").header("cookie", format!("a=b; session={token}; c=\"d\"")),
        ),
    ]
}

#[scenario]
fn a_token_is_found_in_every_place_and_stays_here(proxy: &mut Proxy) {
    everywhere(proxy, false);
    let token = tokens::token("EdDSA", json!({}));
    for (place, request) in requests(&token) {
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 200, "{place}");
        for (name, value) in reply.upstream().unwrap().all_headers() {
            let value = String::from_utf8_lossy(value);
            assert!(!value.contains(&token), "{place}: {name}: {value}");
        }
        let expected = match place {
            ":path" => Some("/a?x=1&y=%20"),
            "cookie" => Some("a=b; c=\"d\""),
            _ => None,
        };
        assert_eq!(upstream_header(&reply, place).as_deref(), expected);
    }
    let reply = proxy.send(Request::get(format!("/?access_token={token}")));
    assert_eq!(upstream_header(&reply, ":path").as_deref(), Some("/"));
    let reply = proxy.send(Request::get("/").header("cookie", format!("session={token}")));
    assert_eq!(upstream_header(&reply, "cookie"), None);
}

#[scenario]
fn a_token_can_be_forwarded(proxy: &mut Proxy) {
    everywhere(proxy, true);
    let token = tokens::token("EdDSA", json!({}));
    for (place, request) in requests(&token) {
        let reply = proxy.send(request);
        let value = upstream_header(&reply, place).unwrap();
        assert!(value.contains(&token), "{place}: {value}");
    }
}

#[scenario]
fn two_tokens_are_refused_even_if_they_are_the_same(proxy: &mut Proxy) {
    everywhere(proxy, false);
    let token = tokens::token("EdDSA", json!({}));
    for request in [
        Request::get("/")
            .header("authorization", format!("Bearer {token}"))
            .header("x-token", &token),
        Request::get(format!("/?access_token={token}")).header("x-token", &token),
        Request::get(format!("/?access_token={token}&access%5ftoken={token}")),
        Request::get("/").header("cookie", format!("session={token}; session={token}")),
        Request::get("/")
            .header("x-token", &token)
            .header("x-token", &token),
        Request::get("/")
            .header("x-token", &token)
            .header("cookie", "session="),
    ] {
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 400);
        assert!(reply.upstream().is_none());
    }
    assert_eq!(proxy.metric("jwt_headers_denied.reason.several"), 6);
}

#[scenario]
fn the_scheme_stands_at_the_beginning(proxy: &mut Proxy) {
    require_a_token(proxy, json!({}));
    let token = tokens::token("EdDSA", json!({}));
    for (value, status) in [
        (format!("Bearer {token}"), 200),
        (format!("BEARER   {token}"), 200),
        (format!("xBearer {token}"), 401),
        (format!("foo Bearer {token}"), 401),
        (format!("Basic eA==, Bearer {token}"), 400),
        (format!("Bearer {token} x"), 401),
        (format!("Bearer\t{token}"), 401),
        (format!("Bearer \t{token}"), 401),
        (format!("Bearer \"{token}\""), 401),
        (token.clone(), 401),
        (format!("Bearer{token}"), 401),
    ] {
        let request = Request::get("/").header("authorization", &value);
        assert_eq!(proxy.send(request).status(), status, "{value}");
    }
}
