//! How gRPC streams end: by the server, by the plugin, or before they begin.

use sdk_tests::{Fault, GrpcEnd, Proxy, Rule, scenario};

use crate::grpc::play;
use crate::grpc_streams::{echo, seen};
use crate::plugin;

/// What is logged over a stream that the server ends, told so by its metadata.
fn ended(proxy: &mut Proxy, told: &str) -> Vec<String> {
    let open = format!("stream-with opa x-do {told}; pause");
    let mut story = play(proxy, &[("headers", &open), ("close", "resume; close")]);
    let end = story.len().saturating_sub(2);
    assert_eq!(story.split_off(end), ["resume Ok(())", "close 0"]);
    story.remove(0);
    story
}

#[scenario]
fn a_server_can_end_it_at_once(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    // Headers that are all of the answer come as trailing metadata.
    assert_eq!(
        ended(proxy, "deny"),
        [
            "initial 0 ",
            "trailing 5 :status=200 content-type=application/grpc x-t=2 grpc-status=7 grpc-message=not you",
            r#"closed 7 Ok((7, Some("not you{via_upstream}")))"#,
        ]
    );
    assert_eq!(
        ended(proxy, "greet-and-deny"),
        [
            "initial 3 :status=200 content-type=application/grpc x-a=1",
            "trailing 3 x-t=2 grpc-status=7 grpc-message=not you",
            r#"closed 7 Ok((7, Some("not you{via_upstream}")))"#,
        ]
    );
    assert_eq!(
        ended(proxy, "push-and-end"),
        [
            "initial 2 :status=200 content-type=application/grpc",
            r#"message size 3 "one""#,
            "trailing 1 grpc-status=0",
            r#"closed 0 Ok((0, Some("via_upstream")))"#,
        ]
    );
    let ends: Vec<_> = seen(proxy).into_iter().map(|(end, _)| end).collect();
    assert_eq!(ends, [None, None, None]);
}

#[scenario]
fn a_server_can_end_it_at_the_end(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        (
            "headers",
            "stream-with opa x-do deny-at-the-end; end a; pause",
        ),
        ("close", "resume"),
    ];
    assert_eq!(
        play(proxy, &lines)[2..5],
        [
            "initial 0 ",
            "trailing 4 :status=200 content-type=application/grpc grpc-status=7 x-envoy-upstream-service-time",
            r#"closed 7 Ok((7, Some("via_upstream")))"#,
        ]
    );
}

#[scenario]
fn an_http_status_ends_it(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    assert_eq!(
        ended(proxy, "http-503"),
        [
            "initial 0 ",
            "trailing 0 ",
            r#"closed 14 Ok((14, Some("via_upstream")))"#
        ]
    );
    assert_eq!(
        ended(proxy, "http-200"),
        [
            "initial 0 ",
            "trailing 2 :status=200 content-type=application/grpc",
            r#"closed 2 Ok((2, Some("via_upstream")))"#,
        ]
    );
}

#[scenario]
fn closing_ends_the_plugins_half(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        (
            "headers",
            "stream opa; send a; close; close; send x; half-close; pause",
        ),
        ("close", "close; close; cancel; send x; resume"),
    ];
    let logs = play(proxy, &lines);
    assert_eq!(
        logs[1..6],
        ["send 0", "close 0", "close 0", "send 0", "half-close 0"]
    );
    assert!(logs[6].starts_with("initial 3"), "{logs:?}");
    let after = ["close 0", "close 1", "cancel 1", "send 1", "resume Ok(())"];
    assert_eq!(logs[logs.len() - 5..], after);
    assert_eq!(seen(proxy), [(Some(GrpcEnd::HalfClosed), "a".into())]);
}

#[scenario]
fn an_end_without_a_message_sends_an_empty_one(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; half-close; pause"),
        ("close", "resume"),
    ];
    assert_eq!(play(proxy, &lines)[3], "message size 0 nothing");
    assert_eq!(proxy.grpc_calls()[0].request.messages(), [b""]);
}

#[scenario]
fn a_stream_that_the_server_ended_takes_messages_and_sends_none(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream-with opa x-do push-and-end; pause"),
        ("close", "send a; resume"),
        ("response-headers", "close; send b; close; cancel"),
    ];
    let logs = play(proxy, &lines);
    let after = [
        "send 0",
        "resume Ok(())",
        "close 0",
        "send 1",
        "close 1",
        "cancel 1",
    ];
    assert_eq!(logs[5..], after);
    assert_eq!(seen(proxy), [(None, String::new())]);
}

#[scenario]
fn a_closed_token_goes_with_the_servers_end(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; send a; close; pause"),
        ("close", "resume"),
        ("response-headers", "close; cancel; send a"),
    ];
    let logs = play(proxy, &lines);
    assert_eq!(logs[logs.len() - 3..], ["close 1", "cancel 1", "send 1"]);
}

#[scenario]
fn a_cancelled_stream_is_forgotten(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let logs = play(
        proxy,
        &[("headers", "stream opa; cancel; cancel; close; send a")],
    );
    assert_eq!(
        logs,
        ["stream Ok(2)", "cancel 0", "cancel 1", "close 1", "send 1"]
    );
}

#[scenario]
fn a_stream_can_be_cancelled_over_a_message(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; send a; pause"),
        ("message", "cancel; send b; close; resume"),
    ];
    let logs = play(proxy, &lines);
    assert_eq!(
        logs[4..],
        ["cancel 0", "send 1", "close 1", "resume Ok(())"]
    );
    assert_eq!(seen(proxy), [(Some(GrpcEnd::Reset), "a".into())]);
}

#[scenario]
fn a_refused_connection_ends_a_stream(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("opa", Fault::Refused);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; send a; pause"),
        ("close", "close; resume"),
    ];
    let logs = play(proxy, &lines);
    let message = "upstream connect error or disconnect/reset before headers. \
                   reset reason: remote connection failure";
    let head = ":status=200 content-type=application/grpc grpc-status=14";
    assert_eq!(logs[2], "initial 0 ");
    assert_eq!(logs[3], format!("trailing 4 {head} grpc-message={message}"));
    assert!(logs[4].starts_with("closed 14 "), "{logs:?}");
    assert_eq!(logs[5..], ["close 0", "resume Ok(())"]);
}

#[scenario]
fn a_stream_to_nobody_fails_and_the_sdk_hears_of_it(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("nobody", Fault::NoEndpoints);
    proxy.configure("").unwrap();
    let mut logs = play(proxy, &[("headers", "stream nobody; status")]);
    // Envoy calls back with the metadata before the host call returns, the mock after it.
    logs.sort();
    assert_eq!(
        logs,
        [
            "on_grpc_close: invalid token_id, a non-connected stream has closed",
            "on_grpc_receive_initial_metadata: invalid token_id",
            "on_grpc_receive_trailing_metadata: invalid token_id",
            "status Ok((0, None))",
            "stream Err(InternalFailure)",
        ]
    );
    assert_eq!(
        play(proxy, &[("headers", "status")]),
        ["status Ok((14, None))"]
    );
}
