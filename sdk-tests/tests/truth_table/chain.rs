//! Two plugins in one chain. What begins with `/second` is for the second one.

use sdk_tests::{Plugin, Proxy, Request, UpstreamReply, scenario};

use crate::callouts::allow;
use crate::send;

fn plugin() -> Plugin {
    // A VM configuration of its own gives it a VM of its own, although the module is the same.
    let second = crate::fixture("second").vm_configuration("second");
    crate::plugin().followed_by(second, "second")
}

#[scenario]
fn requests_pass_the_plugins_in_order_and_responses_the_other_way(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::post("/plain").body("abc"));
    assert_eq!(reply.header("x-greeting"), Some(&b"first"[..]));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.headers("x-fixture").len(), 2);
    assert_eq!(
        logs,
        [
            "request /plain with 7 headers, end false",
            "request /plain with 8 headers, end false",
            "request body 3 end false",
            "request body 3 end false",
            "request body 0 end true",
            "request body 0 end true",
            "response headers end false",
            "response headers end false",
            "response body 3 end false",
            "response body 3 end false",
            "response body 0 end true",
            "response body 0 end true",
            r#"log Ok(Some("/plain")) Ok(Some("200"))"#,
            r#"log Ok(Some("/plain")) Ok(Some("200"))"#,
        ]
    );
    assert_eq!(proxy.metric("fixture_done"), 2);
}

#[scenario]
fn a_local_reply_of_the_first_never_comes_to_the_second(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::get("/deny"));
    assert_eq!(reply.status(), 403);
    assert_eq!(
        logs[1..],
        [
            "response headers end false",
            r#"in the local reply: Some("1")"#,
            "response body 3 end true",
            r#"log Ok(Some("/deny")) Ok(Some("403"))"#,
            // It logs the stream all the same.
            r#"log Ok(Some("/deny")) Ok(Some("403"))"#,
        ]
    );
}

#[scenario]
fn a_local_reply_of_the_second_passes_the_first(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::get("/second/deny"));
    assert_eq!((reply.status(), reply.body()), (403, &b"no\n"[..]));
    assert_eq!(reply.header("x-greeting"), Some(&b"first"[..]));
    assert_eq!(
        logs[1..6],
        [
            "request /deny with 7 headers, end true",
            "response headers end false",
            r#"in the local reply: Some("1")"#,
            "response headers end false",
            "response body 3 end true",
        ]
    );
}

#[scenario]
fn the_second_waits_while_the_first_does(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::post("/ask").body("abc"));
    assert_eq!(reply.upstream().unwrap().body(), b"abc");
    let second = logs
        .iter()
        .position(|log| log == "request /plain with 9 headers, end false");
    let answer = logs.iter().position(|log| log.starts_with("answer "));
    assert!(answer.is_some() && answer < second, "{logs:?}");
}

#[scenario]
fn the_first_is_through_while_the_second_waits(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::post("/second/ask").body("abc"));
    assert_eq!(reply.upstream().unwrap().body(), b"abc");
    // What the first lets through meanwhile comes to the second as one piece.
    let bodies: Vec<_> = logs
        .iter()
        .filter(|log| log.starts_with("request body"))
        .collect();
    assert_eq!(
        bodies,
        [
            "request body 3 end false",
            "request body 0 end true",
            "request body 3 end true"
        ]
    );
}

#[scenario]
fn a_body_that_the_first_holds_back_comes_to_the_second_in_one_piece(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::post("/buffer").body("abc"));
    assert_eq!(reply.upstream().unwrap().body(), b"ABC");
    let bodies: Vec<_> = logs
        .iter()
        .filter(|log| log.starts_with("request body"))
        .collect();
    assert_eq!(
        bodies,
        [
            "request body 3 end false",
            "request body 3 end true",
            "request body 3 end true"
        ]
    );
}

#[scenario]
fn a_panic_of_the_second_passes_the_first_as_a_503(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::get("/second/panic"));
    assert_eq!(reply.status(), 503);
    assert_eq!(reply.header("x-greeting"), Some(&b"first"[..]));
    assert_eq!(
        logs[3..],
        [
            "response headers end true",
            r#"log Ok(Some("/second/panic")) Ok(Some("503"))"#
        ]
    );
    // The next one gets as far as the dead plugin.
    let (reply, logs) = send(proxy, Request::get("/plain"));
    assert_eq!(reply.status(), 503);
    assert_eq!(logs.len(), 3);
}

#[scenario]
fn a_panic_over_the_response_goes_past_the_others(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::get("/second/panic-response"));
    assert_eq!(reply.status(), 503);
    assert_eq!(reply.header("x-greeting"), None);
    assert_eq!(
        logs[4..],
        [r#"log Ok(Some("/second/panic-response")) Ok(Some("503"))"#]
    );
}

#[scenario]
fn a_panic_over_the_responses_body_breaks_the_reply_off(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.upstream_replies(UpstreamReply::new(200).body("abc"));
    proxy.configure("first").unwrap();
    let (reply, logs) = send(proxy, Request::get("/second/panic-response-body"));
    assert_eq!(reply.status(), 0);
    assert_eq!(
        logs.last().unwrap(),
        r#"log Ok(Some("/second/panic-response-body")) Ok(Some("200"))"#
    );
}

#[scenario]
fn an_update_of_the_first_leaves_the_second_alone(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    assert_eq!(proxy.metric("fixture_configured"), 6);
    proxy.configure("other").unwrap();
    assert_eq!(proxy.metric("fixture_configured"), 9);
    let reply = proxy.send(Request::get("/second/deny"));
    assert_eq!(reply.header("x-greeting"), Some(&b"other"[..]));
}

#[scenario]
fn what_one_sets_the_other_reads(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let (_, logs) = send(proxy, Request::get("/second/read-state"));
    assert!(
        logs.contains(&r#"state Some("of the first")"#.to_owned()),
        "{logs:?}"
    );
    let (_, logs) = send(proxy, Request::get("/read-state"));
    assert!(logs.contains(&"state None".to_owned()), "{logs:?}");
}
