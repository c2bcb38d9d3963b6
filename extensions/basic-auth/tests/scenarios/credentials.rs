//! The `Authorization` header, and the answers to it.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{basic, get_as, plugin};

fn protect_everything(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/", "credentials": ["alice:open sesame", "üser:pä:ss"] }]
        }))
        .unwrap();
}

#[scenario]
fn the_right_password_reaches_the_upstream(proxy: &mut Proxy) {
    protect_everything(proxy);
    let reply = get_as(proxy, "alice:open sesame", "/items?a=b");
    assert_eq!(reply.status(), 200);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.path(), b"/items?a=b");
    assert_eq!(
        upstream.header("authorization"),
        Some(basic("alice:open sesame").as_bytes())
    );
    assert_eq!(proxy.metric("basic_auth_allowed"), 1);
}

#[scenario]
fn a_missing_and_a_wrong_password_get_the_same_answer(proxy: &mut Proxy) {
    protect_everything(proxy);
    let missing = proxy.send(Request::get("/"));
    let wrong = get_as(proxy, "alice:wrong", "/");
    let unknown = get_as(proxy, "mallory:open sesame", "/");
    for reply in [&missing, &wrong, &unknown] {
        assert_eq!(reply.status(), 401);
        assert!(reply.upstream().is_none());
        assert_eq!(
            reply.header("www-authenticate"),
            Some(&br#"Basic realm="istio", charset="UTF-8""#[..])
        );
        assert_eq!(reply.body(), b"Authentication required.\n");
    }
    assert_eq!(proxy.metric("basic_auth_denied.reason.missing"), 1);
    assert_eq!(proxy.metric("basic_auth_denied.reason.invalid"), 2);
    assert_eq!(proxy.metric("basic_auth_allowed"), 0);
}

#[scenario]
fn the_scheme_in_any_case_and_base64_without_padding_are_understood(proxy: &mut Proxy) {
    protect_everything(proxy);
    for value in [
        "basic YWxpY2U6b3BlbiBzZXNhbWU=",
        "BASIC YWxpY2U6b3BlbiBzZXNhbWU",
        "Basic   YWxpY2U6b3BlbiBzZXNhbWU=",
    ] {
        let reply = proxy.send(Request::get("/").header("authorization", value));
        assert_eq!(reply.status(), 200, "{value}");
    }
}

#[scenario]
fn users_may_be_utf_8_and_passwords_may_hold_colons(proxy: &mut Proxy) {
    protect_everything(proxy);
    assert_eq!(get_as(proxy, "üser:pä:ss", "/").status(), 200);
    assert_eq!(get_as(proxy, "üser:pä", "/").status(), 401);
}

#[scenario]
fn two_credentials_are_refused_joined_or_repeated(proxy: &mut Proxy) {
    protect_everything(proxy);
    let good = basic("alice:open sesame");
    let joined = format!("{good},{good}");
    let reply = proxy.send(Request::get("/").header("authorization", joined));
    assert_eq!(reply.status(), 401);
    let reply = proxy.send(
        Request::get("/")
            .header("authorization", &good)
            .header("authorization", &good),
    );
    assert_eq!(reply.status(), 401);
    assert_eq!(proxy.metric("basic_auth_denied.reason.malformed"), 2);
}

#[scenario]
fn other_schemes_and_garbage_are_refused(proxy: &mut Proxy) {
    protect_everything(proxy);
    for value in ["Bearer abc", "Basic", "Basic !", "Basic YWxpY2U", "x"] {
        let reply = proxy.send(Request::get("/").header("authorization", value));
        assert_eq!(reply.status(), 401, "{value}");
    }
    assert_eq!(proxy.metric("basic_auth_denied.reason.malformed"), 5);
}

/// The commonest production crash of Rust plugins: the SDK's text getters panic on such bytes.
#[scenario]
fn bytes_that_are_not_utf_8_harm_nobody(proxy: &mut Proxy) {
    protect_everything(proxy);
    let bytes: Vec<u8> = (0x80..=0xff).collect();
    for name in ["authorization", "x-anything", "cookie", "user-agent"] {
        let reply = proxy.send(Request::get("/").header(name, &bytes));
        assert_eq!(reply.status(), 401, "{name}");
        let reply = proxy.send(Request::get("/").header("authorization", b"Basic \xff\xfe"));
        assert_eq!(reply.status(), 401);
        assert_eq!(
            get_as(proxy, "alice:open sesame", "/").status(),
            200,
            "after {name}"
        );
    }
    let reply = proxy.send(
        Request::get("/")
            .header("x-anything", &bytes)
            .header("authorization", basic("alice:open sesame")),
    );
    assert_eq!(reply.status(), 200);
}

#[scenario]
fn realm_and_body_are_configurable(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }],
            "realm": "the \"inner\" circle",
            "body": "Who goes there?"
        }))
        .unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_eq!(
        reply.header("www-authenticate"),
        Some(&br#"Basic realm="the \"inner\" circle", charset="UTF-8""#[..])
    );
    assert_eq!(reply.text(), "Who goes there?");
}

#[scenario]
fn the_upstream_gets_no_password_where_it_should_not(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }],
            "forward_authorization": false
        }))
        .unwrap();
    let reply = get_as(proxy, "a:b", "/");
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.upstream().unwrap().header("authorization"), None);
}

#[scenario]
fn a_request_with_a_body_is_judged_by_its_headers(proxy: &mut Proxy) {
    protect_everything(proxy);
    let denied = proxy.send(Request::post("/").body("a".repeat(100_000)));
    assert_eq!(denied.status(), 401);
    assert!(denied.upstream().is_none());
    let allowed = proxy.send(
        Request::post("/")
            .header("authorization", basic("alice:open sesame"))
            .body("hello"),
    );
    assert_eq!(allowed.status(), 200);
    assert_eq!(allowed.upstream().unwrap().body(), b"hello");
}
