//! Callouts of root contexts.

use std::time::Duration;

use sdk_tests::{Fault, HostKind, Proxy, Request, scenario};

use crate::callouts::allow;
use crate::{plugin, send};

#[scenario]
fn on_configure_calls_out_of_two_vms(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("ask").unwrap();
    let logs: Vec<_> = proxy.logs().into_iter().map(|log| log.message).collect();
    let asked = logs.iter().filter(|log| *log == "root asked true").count();
    assert_eq!(asked, 3);
    assert_eq!(proxy.metric("fixture_root_answers"), 2);
    let callouts = proxy.callouts();
    assert_eq!(callouts.len(), 2);
    assert_eq!(callouts[0].request.path(), b"/configure");
}

#[scenario]
fn on_tick_calls_out(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("tick-ask").unwrap();
    proxy.advance(Duration::from_millis(1_500));
    let answers = proxy.metric("fixture_root_answers");
    match proxy.host() {
        HostKind::Native | HostKind::Wasm => assert_eq!(answers, 2),
        HostKind::Envoy => assert!(answers >= 2, "{answers}"),
    }
}

#[scenario]
fn an_answer_to_the_root_context_can_resume_a_stream(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Timeout);
    proxy.configure("ask-slowly").unwrap();
    let (reply, logs) = send(proxy, Request::get("/wait-for-root"));
    assert_eq!(reply.status(), 200);
    assert!(reply.upstream().is_some());
    assert!(
        logs.iter().any(|log| log == r#"root answer Some("504")"#),
        "{logs:?}"
    );
    assert!(logs.iter().any(|log| log == "resumed Ok(())"), "{logs:?}");
}

#[scenario]
fn a_stream_that_left_cannot_be_resumed(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Timeout);
    proxy.configure("ask-slowly").unwrap();
    proxy.send_and_leave(Request::get("/wait-for-root"));
    proxy.advance(Duration::from_secs(2));
    let logs = proxy.logs();
    let resumed = logs
        .iter()
        .any(|log| log.message == "resumed Err(BadArgument)");
    assert!(resumed, "{logs:?}");
    assert_eq!(proxy.metric("fixture_done"), 1);
}
