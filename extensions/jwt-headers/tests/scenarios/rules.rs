//! Where which tokens are required.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{plugin, provider, tokens, with_token};

fn status(proxy: &mut Proxy, request: Request) -> u16 {
    proxy.send(request).status()
}

/// `staff` and `guests`, with these rules.
fn configure(proxy: &mut Proxy, rules: &serde_json::Value) {
    let guests = json!({
        "issuer": "https://guests.test",
        "algorithms": ["EdDSA"],
        "jwks": { "inline": { "keys": [tokens::ed25519_jwk("guests", 9)] } }
    });
    proxy
        .configure(json!({
            "providers": { "staff": provider(json!({})), "guests": guests },
            "rules": rules
        }))
        .unwrap();
}

fn staff() -> String {
    tokens::token("EdDSA", json!({}))
}

fn guest() -> String {
    tokens::token_by("guests", 9, json!({ "iss": "https://guests.test" }))
}

#[scenario]
fn the_most_specific_rule_decides(proxy: &mut Proxy) {
    configure(
        proxy,
        &json!([
            { "prefix": "/", "requires": "staff" },
            { "prefix": "/shop", "requires": { "any": ["staff", "guests"] } },
            { "exact": "/health", "requires": "none" },
            { "prefix": "/reports", "methods": ["POST"], "requires": { "all": ["staff", "guests"] } },
            { "hosts": ["*.guests.test"], "prefix": "/", "requires": "guests" }
        ]),
    );
    for (path, none, by_staff, by_guest) in [
        ("/", 401, 200, 401),
        ("/x", 401, 200, 401),
        ("/shop/1", 401, 200, 200),
        ("/health", 200, 200, 200),
        ("/reports", 401, 200, 401),
        ("//shop/../x", 401, 200, 401),
        ("/shop/%2e%2e/x", 401, 200, 401),
        ("/health/../x", 401, 200, 401),
        ("/x%2fy", 400, 400, 400),
    ] {
        assert_eq!(status(proxy, Request::get(path)), none, "{path}");
        let with_staff = with_token(path, &staff());
        assert_eq!(status(proxy, with_staff), by_staff, "{path}");
        let with_guest = with_token(path, &guest());
        assert_eq!(status(proxy, with_guest), by_guest, "{path}");
    }
    let elsewhere = with_token("/x", &guest()).authority("a.guests.test");
    assert_eq!(status(proxy, elsewhere), 200);
    let post = Request::post("/reports").header("authorization", format!("Bearer {}", staff()));
    assert_eq!(status(proxy, post), 401, "the guest's token is missing");
}

#[scenario]
fn what_no_rule_covers_passes_unchecked(proxy: &mut Proxy) {
    configure(
        proxy,
        &json!([{ "prefix": "/private", "requires": "staff" }]),
    );
    assert_eq!(status(proxy, Request::get("/open")), 200);
    assert_eq!(status(proxy, with_token("/open", "nonsense")), 200);
    assert_eq!(status(proxy, Request::get("/private")), 401);
    assert_eq!(status(proxy, Request::get("/%70rivate")), 401);
    assert_eq!(proxy.metric("jwt_headers_allowed"), 0);
}

#[scenario]
fn an_optional_token_may_be_absent_but_not_bad(proxy: &mut Proxy) {
    configure(
        proxy,
        &json!([{ "prefix": "/", "requires": { "optional": ["staff", "guests"] } }]),
    );
    assert_eq!(status(proxy, Request::get("/")), 200);
    assert_eq!(status(proxy, with_token("/", &staff())), 200);
    assert_eq!(status(proxy, with_token("/", &guest())), 200);
    for bad in [
        "nonsense".to_owned(),
        String::new(),
        tokens::token_by("ed", 8, json!({})),
        tokens::token("EdDSA", json!({ "exp": 1 })),
        tokens::token("EdDSA", json!({ "iss": "https://guests.test" })),
    ] {
        assert_eq!(status(proxy, with_token("/", &bad)), 401, "{bad}");
    }
    let basic = Request::get("/").header("authorization", "Basic YTpi");
    assert_eq!(status(proxy, basic), 200);
    let hidden = format!("Basic YTpi, Bearer {}", staff());
    let hidden = Request::get("/").header("authorization", hidden);
    assert_eq!(status(proxy, hidden), 400);
    assert_eq!(proxy.metric("jwt_headers_anonymous"), 2);
    assert_eq!(proxy.metric("jwt_headers_allowed"), 2);
}

#[scenario]
fn of_several_failures_the_one_that_came_furthest_is_told(proxy: &mut Proxy) {
    configure(
        proxy,
        &json!([{ "prefix": "/", "requires": { "any": ["guests", "staff"] } }]),
    );
    let expired = tokens::token("EdDSA", json!({ "exp": 1 }));
    let reply = proxy.send(with_token("/", &expired));
    assert_eq!(reply.text(), "The token has expired.\n");
    assert_eq!(proxy.metric("jwt_headers_denied.reason.expired"), 1);
}

#[scenario]
fn a_cors_preflight_passes_where_it_may(proxy: &mut Proxy) {
    let config = |bypass: bool| json!({ "providers": { "main": provider(json!({})) }, "bypass_cors_preflight": bypass });
    let preflight = || {
        Request::new("OPTIONS", "/")
            .header("origin", "https://app.test")
            .header("access-control-request-method", "GET")
    };
    proxy.configure(config(false)).unwrap();
    assert_eq!(status(proxy, preflight()), 401);
    proxy.configure(config(true)).unwrap();
    assert_eq!(status(proxy, preflight()), 200);
    for other in [
        Request::new("OPTIONS", "/"),
        Request::new("OPTIONS", "/").header("origin", "https://app.test"),
        Request::new("OPTIONS", "/").header("access-control-request-method", "GET"),
        Request::get("/")
            .header("origin", "https://app.test")
            .header("access-control-request-method", "GET"),
    ] {
        assert_eq!(status(proxy, other), 401);
    }
}
