//! Decisions that do not count.

use sdk_tests::{Fault, Level, Proxy, Request, json, scenario};

use super::{always, get, plugin, result, server};

#[scenario]
fn a_denied_request_passes_as_it_is_and_is_counted_and_logged(proxy: &mut Proxy) {
    let denied = json!({ "allowed": false, "headers": { "x-a": "1" }, "response_headers_to_add": { "x-b": "1" } });
    always(proxy, result(denied), json!({ "mode": "shadow" }));
    let reply = proxy.send(Request::post("/").body("abc"));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.upstream().unwrap().header("x-a"), None);
    assert_eq!(reply.header("x-b"), None);
    assert_eq!(proxy.metric("opa_denied"), 1);
    assert_eq!(proxy.metric("opa_shadow_passed"), 1);
    let logs = proxy.logs();
    let line = logs
        .iter()
        .find(|log| log.message.contains("shadow: would be refused: denied"));
    assert_eq!(line.map(|log| log.level), Some(Level::Info), "{logs:?}");
}

#[scenario]
fn an_allowed_request_is_not_changed_either(proxy: &mut Proxy) {
    let allowed =
        json!({ "allowed": true, "headers": { "x-a": "1" }, "request_headers_to_remove": ["x-c"] });
    always(proxy, result(allowed), json!({ "mode": "shadow" }));
    let reply = proxy.send(Request::get("/").header("x-c", "1"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(
        (upstream.header("x-a"), upstream.header("x-c")),
        (None, Some(&b"1"[..]))
    );
    assert_eq!(proxy.metric("opa_allowed"), 1);
    assert_eq!(proxy.metric("opa_shadow_passed"), 0);
}

#[scenario]
fn an_outage_lets_pass(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Refused);
    proxy
        .configure(server(json!({ "mode": "shadow" })))
        .unwrap();
    assert_eq!(get(proxy, "/").status(), 200);
    assert_eq!(get(proxy, "/%zz").status(), 200);
    assert_eq!(proxy.metric("opa_errors.kind.unreachable"), 1);
    assert_eq!(proxy.metric("opa_bad_requests"), 1);
    assert_eq!(proxy.metric("opa_shadow_passed"), 2);
}
