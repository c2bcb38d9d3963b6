//! Configurations that change.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{assert_soon, matched, plugin};

#[scenario]
fn a_request_on_its_way_ends_under_the_config_that_it_began_with(proxy: &mut Proxy) {
    let generating = |name: &str| {
        json!({ "attributes": [
            { "output_attribute": name, "match": [{ "condition": "source.port > 0", "value": "x" }] }
        ] })
    };
    proxy.upstream_replies(UpstreamReply::new(200).after(Duration::from_secs(2)));
    proxy.configure(generating("first")).unwrap();
    let slow = proxy.start(Request::get("/slow"));
    proxy.configure(generating("second")).unwrap();
    proxy.finish(slow);
    proxy.upstream_replies(UpstreamReply::new(200));
    proxy.send(Request::get("/quick"));
    assert_soon(proxy, |proxy| matched(proxy, "second"), &1);
    assert_soon(proxy, |proxy| matched(proxy, "first"), &1);
}

/// Takes the place of the host's expressions, and counts those that are there.
fn count_expressions(proxy: &mut Proxy) -> Arc<Mutex<HashSet<Vec<u8>>>> {
    let alive = Arc::new(Mutex::new(HashSet::new()));
    let next = AtomicU32::new(0);
    let created = alive.clone();
    proxy.foreign_function("expr_create", move |source| {
        if source == b"wrong" {
            return Err(sdk_tests::Status::BadArgument);
        }
        let token = next.fetch_add(1, Ordering::Relaxed).to_le_bytes().to_vec();
        created.lock().unwrap().insert(token.clone());
        Ok(token)
    });
    proxy.foreign_function("expr_evaluate", |_| Ok(vec![1]));
    let deleted = alive.clone();
    proxy.foreign_function("expr_delete", move |token| {
        assert!(deleted.lock().unwrap().remove(token), "deleted twice");
        Ok(Vec::new())
    });
    alive
}

#[scenario(native, wasm)]
fn a_thousand_reloads_leave_no_expression_behind(proxy: &mut Proxy) {
    let alive = count_expressions(proxy);
    let config = |condition: &str| {
        json!({ "attributes": [{ "output_attribute": "x", "match": [
            { "condition": "request.path.matches('^/a[0-9]')", "value": "a" },
            { "condition": "source.port > 0", "value": "b" },
            { "condition": "source.port > 1", "value_expression": "request.host" },
            { "condition": condition, "value": "c" }
        ] }] })
    };
    proxy.configure(config("source.port > 2")).unwrap();
    proxy.send(Request::get("/"));
    // A configuration is tried out in a VM of its own, which dies with all that it has.
    let first = alive.lock().unwrap().len();
    let of_one_vm = first / 3;
    assert!(of_one_vm > 3 && first.is_multiple_of(3), "{first}");
    for round in 0..1000 {
        if round % 10 == 0 {
            // What was there before the bad one must go, too.
            proxy.configure(config("wrong")).unwrap_err();
        }
        proxy.configure(config("source.port > 2")).unwrap();
        proxy.send(Request::get("/"));
    }
    assert_eq!(alive.lock().unwrap().len(), first + 1000 * of_one_vm);
}
