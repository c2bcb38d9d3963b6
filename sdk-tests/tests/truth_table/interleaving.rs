//! Several requests at once, bodies in pieces, and several workers.

use std::time::Duration;

use sdk_tests::{Fault, Proxy, Request, UpstreamReply, scenario};

use crate::{plugin, send};

/// How long the server takes: long enough for another request on any machine.
const A_WHILE: Duration = Duration::from_secs(2);

#[scenario]
fn a_request_passes_another_one_that_waits(proxy: &mut Proxy) {
    proxy.serve("opa", |_| {
        UpstreamReply::new(200).body("allow").after(A_WHILE)
    });
    proxy.configure("").unwrap();
    let slow = proxy.start(Request::get("/ask"));
    let fast = proxy.send(Request::get("/plain"));
    assert_eq!(fast.status(), 200);
    assert_eq!(fast.upstream().unwrap().path(), b"/plain");
    assert_eq!(fast.upstream().unwrap().header("x-decision"), None);
    let slow = proxy.finish(slow);
    assert_eq!(slow.status(), 200);
    let upstream = slow.upstream().unwrap();
    assert_eq!(upstream.header("x-decision"), Some(&b"allow"[..]));
    let logs: Vec<_> = proxy.logs().into_iter().map(|log| log.message).collect();
    let at = |text: &str| logs.iter().position(|log| log.starts_with(text)).unwrap();
    assert!(at(r#"log Ok(Some("/plain"))"#) < at("answer "), "{logs:?}");
}

#[scenario]
fn one_answer_lets_all_go_on_that_wait_for_it(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Timeout);
    proxy.configure("ask-slowly").unwrap();
    let first = proxy.start(Request::get("/wait-for-root?1"));
    let second = proxy.start(Request::get("/wait-for-root?2"));
    assert_eq!(proxy.finish(first).status(), 200);
    let reply = proxy.finish(second);
    assert_eq!(reply.upstream().unwrap().path(), b"/wait-for-root?2");
}

#[scenario]
fn a_timer_can_let_a_request_go_on(proxy: &mut Proxy) {
    proxy.configure("tick-resume").unwrap();
    let (reply, logs) = send(proxy, Request::get("/wait-for-root"));
    assert_eq!(reply.status(), 200);
    assert!(logs.contains(&"resumed Ok(())".to_owned()), "{logs:?}");
}

#[scenario]
fn a_timer_can_answer_a_request(proxy: &mut Proxy) {
    proxy.configure("tick-deny").unwrap();
    let reply = proxy.send(Request::get("/wait-for-root"));
    assert_eq!((reply.status(), reply.body()), (429, &b"too long"[..]));
}

#[scenario]
fn a_body_in_chunks_comes_chunk_by_chunk(proxy: &mut Proxy) {
    proxy.upstream_replies(UpstreamReply::new(200).chunk("12").chunk("3456"));
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/plain").chunk("abc").chunk("de"));
    assert_eq!(reply.upstream().unwrap().body(), b"abcde");
    assert_eq!(reply.body(), b"123456");
    assert_eq!(
        logs[1..8],
        [
            "request body 3 end false",
            "request body 2 end false",
            "request body 0 end true",
            "response headers end false",
            "response body 2 end false",
            "response body 4 end false",
            "response body 0 end true",
        ]
    );
}

#[scenario]
fn chunks_that_are_held_back_add_up(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/buffer").chunk("abc").chunk("de"));
    assert_eq!(reply.upstream().unwrap().body(), b"ABCDE");
    assert_eq!(
        logs[1..4],
        [
            "request body 3 end false",
            "request body 5 end false",
            "request body 5 end true",
        ]
    );
}

#[scenario]
fn a_held_back_body_can_be_read_when_the_answer_comes(proxy: &mut Proxy) {
    proxy.serve("opa", |_| UpstreamReply::new(200).body("allow"));
    proxy.configure("").unwrap();
    let (reply, logs) = send(proxy, Request::post("/ask-body").body("abc"));
    assert_eq!(reply.status(), 200);
    assert!(logs.contains(&r#"held Some("abc")"#.to_owned()), "{logs:?}");
}

#[scenario]
fn each_worker_has_a_vm_of_its_own(proxy: &mut Proxy) {
    proxy.workers(2);
    proxy.configure("").unwrap();
    // The canary's, the main thread's, and two.
    assert_eq!(proxy.metric("fixture_configured"), 4);
    let seen = |proxy: &mut Proxy, worker| {
        let (_, logs) = send(proxy, Request::get("/count").on_worker(worker));
        logs[1].clone()
    };
    assert_eq!(seen(proxy, 0), "streams 1");
    assert_eq!(seen(proxy, 0), "streams 2");
    assert_eq!(seen(proxy, 1), "streams 1");
    assert_eq!(seen(proxy, 0), "streams 3");
}

#[scenario]
fn a_panic_kills_one_worker_only(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.workers(2);
    proxy.configure("").unwrap();
    let panic = Request::get("/panic").on_worker(1);
    assert_eq!(proxy.send(panic).status(), 503);
    let status = |proxy: &mut Proxy, worker| {
        let reply = proxy.send(Request::get("/plain").on_worker(worker));
        reply.status()
    };
    assert_eq!(status(proxy, 0), 200);
    assert_eq!(status(proxy, 1), 503);
    assert_eq!(status(proxy, 0), 200);
}

#[scenario]
fn workers_share_data(proxy: &mut Proxy) {
    proxy.workers(2);
    proxy.configure("").unwrap();
    proxy.send(Request::get("/put-shared").on_worker(0));
    let (_, logs) = send(proxy, Request::get("/get-shared").on_worker(1));
    assert_eq!(logs[1], r#"shared Some("from a worker")"#);
}
