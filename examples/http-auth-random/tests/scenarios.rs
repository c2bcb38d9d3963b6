//! What a client, the upstream and an operator see, on three hosts.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sdk_tests::{Fault, HostKind, Plugin, Proxy, Reply, Request, UpstreamReply, json, scenario};

fn plugin() -> Plugin {
    Plugin::new("http_auth_random", http_auth_random::root_context)
}

/// A server that draws this number every time.
fn draws(proxy: &mut Proxy, number: &'static str) {
    proxy.serve("draws", move |_| UpstreamReply::new(200).body(number));
    proxy.configure(json!({ "cluster": "draws" })).unwrap();
}

/// A server that fails in this way.
fn fails(proxy: &mut Proxy, fault: Fault) {
    proxy.serve_fault("draws", fault);
    proxy.configure(json!({ "cluster": "draws" })).unwrap();
}

#[track_caller]
fn assert_closed(proxy: &mut Proxy, reply: &Reply) {
    assert_eq!(reply.status(), 503);
    assert_eq!(reply.text(), "nothing was drawn\n");
    assert_eq!(reply.upstream(), None);
    assert_eq!(proxy.metric("http_auth_random_failed"), 1);
}

#[scenario]
fn an_even_number_lets_a_request_in(proxy: &mut Proxy) {
    draws(proxy, "4");
    let reply = proxy.send(Request::get("/cart?id=1").header("x-draw", "2"));
    assert_eq!(reply.status(), 200);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.path(), b"/cart?id=1");
    assert_eq!(upstream.headers("x-draw"), [b"4"]);
    assert_eq!(proxy.callouts()[0].request.path(), b"/draw");
    assert_eq!(proxy.metric("http_auth_random_allowed"), 1);
}

#[scenario]
fn an_odd_number_keeps_it_out(proxy: &mut Proxy) {
    draws(proxy, "7");
    let reply = proxy.send(Request::get("/"));
    assert_eq!(
        (reply.status(), reply.body()),
        (403, &b"not your day\n"[..])
    );
    assert_eq!(reply.upstream(), None);
    assert_eq!(proxy.logs()[0].to_string(), "[info] denied: 7 was drawn");
    assert_eq!(proxy.metric("http_auth_random_denied"), 1);
}

#[scenario]
fn a_body_waits_for_the_draw(proxy: &mut Proxy) {
    draws(proxy, "4");
    let request = Request::post("/")
        .chunk("one, ")
        .chunk("two")
        .trailer("x-sum", "3");
    let reply = proxy.send(request);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.body(), b"one, two");
    assert_eq!(upstream.trailer("x-sum"), Some(&b"3"[..]));
}

#[scenario]
fn no_part_of_a_body_gets_past_an_odd_number(proxy: &mut Proxy) {
    draws(proxy, "7");
    let request = Request::post("/")
        .chunk("one, ")
        .chunk("two")
        .trailer("x-sum", "3");
    let reply = proxy.send(request);
    assert_eq!(reply.status(), 403);
    assert_eq!(reply.upstream(), None);
}

#[scenario]
fn a_server_that_is_down_lets_nobody_in(proxy: &mut Proxy) {
    fails(proxy, Fault::Refused);
    let reply = proxy.send(Request::get("/"));
    assert_closed(proxy, &reply);
}

#[scenario]
fn a_server_that_never_answers_lets_nobody_in(proxy: &mut Proxy) {
    proxy.serve_fault("draws", Fault::Timeout);
    proxy
        .configure(json!({ "cluster": "draws", "timeout_ms": 200 }))
        .unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_closed(proxy, &reply);
    assert_eq!(proxy.logs()[0].message, "status 504 and no number");
}

#[scenario]
fn a_server_that_speaks_no_http_lets_nobody_in(proxy: &mut Proxy) {
    fails(proxy, Fault::Garbage);
    let reply = proxy.send(Request::get("/"));
    assert_closed(proxy, &reply);
}

#[scenario]
fn a_cluster_without_servers_lets_nobody_in(proxy: &mut Proxy) {
    fails(proxy, Fault::NoEndpoints);
    let reply = proxy.send(Request::get("/"));
    assert_closed(proxy, &reply);
}

