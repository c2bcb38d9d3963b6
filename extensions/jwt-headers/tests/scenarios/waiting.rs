//! Requests that wait for keys.

use std::time::Duration;

use sdk_tests::{Fault, Proxy, Request, json, scenario};

use super::{
    plugin,
    remote::{Server, configure, fetches, is_unavailable, key, keys, token},
    send, tokens, upstream_header, with_token,
};

/// A server that takes its time, and a proxy that knows the key `a` and not yet the key `b`.
fn rotated(proxy: &mut Proxy) -> Server {
    let server = Server::start(proxy, keys(&[key("a")]));
    configure(proxy, json!({}));
    assert_eq!(send(proxy, &token("a")).status(), 200);
    server.answers(keys(&[key("a"), key("b")]).after(Duration::from_millis(500)));
    server
}

#[scenario]
fn all_wait_for_one_answer(proxy: &mut Proxy) {
    rotated(proxy);
    let before = proxy.callouts().len();
    let first = proxy.start(with_token("/first", &token("b")));
    let second = proxy.start(with_token("/second", &token("b")));
    let third = proxy.start(with_token("/third", &tokens::token_by("b", 99, json!({}))));
    // Whoever has a known key does not wait.
    assert_eq!(send(proxy, &token("a")).status(), 200);
    for (started, path) in [(first, "/first"), (second, "/second")] {
        let reply = proxy.finish(started);
        assert_eq!(reply.status(), 200, "{path}");
        assert_eq!(upstream_header(&reply, ":path").as_deref(), Some(path));
        assert_eq!(upstream_header(&reply, "authorization"), None);
    }
    let reply = proxy.finish(third);
    assert_eq!(reply.status(), 401, "it was signed by somebody else");
    assert!(reply.upstream().is_none());
    assert_eq!(proxy.callouts().len(), before + 1);
    assert_eq!(proxy.metric("jwt_headers_waited"), 3);
}

#[scenario]
fn unknown_kids_ask_once_in_a_while_and_no_more(proxy: &mut Proxy) {
    rotated(proxy);
    let before = proxy.callouts().len();
    for seed in 0..50 {
        let id = format!("unknown-{seed}");
        let token = tokens::token_by(&id, seed, json!({}));
        assert_eq!(send(proxy, &token).status(), 401, "{id}");
    }
    assert_eq!(proxy.callouts().len(), before + 1);
    assert_eq!(proxy.metric("jwt_headers_waited"), 1);
    assert_eq!(proxy.metric("jwt_headers_denied.reason.key"), 50);
    // The first of them has brought the new key, too.
    assert_eq!(send(proxy, &token("b")).status(), 200);
}

/// A hundred at once, each with a `kid` of its own: one question, and an answer for all of them.
#[scenario]
fn a_flood_of_unknown_kids_is_one_question(proxy: &mut Proxy) {
    rotated(proxy);
    let before = proxy.callouts().len();
    let right = proxy.start(with_token("/right", &token("b")));
    let flood: Vec<_> = (0..100)
        .map(|number| {
            let id = format!("flood-{number}");
            proxy.start(with_token("/flood", &tokens::token_by(&id, 3, json!({}))))
        })
        .collect();
    // Nobody with a known key notices.
    assert_eq!(send(proxy, &token("a")).status(), 200);
    for request in flood {
        let reply = proxy.finish(request);
        assert_eq!(reply.status(), 401);
        assert!(reply.upstream().is_none());
    }
    assert_eq!(proxy.finish(right).status(), 200);
    assert_eq!(proxy.callouts().len(), before + 1);
}

/// Only a token that could be right makes anybody ask.
#[scenario]
fn what_no_key_could_make_right_does_not_wait(proxy: &mut Proxy) {
    rotated(proxy);
    let before = proxy.callouts().len();
    for claims in [
        json!({ "iss": "https://mallory.test" }),
        json!({ "aud": "web" }),
        json!({ "exp": 1 }),
        json!({ "nbf": tokens::LATER }),
    ] {
        let token = tokens::token_by("unknown", 1, claims.clone());
        assert_eq!(send(proxy, &token).status(), 401, "{claims}");
    }
    assert_eq!(proxy.metric("jwt_headers_waited"), 0);
    assert_eq!(proxy.callouts().len(), before);
}

#[scenario]
fn a_body_and_trailers_wait_with_their_headers(proxy: &mut Proxy) {
    rotated(proxy);
    let request = |token: &str| {
        Request::post("/")
            .header("authorization", format!("Bearer {token}"))
            .chunk("one, ")
            .chunk("two")
            .trailer("x-sum", "3")
    };
    let right = proxy.start(request(&token("b")));
    let wrong = proxy.start(request(&tokens::token_by("b", 99, json!({}))));
    let reply = proxy.finish(right);
    assert_eq!(reply.status(), 200);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.body(), b"one, two");
    assert_eq!(upstream.trailer("x-sum"), Some(&b"3"[..]));
    let reply = proxy.finish(wrong);
    assert_eq!(reply.status(), 401);
    assert!(reply.upstream().is_none());
}

#[scenario]
fn a_client_that_leaves_harms_nobody(proxy: &mut Proxy) {
    rotated(proxy);
    let impatient = proxy.start(with_token("/", &token("b")));
    let patient = proxy.start(with_token("/", &token("b")));
    proxy.leave(impatient);
    assert_eq!(proxy.finish(patient).status(), 200);
    assert_eq!(send(proxy, &token("b")).status(), 200);
}

#[scenario]
fn nobody_waits_longer_than_the_timeout(proxy: &mut Proxy) {
    proxy.serve_fault("keys", Fault::Timeout);
    configure(proxy, json!({ "timeout": "1s" }));
    let reply = send(proxy, &token("a"));
    assert!(is_unavailable(&reply), "{reply:?}");
    // Now the server is left alone for a while.
    let reply = send(proxy, &token("a"));
    assert!(is_unavailable(&reply), "{reply:?}");
    assert_eq!(proxy.metric("jwt_headers_waited"), 1);
    assert_eq!(fetches(proxy, "status"), 1);
}

#[scenario]
fn one_worker_asks_for_all(proxy: &mut Proxy) {
    proxy.workers(2);
    Server::start(proxy, keys(&[key("a")]));
    configure(proxy, json!({}));
    proxy.advance(Duration::from_millis(1_500));
    for worker in [0, 1] {
        let request = with_token("/", &token("a")).on_worker(worker);
        assert_eq!(proxy.send(request).status(), 200, "{worker}");
    }
    assert_eq!(proxy.callouts().len(), 1);
}

/// The host keeps the old configuration for the requests that began under it.
#[scenario]
fn a_new_configuration_leaves_nobody_waiting(proxy: &mut Proxy) {
    rotated(proxy);
    let right = proxy.start(with_token("/", &token("b")));
    let wrong = proxy.start(with_token("/", &tokens::token_by("b", 99, json!({}))));
    // One that needs no server, and does not know `b`.
    let fixed = super::provider(json!({ "jwks": { "inline": { "keys": [key("a")] } } }));
    proxy
        .configure(json!({ "providers": { "main": fixed } }))
        .unwrap();
    assert_eq!(proxy.finish(right).status(), 200);
    assert_eq!(proxy.finish(wrong).status(), 401);
    assert_eq!(send(proxy, &token("b")).status(), 401);
}
