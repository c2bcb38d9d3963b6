//! Clients that do not wait.

use std::time::Duration;

use sdk_tests::{Fault, Proxy, Request, json, scenario};

use super::{always, get, plugin, result, server};

#[scenario]
fn a_client_that_leaves_during_a_callout_is_harmless(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Timeout);
    proxy.configure(server(json!({}))).unwrap();
    proxy.send_and_leave(Request::get("/"));
    proxy.advance(Duration::from_secs(1));
    assert_eq!(get(proxy, "/").status(), 403);
}

#[scenario]
fn those_who_share_a_callout_do_not_depend_on_who_made_it(proxy: &mut Proxy) {
    let slow = result(json!(true)).after(Duration::from_millis(300));
    always(proxy, slow, json!({ "cache": {} }));
    let first = proxy.start(Request::get("/"));
    let second = proxy.start(Request::get("/"));
    let third = proxy.start(Request::get("/"));
    proxy.leave(first);
    assert_eq!(proxy.finish(second).status(), 200);
    assert_eq!(proxy.finish(third).status(), 200);
    // The one that left took its callout along.
    assert_eq!(proxy.callouts().len(), 2);
    assert_eq!(get(proxy, "/").status(), 200);
    assert_eq!(proxy.callouts().len(), 2);
}

#[scenario]
fn one_who_leaves_does_not_keep_the_others_waiting(proxy: &mut Proxy) {
    let slow = result(json!(false)).after(Duration::from_millis(300));
    always(proxy, slow, json!({}));
    let first = proxy.start(Request::get("/"));
    let second = proxy.start(Request::get("/"));
    let third = proxy.start(Request::get("/"));
    proxy.leave(second);
    assert_eq!(proxy.finish(first).status(), 403);
    assert_eq!(proxy.finish(third).status(), 403);
    assert_eq!(proxy.callouts().len(), 1);
}

#[scenario]
fn a_callout_that_all_have_left_is_forgotten(proxy: &mut Proxy) {
    let slow = result(json!(true)).after(Duration::from_millis(300));
    always(proxy, slow, json!({}));
    let first = proxy.start(Request::get("/"));
    let second = proxy.start(Request::get("/"));
    proxy.leave(first);
    proxy.leave(second);
    proxy.advance(Duration::from_secs(1));
    assert_eq!(get(proxy, "/").status(), 200);
}
