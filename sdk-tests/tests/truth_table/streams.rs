//! Which callbacks a stream gets, in which order, and what they may touch.

use sdk_tests::{Proxy, Request, UpstreamReply, scenario};

use crate::{plugin, send};

#[scenario]
fn a_request_without_a_body_ends_with_its_headers(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/plain"));
    assert_eq!(reply.status(), 200);
    assert_eq!(
        logs,
        [
            "request /plain with 6 headers, end true",
            "response headers end true",
            r#"log Ok(Some("/plain")) Ok(Some("200"))"#,
        ]
    );
}

#[scenario]
fn a_body_comes_as_its_bytes_and_then_its_end(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/plain").body("abc"));
    assert_eq!(reply.body(), b"abc");
    assert_eq!(reply.upstream().unwrap().body(), b"abc");
    assert_eq!(
        logs[..6],
        [
            "request /plain with 7 headers, end false",
            "request body 3 end false",
            "request body 0 end true",
            "response headers end false",
            "response body 3 end false",
            "response body 0 end true",
        ]
    );
}

#[scenario]
fn trailers_take_the_place_of_the_end_of_the_body(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(
        proxy,
        Request::post("/plain").body("abc").trailer("x-sum", "9"),
    );
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.trailer("x-sum"), Some(&b"9"[..]));
    assert_eq!(upstream.header("transfer-encoding"), Some(&b"chunked"[..]));
    assert_eq!(
        logs[..3],
        [
            "request /plain with 6 headers, end false",
            "request body 3 end false",
            "request trailers 1",
        ]
    );
}

#[scenario]
fn a_paused_body_is_buffered_and_can_be_replaced(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/buffer").body("abc"));
    assert_eq!(reply.upstream().unwrap().body(), b"ABC");
    assert_eq!(
        logs[1..3],
        ["request body 3 end false", "request body 3 end true"]
    );
}

#[scenario]
fn a_pause_can_be_ended_before_the_callback_returns(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::get("/resume"));
    assert_eq!(reply.status(), 200);
    assert!(reply.upstream().is_some());
}

#[scenario]
fn a_local_reply_runs_the_response_callbacks_and_wins_over_a_second_one(proxy: &mut Proxy) {
    proxy.configure("hi").unwrap();
    let (reply, logs) = send(proxy, Request::get("/deny"));
    assert_eq!(reply.status(), 403);
    assert!(reply.upstream().is_none());
    assert_eq!(reply.body(), b"no\n");
    assert_eq!(reply.header("x-why"), Some(&b"denied"[..]));
    assert_eq!(reply.header("content-type"), Some(&b"text/plain"[..]));
    assert_eq!(reply.header("x-greeting"), Some(&b"hi"[..]));
    assert_eq!(
        logs[1..],
        [
            "response headers end false",
            r#"in the local reply: Some("1")"#,
            "response body 3 end true",
            r#"log Ok(Some("/deny")) Ok(Some("403"))"#,
        ]
    );
}

#[scenario]
fn a_local_reply_goes_out_even_if_the_callback_continues(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::get("/deny-and-continue"));
    assert_eq!(reply.status(), 403);
    assert_eq!(reply.header("content-length"), Some(&b"0"[..]));
    assert!(reply.upstream().is_none());
}

#[scenario]
fn a_local_reply_before_the_body_was_read_ends_the_connection(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::post("/deny").body("abc"));
    assert_eq!(reply.header("connection"), Some(&b"close"[..]));
    let reply = proxy.send(Request::get("/deny"));
    assert_eq!(reply.header("connection"), None);
}

#[scenario]
fn a_local_reply_in_the_response_goes_past_the_plugin(proxy: &mut Proxy) {
    proxy.configure("hi").unwrap();
    let (reply, logs) = send(proxy, Request::get("/deny-response"));
    assert_eq!((reply.status(), reply.body()), (418, &b"teapot"[..]));
    assert_eq!(reply.header("x-greeting"), None);
    assert!(reply.upstream().is_some());
    assert_eq!(
        logs[1..],
        [
            "response headers end true",
            r#"log Ok(Some("/deny-response")) Ok(Some("418"))"#
        ]
    );
}

