//! Keys that come from a server.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sdk_tests::{Fault, Proxy, Reply, Request, UpstreamReply, json, scenario};
use serde_json::Value;

use super::{plugin, provider, send, tokens};

/// Answers that can be changed while the proxy runs.
#[derive(Clone)]
pub(super) struct Server(Arc<Mutex<UpstreamReply>>);

impl Server {
    pub(super) fn start(proxy: &mut Proxy, reply: UpstreamReply) -> Self {
        let server = Self(Arc::new(Mutex::new(reply)));
        let answers = server.clone();
        proxy.serve("keys", move |_| answers.0.lock().unwrap().clone());
        server
    }

    pub(super) fn answers(&self, reply: UpstreamReply) {
        *self.0.lock().unwrap() = reply;
    }
}

pub(super) fn keys(keys: &[Value]) -> UpstreamReply {
    UpstreamReply::new(200)
        .header("content-type", "application/json")
        .body(json!({ "keys": keys }).to_string())
}

/// The keys `a` and `b`, and tokens by them.
pub(super) fn key(id: &str) -> Value {
    tokens::ed25519_jwk(id, id.as_bytes()[0])
}

pub(super) fn token(id: &str) -> String {
    tokens::token_by(id, id.as_bytes()[0], json!({}))
}

pub(super) fn configure(proxy: &mut Proxy, more: Value) {
    let mut remote = json!({
        "cluster": "keys", "authority": "issuer.test", "path": "/keys?v=1", "timeout": "2s"
    });
    let more = more.as_object().unwrap().clone();
    remote.as_object_mut().unwrap().extend(more);
    let main = provider(json!({ "jwks": { "remote": remote } }));
    proxy
        .configure(json!({ "providers": { "main": main } }))
        .unwrap();
    // The first tick asks for the keys.
    proxy.advance(Duration::from_millis(200));
}

pub(super) fn fetches(proxy: &mut Proxy, outcome: &str) -> u64 {
    proxy.metric(&format!("jwt_headers_jwks_fetches.outcome.{outcome}"))
}

#[scenario]
fn keys_are_fetched_before_the_first_request(proxy: &mut Proxy) {
    Server::start(proxy, keys(&[key("a")]));
    configure(proxy, json!({}));
    assert_eq!(send(proxy, &token("a")).status(), 200);
    assert_eq!(send(proxy, "x").status(), 401);
    let callouts = proxy.callouts();
    let request = &callouts[0].request;
    assert_eq!(request.path(), b"/keys?v=1");
    assert_eq!(request.header(":authority"), Some(&b"issuer.test"[..]));
    assert_eq!(request.header(":method"), Some(&b"GET"[..]));
    assert_eq!(proxy.metric("jwt_headers_jwks_keys.provider.main"), 1);
    assert_eq!(proxy.metric("jwt_headers_jwks_failures.provider.main"), 0);
}

/// The main thread and the worker have a VM each; what the one has got is enough for both.
#[scenario]
fn workers_share_what_one_of_them_fetches(proxy: &mut Proxy) {
    Server::start(proxy, keys(&[key("a")]));
    configure(proxy, json!({}));
    proxy.advance(Duration::from_millis(1_500));
    assert_eq!(send(proxy, &token("a")).status(), 200);
    assert_eq!(proxy.callouts().len(), 1);
    assert_eq!(fetches(proxy, "success"), 1);
}

#[scenario]
fn a_key_that_is_gone_takes_its_remembered_tokens_along(proxy: &mut Proxy) {
    let server = Server::start(proxy, keys(&[key("a")]));
    configure(proxy, json!({ "refresh_interval": "2s" }));
    assert_eq!(send(proxy, &token("a")).status(), 200);
    assert_eq!(send(proxy, &token("a")).status(), 200);
    assert_eq!(proxy.metric("jwt_headers_cache_hits"), 1);
    server.answers(keys(&[key("a"), key("b")]));
    proxy.advance(Duration::from_millis(3_500));
    assert_eq!(send(proxy, &token("a")).status(), 200);
    assert_eq!(send(proxy, &token("b")).status(), 200);
    server.answers(keys(&[key("b")]));
    proxy.advance(Duration::from_millis(3_500));
    assert_eq!(send(proxy, &token("b")).status(), 200);
    // `a` is a `kid` that nobody knows now: it is asked for, in vain.
    assert_eq!(proxy.metric("jwt_headers_jwks_keys.provider.main"), 1);
}

