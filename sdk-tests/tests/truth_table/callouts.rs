//! HTTP callouts: what comes back, to whom, and what the plugin may do with it.

use sdk_tests::{Proxy, Request, UpstreamReply, UpstreamRequest, scenario};

use crate::{plugin, send};

/// A server that allows everything.
pub(crate) fn allow(_: &UpstreamRequest) -> UpstreamReply {
    UpstreamReply::new(200).header("x-rule", "7").body("allow")
}

/// The answers that a plugin has logged.
pub(crate) fn answers(logs: &[String]) -> Vec<&str> {
    let answer = |log: &&String| log.starts_with("answer ");
    logs.iter().filter(answer).map(String::as_str).collect()
}

#[scenario]
fn a_request_waits_for_its_answer_and_goes_on(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask"));
    assert_eq!(reply.status(), 200);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.header("x-decision"), Some(&b"allow"[..]));
    assert_eq!(
        logs[1..6],
        [
            "asked true",
            r#"answer Some("200") "allow" headers 4 size 5 trailers 0"#,
            "names :status x-rule content-length x-envoy-upstream-service-time",
            "response headers end true",
            r#"log Ok(Some("/ask")) Ok(Some("200"))"#,
        ]
    );
}

#[scenario]
fn a_server_sees_what_the_plugin_sends(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    proxy.send(Request::get("/ask"));
    let callouts = proxy.callouts();
    assert_eq!(callouts.len(), 1);
    assert_eq!(callouts[0].cluster, "opa");
    let request = &callouts[0].request;
    assert_eq!(request.path(), b"/first");
    assert_eq!(request.body(), b"input");
    let names: Vec<_> = request
        .all_headers()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            ":authority",
            ":path",
            ":method",
            ":scheme",
            "x-ask",
            "content-length",
            "x-envoy-internal",
            "x-envoy-expected-rq-timeout-ms"
        ]
    );
    let header = |name| String::from_utf8_lossy(request.header(name).unwrap()).into_owned();
    assert_eq!(header(":method"), "POST");
    assert_eq!(header(":authority"), "opa.test");
    assert_eq!(header("x-ask"), "1");
    assert_eq!(header("content-length"), "5");
    assert_eq!(header("x-envoy-internal"), "true");
    assert_eq!(header("x-envoy-expected-rq-timeout-ms"), "5000");
}

#[scenario]
fn a_body_comes_in_one_piece_after_the_answer(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/ask").body("abc"));
    assert_eq!(reply.upstream().unwrap().body(), b"abc");
    assert_eq!(logs[4], "request body 3 end true");
    let (_, logs) = send(
        proxy,
        Request::post("/ask").body("abc").trailer("x-sum", "9"),
    );
    assert_eq!(
        logs[4..6],
        ["request body 3 end false", "request trailers 1"]
    );
}

#[scenario]
fn a_callout_in_the_body_phase_holds_the_body_back(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/ask-body").body("abc"));
    assert_eq!(reply.upstream().unwrap().body(), b"abc");
    assert_eq!(
        logs[1..3],
        ["request body 3 end false", "request body 3 end true"]
    );
    assert_eq!(answers(&logs).len(), 1);
}

#[scenario]
fn a_callout_in_the_response_phase_holds_the_response_back(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/ask-response").body("abc"));
    assert_eq!((reply.status(), reply.body()), (200, &b"abc"[..]));
    assert_eq!(reply.header("x-decision"), Some(&b"allow"[..]));
    assert_eq!(logs[logs.len() - 2], "response body 3 end true");
}

#[scenario]
fn the_answer_can_become_a_local_reply(proxy: &mut Proxy) {
    proxy.serve("opa", |_| UpstreamReply::new(403).body("denied"));
    proxy.configure("hi").unwrap();
    let reply = proxy.send(Request::post("/ask").body("abc"));
    assert_eq!((reply.status(), reply.body()), (403, &b"denied"[..]));
    assert_eq!(reply.header("x-greeting"), Some(&b"hi"[..]));
    assert_eq!(reply.header("connection"), None);
    assert!(reply.upstream().is_none());
}

#[scenario]
fn the_answer_in_the_response_phase_can_become_a_local_reply(proxy: &mut Proxy) {
    proxy.serve("opa", |_| UpstreamReply::new(403).body("denied"));
    proxy.configure("hi").unwrap();
    let reply = proxy.send(Request::get("/ask-response"));
    assert_eq!((reply.status(), reply.body()), (403, &b"denied"[..]));
}

#[scenario]
fn the_answer_can_lead_to_another_callout(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        UpstreamReply::new(200).body(request.path())
    });
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::get("/ask-twice"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.header("x-decision"), Some(&b"/second"[..]));
    assert_eq!(proxy.callouts().len(), 2);
}

#[scenario]
fn two_callouts_at_once_have_two_tokens(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask-two"));
    assert_eq!(reply.status(), 200);
    assert_eq!(logs[1], "two tokens: true");
    assert_eq!(answers(&logs).len(), 2);
}

#[scenario]
fn an_answer_has_trailers(proxy: &mut Proxy) {
    proxy.serve("opa", |_| {
        UpstreamReply::new(200).body("allow").trailer("x-sum", "9")
    });
    proxy.configure("").unwrap();
    let (_, logs) = send(proxy, Request::get("/ask"));
    assert_eq!(
        logs[2..5],
        [
            r#"answer Some("200") "allow" headers 3 size 5 trailers 1"#,
            "names :status transfer-encoding x-envoy-upstream-service-time",
            r#"trailer Some("9")"#,
        ]
    );
}

#[scenario]
fn trailers_of_a_callout_never_leave(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    for path in ["/ask", "/ask-get", "/ask-bodiless"] {
        assert_eq!(proxy.send(Request::get(path)).status(), 200);
    }
    let callouts = proxy.callouts();
    let seen: Vec<_> = callouts
        .iter()
        .map(|callout| {
            let names = callout.request.all_headers().iter().skip(4);
            let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
            (names.join(" "), callout.request.trailer("x-sum"))
        })
        .collect();
    let envoys = "x-envoy-internal x-envoy-expected-rq-timeout-ms";
    assert_eq!(
        seen,
        [
            (format!("x-ask content-length {envoys}"), None),
            (envoys.to_owned(), None),
            (format!("{envoys} content-length"), None),
        ]
    );
}

#[scenario]
fn trailers_of_an_upstream_reach_the_client(proxy: &mut Proxy) {
    let reply = UpstreamReply::new(200).body("abc").trailer("x-sum", "9");
    proxy.upstream_replies(reply);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/plain"));
    assert_eq!(reply.trailer("x-sum"), Some(&b"9"[..]));
    assert_eq!(reply.header("transfer-encoding"), Some(&b"chunked"[..]));
    assert_eq!(logs[2], "response body 3 end false");
}

#[scenario]
fn an_answer_may_have_no_body(proxy: &mut Proxy) {
    proxy.serve("opa", |_| UpstreamReply::new(204));
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask"));
    assert_eq!(reply.status(), 204);
    assert_eq!(
        logs[2..4],
        [
            r#"answer Some("204") "" headers 2 size 0 trailers 0"#,
            "names :status x-envoy-upstream-service-time",
        ]
    );
}