#[scenario]
fn a_second_local_reply_wins_if_it_comes_from_the_first_ones_callbacks(proxy: &mut Proxy) {
    proxy.configure("hi").unwrap();
    let (reply, logs) = send(proxy, Request::get("/deny-again"));
    assert_eq!((reply.status(), reply.body()), (500, &b"again"[..]));
    assert_eq!(reply.header("x-why"), Some(&b"again"[..]));
    assert_eq!(reply.header("x-greeting"), None);
    assert_eq!(
        logs[1..],
        [
            "response headers end false",
            r#"log Ok(Some("/deny-again")) Ok(Some("500"))"#,
        ]
    );
}

#[scenario]
fn a_local_reply_after_the_responses_headers_have_gone_resets_the_stream(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/deny-response-body").body("abc"));
    assert_eq!(reply.status(), 0, "{reply:?} {logs:?}");
    assert_eq!(
        logs[3..],
        [
            "response headers end false",
            "response body 3 end false",
            r#"log Ok(Some("/deny-response-body")) Ok(Some("200"))"#,
        ]
    );
}

#[scenario]
fn a_grpc_client_gets_a_grpc_status(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::get("/deny").header("content-type", "application/grpc"));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("grpc-status"), Some(&b"7"[..]));
    assert_eq!(reply.header("grpc-message"), Some(&b"no%0A"[..]));
    assert!(reply.body().is_empty());
}

#[scenario]
fn a_reset_stream_gets_no_reply_and_is_logged(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/close"));
    assert_eq!(reply.status(), 0);
    assert_eq!(logs[1..], [r#"log Ok(Some("/close")) Ok(None)"#]);
}

#[scenario]
fn what_the_codec_refuses_is_logged_without_its_headers(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    for request in [
        Request::get("/plain").header("x-bad", b"\x01"),
        Request::get("/a b"),
        Request::get(b"/\xff"),
        Request::get("*"),
        Request::new("BREW", "/"),
        Request::get("/").header("x bad", "1"),
        Request::get("/").authority("Ex AMPLE"),
    ] {
        let (reply, logs) = send(proxy, request.clone());
        assert_eq!(
            (reply.status(), reply.body()),
            (400, &b"Bad Request"[..]),
            "{request:?}"
        );
        assert_eq!(logs, [r#"log Ok(None) Ok(Some("400"))"#], "{request:?}");
    }
}

#[scenario]
fn what_the_proxy_refuses_is_logged_with_its_headers(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    for (request, path, status) in [
        (Request::get("/plain").without_authority(), "/plain", 400),
        (Request::get("/a#b"), "/a#b", 400),
        (Request::new("OPTIONS", "*"), "*", 404),
    ] {
        let (reply, logs) = send(proxy, request);
        assert_eq!((reply.status(), reply.body()), (status, &b""[..]), "{path}");
        assert_eq!(
            logs,
            [format!(r#"log Ok(Some("{path}")) Ok(Some("{status}"))"#)]
        );
    }
    assert_eq!(proxy.metric("fixture_done"), 3);
}

#[scenario]
fn a_head_request_gets_the_headers_only(proxy: &mut Proxy) {
    proxy.configure("hi").unwrap();
    proxy.upstream_replies(UpstreamReply::new(404).header("X-Up", "1").body("not here"));
    let reply = proxy.send(Request::head("/plain"));
    assert_eq!((reply.status(), reply.body()), (404, &b""[..]));
    assert_eq!(reply.header("content-length"), Some(&b"8"[..]));
    assert_eq!(reply.header("x-up"), Some(&b"1"[..]));
    assert_eq!(reply.header("x-greeting"), Some(&b"hi"[..]));
    let reply = proxy.send(Request::get("/plain"));
    assert_eq!(reply.text(), "not here");
}