pub(super) fn is_unavailable(reply: &Reply) -> bool {
    let seconds = reply.header("retry-after").unwrap_or_default();
    let seconds = String::from_utf8_lossy(seconds).parse::<u64>();
    reply.status() == 503 && reply.upstream().is_none() && seconds.is_ok_and(|n| n >= 1)
}

#[scenario]
fn without_any_keys_a_client_is_told_when_to_come_back(proxy: &mut Proxy) {
    proxy.serve_fault("keys", Fault::Refused);
    configure(proxy, json!({}));
    let reply = send(proxy, &token("a"));
    assert!(is_unavailable(&reply), "{reply:?}");
    // What no keys could make right is refused as ever.
    assert_eq!(send(proxy, "x").status(), 401);
    assert_eq!(proxy.send(Request::get("/")).status(), 401);
    assert_eq!(fetches(proxy, "status"), 1);
    assert_eq!(proxy.metric("jwt_headers_denied.reason.no_keys"), 1);
    assert_eq!(proxy.metric("jwt_headers_jwks_failures.provider.main"), 1);
}

#[scenario]
fn a_cluster_without_endpoints_is_a_failure_like_others(proxy: &mut Proxy) {
    proxy.serve_fault("keys", Fault::NoEndpoints);
    configure(proxy, json!({}));
    assert!(is_unavailable(&send(proxy, &token("a"))));
    assert_eq!(fetches(proxy, "unsent"), 1);
}

#[scenario]
fn answers_that_are_no_keys_are_refused_and_counted(proxy: &mut Proxy) {
    let server = Server::start(proxy, keys(&[key("a")]));
    configure(proxy, json!({ "refresh_interval": "1s" }));
    let html = "<!doctype html><title>Log in</title>";
    let large = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
    for (reply, outcome) in [
        (UpstreamReply::new(500), "status"),
        (
            UpstreamReply::new(200)
                .header("content-type", "text/html")
                .body(html),
            "html",
        ),
        (UpstreamReply::new(200).body(large), "too_large"),
        (UpstreamReply::new(200).body("{\"keys\":"), "invalid"),
    ] {
        server.answers(reply);
        proxy.advance(Duration::from_millis(3_000));
        assert!(fetches(proxy, outcome) >= 1, "{outcome}");
        // The last good set is used meanwhile.
        assert_eq!(send(proxy, &token("a")).status(), 200, "{outcome}");
        server.answers(keys(&[key("a")]));
        proxy.advance(Duration::from_millis(5_000));
        assert_eq!(proxy.metric("jwt_headers_jwks_failures.provider.main"), 0);
    }
}

#[scenario(native, wasm)]
fn old_keys_are_good_for_a_while_and_no_longer(proxy: &mut Proxy) {
    let server = Server::start(proxy, keys(&[key("a")]));
    configure(
        proxy,
        json!({ "refresh_interval": "60s", "stale_for": "600s" }),
    );
    server.answers(UpstreamReply::new(503));
    proxy.advance(Duration::from_secs(500));
    assert_eq!(send(proxy, &token("a")).status(), 200);
    proxy.advance(Duration::from_secs(160));
    assert!(is_unavailable(&send(proxy, &token("a"))));
    // Asked again and again, and not too often.
    let asked = fetches(proxy, "status");
    assert!((8..20).contains(&asked), "{asked}");
    server.answers(keys(&[key("a")]));
    proxy.advance(Duration::from_secs(61));
    assert_eq!(send(proxy, &token("a")).status(), 200);
}

#[scenario]
fn an_outage_is_survived_and_its_end_noticed(proxy: &mut Proxy) {
    let server = Server::start(proxy, keys(&[key("a")]));
    configure(
        proxy,
        json!({ "refresh_interval": "1s", "stale_for": "3s", "timeout": "1s" }),
    );
    server.answers(UpstreamReply::new(503));
    proxy.advance(Duration::from_millis(1_600));
    assert!(proxy.metric("jwt_headers_jwks_failures.provider.main") >= 1);
    assert_eq!(send(proxy, &token("a")).status(), 200, "keys are stale");
    proxy.advance(Duration::from_millis(3_600));
    assert!(is_unavailable(&send(proxy, &token("a"))), "keys are gone");
    server.answers(keys(&[key("a")]));
    proxy.advance(Duration::from_secs(5));
    assert_eq!(send(proxy, &token("a")).status(), 200);
    assert_eq!(proxy.metric("jwt_headers_jwks_failures.provider.main"), 0);
}
