//! Decisions that are remembered, and callouts that are shared.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{always, get, plugin, result, server};

#[scenario]
fn an_equal_request_is_not_asked_about_twice(proxy: &mut Proxy) {
    always(
        proxy,
        result(json!({ "allowed": true, "headers": { "x-user": "a" } })),
        json!({ "cache": {} }),
    );
    for _ in 0..3 {
        let reply = proxy.send(Request::get("/a").header("x-b", "1"));
        assert_eq!(reply.upstream().unwrap().header("x-user"), Some(&b"a"[..]));
    }
    assert_eq!(proxy.callouts().len(), 1);
    assert_eq!(proxy.metric("opa_cache_misses"), 1);
    assert_eq!(proxy.metric("opa_cache_hits"), 2);
    assert_eq!(proxy.metric("opa_allowed"), 3);
    for other in [
        Request::get("/a"),
        Request::get("/a?").header("x-b", "1"),
        Request::head("/a").header("x-b", "1"),
    ] {
        proxy.send(other);
    }
    assert_eq!(proxy.callouts().len(), 4);
}

#[scenario]
fn an_allow_and_a_denial_have_times_of_their_own(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        match body["input"]["parsed_path"][0].as_str().unwrap() {
            "no" => result(json!(false)),
            "undefined" => UpstreamReply::new(200).body("{}"),
            "brief" => result(json!({ "allowed": true, "cache_ttl": 0 })),
            _ => result(json!(true)),
        }
    });
    proxy
        .configure(server(
            json!({ "cache": { "ttl": "60s", "negative_ttl": "1s" } }),
        ))
        .unwrap();
    let all = |proxy: &mut Proxy| {
        for path in ["/yes", "/no", "/undefined", "/brief"] {
            get(proxy, path);
        }
        proxy.callouts().len()
    };
    assert_eq!(all(proxy), 4);
    // Only what is not to be remembered is asked again,
    assert_eq!(all(proxy), 5);
    proxy.advance(Duration::from_millis(1_100));
    // and then the denials.
    assert_eq!(all(proxy), 8);
}

#[scenario]
fn a_new_config_starts_empty(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), json!({ "cache": {} }));
    get(proxy, "/");
    proxy
        .configure(server(json!({ "cache": { "ttl": "11s" } })))
        .unwrap();
    get(proxy, "/");
    assert_eq!(proxy.callouts().len(), 2);
}

#[scenario]
fn a_revoked_permission_ends_with_the_time(proxy: &mut Proxy) {
    let asked = AtomicUsize::new(0);
    proxy.serve("opa", move |_| {
        result(json!(asked.fetch_add(1, Ordering::SeqCst) == 0))
    });
    proxy
        .configure(server(json!({ "cache": { "ttl": "1s" } })))
        .unwrap();
    assert_eq!(get(proxy, "/").status(), 200);
    assert_eq!(get(proxy, "/").status(), 200);
    proxy.advance(Duration::from_millis(1_100));
    assert_eq!(get(proxy, "/").status(), 403);
    assert_eq!(get(proxy, "/").status(), 403);
}

#[scenario]
fn the_key_can_be_chosen(proxy: &mut Proxy) {
    let cache = json!({ "cache": { "key": ["path", "headers.x-user"] } });
    always(proxy, result(json!(true)), cache);
    for (user, other) in [("a", "1"), ("a", "2"), ("b", "1")] {
        proxy.send(
            Request::get("/")
                .header("x-user", user)
                .header("x-other", other),
        );
    }
    assert_eq!(proxy.callouts().len(), 2);
}

#[scenario]
fn requests_at_once_share_a_callout(proxy: &mut Proxy) {
    let slow = result(json!({ "allowed": true, "headers": { "x-user": "a" } }));
    always(proxy, slow.after(Duration::from_millis(400)), json!({}));
    let first = proxy.start(Request::get("/same"));
    let second = proxy.start(Request::post("/same").body("abc"));
    let third = proxy.start(Request::get("/same"));
    let other = proxy.start(Request::get("/other"));
    for started in [first, third, other, second] {
        let reply = proxy.finish(started);
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.upstream().unwrap().header("x-user"), Some(&b"a"[..]));
    }
    // The POST is another request: of the four, two shared.
    assert_eq!(proxy.callouts().len(), 3);
    assert_eq!(proxy.metric("opa_shared_callouts"), 1);
    assert_eq!(proxy.metric("opa_allowed"), 4);
}

#[scenario]
fn a_shared_denial_and_a_shared_failure_reach_everyone(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let reply = match body["input"]["parsed_path"][0] == "no" {
            true => result(json!({ "allowed": false, "body": "no" })),
            false => UpstreamReply::new(500),
        };
        reply.after(Duration::from_millis(300))
    });
    proxy
        .configure(server(json!({ "status_on_error": 502 })))
        .unwrap();
    for (path, status) in [("/no", 403), ("/fails", 502)] {
        let started: Vec<_> = (0..3).map(|_| proxy.start(Request::get(path))).collect();
        for started in started {
            let reply = proxy.finish(started);
            assert_eq!(reply.status(), status);
            assert!(reply.upstream().is_none());
        }
    }
    assert_eq!(proxy.callouts().len(), 2);
    assert_eq!(proxy.metric("opa_denied"), 3);
    assert_eq!(proxy.metric("opa_errors.kind.status"), 3);
}