#[scenario]
fn a_cluster_that_does_not_exist_lets_nobody_in(proxy: &mut Proxy) {
    proxy.configure(json!({ "cluster": "misspelt" })).unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_closed(proxy, &reply);
}

#[scenario]
fn what_is_no_number_lets_nobody_in(proxy: &mut Proxy) {
    proxy.serve("draws", |_| UpstreamReply::new(200).body(b"\xff\xfe4"));
    proxy.configure(json!({ "cluster": "draws" })).unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_closed(proxy, &reply);
}

#[scenario]
fn a_number_with_another_status_lets_nobody_in(proxy: &mut Proxy) {
    proxy.serve("draws", |_| UpstreamReply::new(500).body("4"));
    proxy.configure(json!({ "cluster": "draws" })).unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_closed(proxy, &reply);
}

#[scenario]
fn a_request_passes_another_one_that_waits(proxy: &mut Proxy) {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    proxy.serve("draws", move |_| {
        let draw = UpstreamReply::new(200).body("4");
        match counter.fetch_add(1, Ordering::Relaxed) {
            0 => draw.after(Duration::from_secs(5)),
            _ => draw,
        }
    });
    proxy
        .configure(json!({ "cluster": "draws", "timeout_ms": 10_000 }))
        .unwrap();
    let slow = proxy.start(Request::get("/slow"));
    // In Envoy the next request could be the first one to ask.
    let mut pauses = 0..1000;
    while asked.load(Ordering::Relaxed) == 0 {
        assert!(pauses.next().is_some(), "nobody has asked");
        proxy.advance(Duration::from_millis(10));
    }
    let quick = proxy.send(Request::get("/quick"));
    assert_eq!(quick.upstream().unwrap().path(), b"/quick");
    assert_eq!(proxy.metric("http_auth_random_allowed"), 1);
    let slow = proxy.finish(slow);
    assert_eq!(slow.upstream().unwrap().path(), b"/slow");
    assert_eq!(proxy.metric("http_auth_random_allowed"), 2);
}

#[scenario]
fn nobody_is_counted_who_does_not_wait(proxy: &mut Proxy) {
    fails(proxy, Fault::Timeout);
    proxy.send_and_leave(Request::get("/"));
    proxy.advance(Duration::from_secs(2));
    assert_eq!(proxy.metric("http_auth_random_failed"), 0);
}

#[scenario]
fn workers_count_together(proxy: &mut Proxy) {
    proxy.workers(2);
    draws(proxy, "4");
    for worker in [0, 1] {
        let reply = proxy.send(Request::get("/").on_worker(worker));
        assert_eq!(reply.status(), 200);
    }
    assert_eq!(proxy.metric("http_auth_random_allowed"), 2);
}

#[scenario]
fn a_configuration_without_a_cluster_is_refused(proxy: &mut Proxy) {
    draws(proxy, "4");
    let rejected = proxy.configure(json!({ "timeout_ms": 500 })).unwrap_err();
    assert!(
        rejected.reason().contains("missing field `cluster`"),
        "{rejected}"
    );
    // The one before it still serves.
    assert_eq!(proxy.send(Request::get("/")).status(), 200);
}

#[scenario(native, wasm)]
fn a_draw_costs_one_callout_and_one_header(proxy: &mut Proxy) {
    draws(proxy, "4");
    proxy.send(Request::get("/"));
    let costs = proxy.costs();
    let calls = costs.iter().flat_map(|cost| &cost.host_calls);
    let calls: Vec<_> = calls.map(|call| call.name).collect();
    assert_eq!(
        calls,
        [
            "proxy_http_call",
            "proxy_set_effective_context",
            "proxy_get_header_map_value",
            "proxy_get_buffer_bytes",
            "proxy_replace_header_map_value",
            "proxy_increment_metric",
            "proxy_continue_stream",
        ]
    );
    if proxy.host() == HostKind::Wasm {
        let instructions: u64 = costs.iter().filter_map(|cost| cost.instructions).sum();
        assert!(instructions < 20_000, "{instructions}");
    }
}
