//! Request bodies.

use std::time::Duration;

use sdk_tests::{Plugin, Proxy, Request, json, scenario};
use serde_json::Value;

use super::{always, input, result, server};

/// As the deploy configs have it: only then a body is seen before its headers go on.
fn plugin() -> Plugin {
    super::plugin().hold_headers_alone()
}

/// Its policy sees bodies of up to so many bytes.
fn sees(max_bytes: usize) -> Value {
    json!({ "input": { "body": { "max_bytes": max_bytes } } })
}

fn json_post() -> Request {
    Request::post("/").header("content-type", "application/json")
}

#[scenario]
fn a_policy_sees_the_body_and_the_upstream_gets_it(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), sees(100));
    let reply = proxy.send(json_post().body(r#"{"a": 1}"#));
    assert_eq!(reply.upstream().unwrap().body(), br#"{"a": 1}"#);
    let input = input(proxy, 0);
    let http = &input["attributes"]["request"]["http"];
    assert_eq!(input["parsed_body"], json!({ "a": 1 }));
    assert_eq!(input["truncated_body"], json!(false));
    assert_eq!(http["body"], r#"{"a": 1}"#);
    assert_eq!(http["size"], 8);
    assert_eq!(http["headers"]["x-envoy-auth-partial-body"], "false");
}

#[scenario]
fn headers_and_pieces_wait_until_the_body_is_whole(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        result(json!(body["input"]["parsed_body"]["ok"] == true))
    });
    proxy.configure(server(sees(100))).unwrap();
    let pieces = |last: &str| json_post().chunk(r#"{"ok""#).chunk(last);
    let reply = proxy.send(pieces(": true}"));
    assert_eq!(reply.upstream().unwrap().body(), br#"{"ok": true}"#);
    let reply = proxy.send(pieces(": 1}"));
    assert_eq!(reply.status(), 403);
    assert!(reply.upstream().is_none());
    assert_eq!(proxy.callouts().len(), 2);
}

#[scenario]
fn trailers_end_a_body_too(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), sees(100));
    let reply = proxy.send(json_post().chunk("[1]").trailer("x-sum", "9"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.body(), b"[1]");
    assert_eq!(upstream.trailer("x-sum"), Some(&b"9"[..]));
    assert_eq!(input(proxy, 0)["parsed_body"], json!([1]));
}

#[scenario]
fn a_body_over_the_limit_is_cut_for_the_policy_only(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), sees(4));
    let long = "[1, 2, 3, 4, 5]";
    for request in [json_post().body(long), json_post().chunk(long)] {
        let reply = proxy.send(request);
        assert_eq!(reply.upstream().unwrap().body(), long.as_bytes());
    }
    for index in 0..2 {
        let input = input(proxy, index);
        let http = &input["attributes"]["request"]["http"];
        assert_eq!(http["body"], "[1, ");
        assert_eq!(input["parsed_body"], json!(null));
        assert_eq!(input["truncated_body"], json!(true));
        assert_eq!(http["headers"]["x-envoy-auth-partial-body"], "true");
    }
}

#[scenario]
fn a_body_that_is_not_of_its_type_is_400(proxy: &mut Proxy) {
    let allow = json!({ "on_error": "allow", "input": { "body": { "max_bytes": 100 } } });
    always(proxy, result(json!(true)), allow);
    let reply = proxy.send(json_post().body("{"));
    assert_eq!(reply.status(), 400);
    assert!(reply.upstream().is_none());
    assert!(proxy.callouts().is_empty());
}

/// O8: where a plugin's body callback does not pause, the headers go on with it.
#[scenario]
fn nothing_passes_while_the_decision_is_pending(proxy: &mut Proxy) {
    let slow = result(json!(false)).after(Duration::from_millis(400));
    // Once with a body that the policy sees, and once with one that it does not.
    always(proxy, slow, sees(4));
    for request in [
        json_post().chunk("[1, 2").chunk(", 3]"),
        json_post().chunk("[1]").trailer("x-sum", "9"),
        Request::post("/").chunk("abc").chunk("de"),
        Request::post("/").chunk("abc").trailer("x-sum", "9"),
    ] {
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 403);
        assert!(reply.upstream().is_none());
    }
    assert_eq!(proxy.metric("opa_denied"), 4);
}

#[scenario]
fn what_was_held_back_goes_on_with_the_decision(proxy: &mut Proxy) {
    let allowed = json!({ "allowed": true, "headers": { "x-user": "a" } });
    let slow = result(allowed).after(Duration::from_millis(300));
    always(proxy, slow, sees(4));
    for request in [
        json_post().chunk("[1, 2").chunk(", 3]"),
        json_post()
            .chunk("[1, 2")
            .chunk(", 3]")
            .trailer("x-sum", "9"),
        Request::post("/").chunk("[1, 2").chunk(", 3]"),
    ] {
        let reply = proxy.send(request);
        let upstream = reply.upstream().unwrap();
        assert_eq!(upstream.body(), b"[1, 2, 3]");
        assert_eq!(upstream.header("x-user"), Some(&b"a"[..]));
    }
}

#[scenario]
fn bodies_tell_requests_apart(proxy: &mut Proxy) {
    let cache = json!({ "input": { "body": { "max_bytes": 100 } }, "cache": {} });
    always(proxy, result(json!(true)), cache);
    for body in ["[1]", "[2]", "[1]"] {
        proxy.send(json_post().body(body));
    }
    assert_eq!(proxy.callouts().len(), 2);
    assert_eq!(proxy.metric("opa_cache_hits"), 1);
}

#[scenario]
fn a_client_that_leaves_before_its_body_is_here_is_harmless(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), sees(100));
    proxy.send_and_leave(json_post().header("content-length", "100").chunk("[1"));
    assert_eq!(proxy.send(json_post().body("[1]")).status(), 200);
}

#[scenario]
fn a_request_without_a_body_or_of_another_type_does_not_wait_for_one(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), sees(8));
    let json = |request: Request| request.header("content-type", "application/json");
    assert_eq!(proxy.send(json(Request::get("/"))).status(), 200);
    let text = Request::post("/")
        .header("content-type", "text/plain")
        .body("abc");
    assert_eq!(proxy.send(text).status(), 200);
    assert_eq!(input(proxy, 1)["parsed_body"], json!(null));
    assert_eq!(proxy.callouts().len(), 2);
}

/// Without `allow_on_headers_stop_iteration`, headers that are held back hold the body back too: for
/// ever.
mod unseen {
    use sdk_tests::{Log, Proxy, json, scenario};

    use super::{always, json_post, result};
    use crate::plugin;

    #[scenario]
    fn where_the_proxy_never_shows_the_body_the_request_is_refused_and_the_log_says_why(
        proxy: &mut Proxy,
    ) {
        let config = json!({ "input": { "body": { "max_bytes": 8 } }, "on_error": "allow" });
        always(proxy, result(json!(true)), config);
        let reply = proxy.send(json_post().body("{}"));
        assert_eq!(reply.status(), 403);
        assert!(reply.upstream().is_none());
        assert_eq!(proxy.metric("opa_errors.kind.no_body"), 1);
        let logs = proxy.logs();
        let told = |log: &&Log| log.message.contains("allow_on_headers_stop_iteration");
        assert!(logs.iter().any(|log| told(&log)), "{logs:?}");
    }
}
