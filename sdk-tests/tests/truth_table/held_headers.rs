//! A plugin that sees bodies while it holds the headers back (`allow_on_headers_stop_iteration`).

use std::time::Duration;

use sdk_tests::{Plugin, Proxy, Request, UpstreamReply, UpstreamRequest, scenario};

use crate::send;

fn plugin() -> Plugin {
    crate::plugin().hold_headers_alone()
}

#[scenario]
fn a_body_is_seen_while_the_headers_are_held_back(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/hold").body("abc"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.body(), b"abc");
    // The headers could still be changed.
    assert_eq!(upstream.header("x-held"), Some(&b"1"[..]));
    let held = logs.iter().position(|log| log.starts_with("held"));
    assert_eq!(logs[held.unwrap() - 1], "request body 3 end true");
    let response = logs.iter().position(|log| log.starts_with("response"));
    assert!(held < response, "{logs:?}");
}

#[scenario]
fn pieces_come_as_one_that_grows(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/hold").chunk("ab").chunk("c"));
    assert_eq!(reply.upstream().unwrap().body(), b"abc");
    assert!(logs.contains(&r#"held Some("abc")"#.to_owned()), "{logs:?}");
}

#[scenario]
fn trailers_that_go_on_let_headers_and_body_go(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let request = Request::post("/hold").chunk("ab").trailer("x-sum", "9");
    let (reply, logs) = send(proxy, request);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.body(), b"ab");
    assert_eq!(upstream.trailer("x-sum"), Some(&b"9"[..]));
    assert!(logs.contains(&"request trailers 1".to_owned()), "{logs:?}");
}

/// How a body goes past a decision: `on_http_request_body` returns what it does by default.
#[scenario]
fn a_body_callback_that_does_not_pause_lets_the_headers_go(proxy: &mut Proxy) {
    proxy.serve("opa", |_: &UpstreamRequest| {
        UpstreamReply::new(403).after(Duration::from_secs(1))
    });
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::post("/ask").body("abc"));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.upstream().unwrap().body(), b"abc");
}

#[scenario]
fn a_request_without_a_body_waits_for_its_answer(proxy: &mut Proxy) {
    proxy.serve("opa", |_: &UpstreamRequest| UpstreamReply::new(403));
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::get("/ask"));
    assert_eq!(reply.status(), 403);
    assert!(reply.upstream().is_none());
}
