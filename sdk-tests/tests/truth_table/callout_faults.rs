//! Callouts that fail, and those whose stream does not wait for them.

use std::time::Duration;

use sdk_tests::{Fault, Proxy, Request, Rule, UpstreamReply, scenario};

use crate::callouts::{allow, answers};
use crate::{plugin, send};

#[scenario]
fn calls_that_make_no_sense_are_refused(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.serve_fault("empty", Fault::NoEndpoints);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask-wrongly"));
    assert_eq!(reply.status(), 200);
    assert_eq!(
        logs[1..6],
        [
            "unknown Err(BadArgument)",
            "empty Err(InternalFailure)",
            "without :method Err(BadArgument)",
            "without :path Err(BadArgument)",
            "without :authority Err(BadArgument)",
        ]
    );
    assert!(answers(&logs).is_empty());
    assert!(proxy.callouts().is_empty());
}

#[scenario]
fn a_refused_connection_answers_503(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Refused);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask"));
    assert_eq!(reply.status(), 503);
    assert_eq!(
        reply.text(),
        "upstream connect error or disconnect/reset before headers. \
         reset reason: remote connection failure"
    );
    assert_eq!(logs[3], "names :status content-length content-type");
    assert!(proxy.callouts().is_empty());
}

#[scenario]
fn a_timeout_answers_504(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Timeout);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask-quickly"));
    assert_eq!(reply.status(), 504);
    assert_eq!(reply.text(), "upstream request timeout");
    assert_eq!(
        answers(&logs),
        [r#"answer Some("504") "upstream request timeout" headers 3 size 24 trailers 0"#]
    );
    assert_eq!(proxy.callouts().len(), 1);
}

#[scenario]
fn a_client_that_left_gets_no_answer(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Timeout);
    proxy.configure("").unwrap();
    proxy.send_and_leave(Request::get("/ask-quickly"));
    proxy.advance(Duration::from_secs(1));
    let logs: Vec<_> = proxy.logs().into_iter().map(|log| log.message).collect();
    assert_eq!(proxy.callouts().len(), 1);
    assert!(answers(&logs).is_empty());
    assert_eq!(logs[2..], [r#"log Ok(Some("/ask-quickly")) Ok(None)"#]);
    assert_eq!(proxy.metric("fixture_done"), 1);
}

#[scenario]
fn a_stream_that_ended_gets_no_answer(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Timeout);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask-and-continue"));
    assert_eq!(reply.status(), 200);
    assert!(answers(&logs).is_empty());
}

#[scenario]
fn an_answer_cannot_be_read_before_it_is_there(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::get("/ask-outside"));
    assert_eq!(reply.status(), 200);
    assert_eq!(logs[2], "outside 0 None");
}

#[scenario]
fn a_panic_over_an_answer_leaves_the_request_hanging(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.allow(Rule::WrongPhase);
    proxy.allow(Rule::Unanswered);
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    // Without trailers there is no map of them, and the SDK panics over that.
    let (reply, logs) = send(proxy, Request::get("/ask-trailer"));
    assert_eq!(reply.status(), 0);
    assert!(logs[4].ends_with("unexpected status: 2"), "{logs:?}");
    assert_eq!(proxy.send(Request::get("/plain")).status(), 503);
}

#[scenario]
fn an_answer_that_is_no_http_is_a_502(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Garbage);
    proxy.configure("").unwrap();
    let (reply, _) = send(proxy, Request::get("/ask"));
    assert_eq!(reply.status(), 502);
    assert_eq!(
        reply.text(),
        "upstream connect error or disconnect/reset before headers. reset reason: protocol error"
    );
}

#[scenario]
fn an_answer_that_takes_too_long_is_a_timeout(proxy: &mut Proxy) {
    proxy.serve("opa", |_| {
        UpstreamReply::new(200).after(Duration::from_millis(1_500))
    });
    proxy.configure("").unwrap();
    let (reply, _) = send(proxy, Request::get("/ask-quickly"));
    assert_eq!(reply.status(), 504);
}

#[scenario]
fn an_answer_that_takes_its_time_is_an_answer(proxy: &mut Proxy) {
    proxy.serve("opa", |_| {
        UpstreamReply::new(200)
            .body("allow")
            .after(Duration::from_millis(300))
    });
    proxy.configure("").unwrap();
    let reply = proxy.send(Request::get("/ask"));
    assert_eq!(reply.status(), 200);
}
