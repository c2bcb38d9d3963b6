//! What happens when there is no decision.

use std::time::Duration;

use sdk_tests::{Fault, Proxy, UpstreamReply, json, scenario};
use serde_json::Value;

use super::{always, get, plugin, result, server};

/// What fails, and the counter that tells.
fn broken(proxy: &mut Proxy, kind: &str, extra: Value) {
    let answer = |proxy: &mut Proxy, status: u16, body: &'static str| {
        proxy.serve("opa", move |_| UpstreamReply::new(status).body(body));
    };
    match kind {
        "unknown_cluster" => {}
        "no_endpoints" => proxy.serve_fault("opa", Fault::NoEndpoints),
        "unreachable" => proxy.serve_fault("opa", Fault::Refused),
        "timeout" => proxy.serve_fault("opa", Fault::Timeout),
        "status" => answer(proxy, 500, "{\"result\": true}"),
        "empty_body" => answer(proxy, 200, ""),
        "bad_json" => answer(proxy, 200, "{\"result\": true"),
        other => panic!("{other}"),
    }
    proxy.configure(server(extra)).unwrap();
}

fn refuses(proxy: &mut Proxy, kind: &str) {
    broken(proxy, kind, json!({ "status_on_error": 503 }));
    let reply = get(proxy, "/");
    assert_eq!(reply.status(), 503);
    assert!(reply.upstream().is_none());
    assert_eq!(proxy.metric(&format!("opa_errors.kind.{kind}")), 1);
    assert_eq!(proxy.metric("opa_allowed") + proxy.metric("opa_denied"), 0);
}

#[scenario]
fn an_unknown_cluster_refuses(proxy: &mut Proxy) {
    refuses(proxy, "unknown_cluster");
}

#[scenario]
fn a_cluster_without_endpoints_refuses(proxy: &mut Proxy) {
    refuses(proxy, "no_endpoints");
}

#[scenario]
fn a_refused_connection_refuses(proxy: &mut Proxy) {
    refuses(proxy, "unreachable");
}

#[scenario]
fn a_timeout_refuses(proxy: &mut Proxy) {
    refuses(proxy, "timeout");
}

#[scenario]
fn another_status_than_200_refuses(proxy: &mut Proxy) {
    refuses(proxy, "status");
}

#[scenario]
fn an_empty_body_refuses(proxy: &mut Proxy) {
    refuses(proxy, "empty_body");
}

#[scenario]
fn broken_json_refuses(proxy: &mut Proxy) {
    refuses(proxy, "bad_json");
}

#[scenario]
fn an_answer_that_is_no_http_refuses(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Garbage);
    proxy.configure(server(json!({}))).unwrap();
    assert_eq!(get(proxy, "/").status(), 403);
    assert_eq!(proxy.metric("opa_errors.kind.unreachable"), 1);
}

#[scenario]
fn a_server_that_answers_503_is_no_server_that_is_unreachable(proxy: &mut Proxy) {
    always(proxy, UpstreamReply::new(503), json!({}));
    assert_eq!(get(proxy, "/").status(), 403);
    assert_eq!(proxy.metric("opa_errors.kind.status"), 1);
}

#[scenario]
fn on_error_allow_lets_pass(proxy: &mut Proxy) {
    broken(proxy, "unreachable", json!({ "on_error": "allow" }));
    let reply = get(proxy, "/");
    assert_eq!(reply.status(), 200);
    assert!(reply.upstream().is_some());
    assert_eq!(proxy.metric("opa_errors.kind.unreachable"), 1);
    assert_eq!(proxy.metric("opa_allowed"), 0);
}

#[scenario]
fn on_error_allow_lets_pass_where_the_call_itself_fails(proxy: &mut Proxy) {
    broken(proxy, "unknown_cluster", json!({ "on_error": "allow" }));
    assert_eq!(get(proxy, "/").status(), 200);
}

#[scenario]
fn errors_are_never_remembered(proxy: &mut Proxy) {
    let healthy = std::sync::atomic::AtomicBool::new(false);
    proxy.serve("opa", move |_| {
        match healthy.swap(true, std::sync::atomic::Ordering::SeqCst) {
            true => result(json!(true)),
            false => UpstreamReply::new(500),
        }
    });
    proxy.configure(server(json!({ "cache": {} }))).unwrap();
    assert_eq!(get(proxy, "/").status(), 403);
    assert_eq!(get(proxy, "/").status(), 200);
    assert_eq!(proxy.callouts().len(), 2);
}

#[scenario]
fn an_answer_in_time_is_an_answer(proxy: &mut Proxy) {
    let slow = result(json!(true)).after(Duration::from_millis(200));
    always(proxy, slow, json!({}));
    assert_eq!(get(proxy, "/").status(), 200);
}
