//! gRPC calls: what the server sees, what comes back, and to whom.

use std::time::Duration;

use sdk_tests::{Fault, GrpcEnd, GrpcReply, GrpcRequest, Proxy, Request, Rule, scenario};

use crate::{plugin, send};

/// A request for the fixture's scripts: each line is a callback and what to do in it.
pub(crate) fn script(lines: &[(&str, &str)]) -> Request {
    let line = |request: Request, (phase, commands): &(&str, &str)| {
        request.header(format!("x-on-{phase}"), commands)
    };
    lines.iter().fold(Request::get("/grpc"), line)
}

/// What the fixture logged while a script ran, without the first and the last lines.
pub(crate) fn play(proxy: &mut Proxy, lines: &[(&str, &str)]) -> Vec<String> {
    let (_, mut logs) = send(proxy, script(lines));
    logs.retain(|log| {
        let frame = ["request /grpc", "response headers", "log "];
        !frame.iter().any(|start| log.starts_with(start))
    });
    logs
}

/// A server of calls that knows many ways to answer.
pub(crate) fn answer(request: &GrpcRequest) -> GrpcReply {
    match request.message() {
        b"nothing" => GrpcReply::new(),
        b"empty" => GrpcReply::of(""),
        b"two" => GrpcReply::of("one").message("two"),
        b"metadata" => GrpcReply::of("m").metadata("x-a", "1").trailer("x-t", "2"),
        b"denied" => GrpcReply::new().end(7, "not you"),
        b"denied-late" => GrpcReply::of("late").end(5, "gone"),
        b"denied-quietly" => GrpcReply::status(5),
        b"denied-strangely" => GrpcReply::status(99),
        b"percent" => GrpcReply::new().end(7, "a%20b"),
        b"bytes" => GrpcReply::new().end(7, b"a\xff"),
        b"http" => GrpcReply::http(200),
        b"http-404" => GrpcReply::http(404),
        b"http-503" => GrpcReply::http(503),
        message => GrpcReply::of(message),
    }
}

/// What is logged over the answer to a call with this message.
pub(crate) fn response(proxy: &mut Proxy, message: &str) -> Vec<String> {
    let call = format!("call opa {message}; pause");
    play(proxy, &[("headers", &call), ("response", "status; resume")])
}

#[scenario]
fn a_request_waits_for_its_answer_and_goes_on(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let (reply, logs) = send(
        proxy,
        script(&[("headers", "call opa hello; pause"), ("response", "resume")]),
    );
    assert_eq!(reply.status(), 200);
    assert!(reply.upstream().is_some());
    assert_eq!(
        logs[1..],
        [
            "call Ok(1)",
            r#"response 0 size 5 "hello""#,
            "resume Ok(())",
            "response headers end true",
            r#"log Ok(Some("/grpc")) Ok(Some("200"))"#,
        ]
    );
}

#[scenario]
fn a_server_sees_what_the_plugin_sends(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let call = "call-with opa X-Upper a; pause";
    play(proxy, &[("headers", call), ("response", "resume")]);
    let calls = proxy.grpc_calls();
    assert_eq!((calls.len(), calls[0].cluster.as_str()), (1, "opa"));
    let request = &calls[0].request;
    assert_eq!(request.service(), "test.Service");
    assert_eq!(request.method(), "Method");
    assert_eq!(request.messages(), [b"with"]);
    assert_eq!(request.end(), Some(GrpcEnd::HalfClosed));
    let headers: Vec<_> = request
        .all_metadata()
        .iter()
        .map(|(name, value)| format!("{name}={}", value.escape_ascii()))
        .collect();
    assert_eq!(
        headers,
        [
            ":authority=opa",
            ":path=/test.Service/Method",
            ":method=POST",
            ":scheme=http",
            "te=trailers",
            "grpc-timeout=5000m",
            "content-type=application/grpc",
            "x-upper=a",
            "x-envoy-internal=true",
            "x-envoy-expected-rq-timeout-ms=5000",
        ]
    );
}

#[scenario]
fn binary_metadata_leaves_in_base64(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let call = "call-with opa x-some-bin a; pause";
    play(proxy, &[("headers", call), ("response", "resume")]);
    let calls = proxy.grpc_calls();
    assert_eq!(calls[0].request.metadata("x-some-bin"), Some(&b"YQ=="[..]));
}

#[scenario]
fn a_timeout_of_0_is_none_and_tells_the_server_0(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let lines = [("headers", "call opa a 0; pause"), ("response", "resume")];
    assert_eq!(play(proxy, &lines)[1], r#"response 0 size 1 "a""#);
    let calls = proxy.grpc_calls();
    let request = &calls[0].request;
    assert_eq!(request.metadata("grpc-timeout"), Some(&b"0m"[..]));
    assert_eq!(request.metadata("x-envoy-expected-rq-timeout-ms"), None);
}

#[scenario]
fn the_answer_is_its_last_message(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    assert_eq!(response(proxy, "two")[1], r#"response 0 size 3 "two""#);
    assert_eq!(response(proxy, "empty")[1], "response 0 size 0 nothing");
}

#[scenario]
fn only_the_message_of_an_answer_can_be_read(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "call opa metadata; pause"),
        ("response", "look; resume"),
    ];
    assert_eq!(
        play(proxy, &lines)[1..3],
        [
            r#"response 0 size 1 "m""#,
            "look initial 2 size 2 [] trailing 2 size 2 [] buffer 0 length 1 \"m\" status Ok((0, None))",
        ]
    );
}

#[scenario]
fn only_the_message_of_an_answer_can_be_written(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "write; call opa a; pause"),
        ("response", "write; resume"),
    ];
    let logs = play(proxy, &lines);
    assert_eq!(logs[0], "write initial 2 trailing 2 buffer 2 nothing");
    assert_eq!(logs[3], r#"write initial 2 trailing 2 buffer 0 "newa""#);
}

#[scenario]
fn a_service_can_be_a_protobuf(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let call = "call-service opa hello; pause";
    let logs = play(proxy, &[("headers", call), ("response", "resume")]);
    assert_eq!(logs[1], r#"response 0 size 5 "hello""#);
}

#[scenario]
fn a_cancelled_call_is_forgotten(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    for end in ["cancel", "close"] {
        let call = format!("call opa a; {end}; cancel; close; half-close");
        assert_eq!(
            play(proxy, &[("headers", &call)]),
            [
                "call Ok(1)",
                &format!("{end} 0"),
                "cancel 1",
                "close 1",
                "half-close 2"
            ]
        );
    }
}

#[scenario]
fn a_call_that_is_cancelled_later_is_reset(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("opa", Fault::Timeout);
    proxy.configure("").unwrap();
    let lines = [("headers", "call opa a"), ("response-headers", "cancel")];
    assert_eq!(play(proxy, &lines), ["call Ok(1)", "cancel 0"]);
    for call in proxy.grpc_calls() {
        assert_eq!(call.request.end(), Some(GrpcEnd::Reset));
    }
}

#[scenario]
fn an_answer_cannot_be_cancelled_any_more(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "call opa a; pause"),
        ("response", "cancel; cancel; resume"),
        ("response-headers", "cancel"),
    ];
    let cancelled = ["cancel 0", "cancel 1", "resume Ok(())", "cancel 1"];
    assert_eq!(play(proxy, &lines)[2..], cancelled);
}

#[scenario]
fn a_token_says_what_it_is_for(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    for (token, cancel, close, send) in [(0, 2, 2, 2), (1, 1, 1, 2), (2, 1, 1, 1), (3, 2, 2, 2)] {
        let commands = format!("token {token}; cancel; close; half-close");
        let logs = play(proxy, &[("headers", &commands)]);
        let expected = [
            format!("cancel {cancel}"),
            format!("close {close}"),
            format!("half-close {send}"),
        ];
        assert_eq!(logs, expected);
    }
}

#[scenario]
fn a_request_that_is_over_hears_of_no_answer(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("opa", Fault::Timeout);
    proxy.configure("").unwrap();
    assert_eq!(
        play(proxy, &[("headers", "call opa a 300")]),
        ["call Ok(1)"]
    );
    let before = proxy.logs().len();
    proxy.advance(Duration::from_millis(600));
    assert_eq!(proxy.logs().len(), before);
    let calls = proxy.grpc_calls();
    assert_eq!(calls[0].request.end(), Some(GrpcEnd::Reset));
}

#[scenario]
fn an_answer_can_become_a_local_reply(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "call opa denied; pause"),
        ("response", "respond"),
    ];
    let (reply, _) = send(proxy, script(&lines));
    assert_eq!(reply.status(), 403);
    assert!(reply.upstream().is_none());
}

#[scenario]
fn on_configure_calls_out_of_two_vms(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("configure: call opa hello").unwrap();
    let logs: Vec<_> = proxy.logs().into_iter().map(|log| log.message).collect();
    let count = |line: &str| logs.iter().filter(|log| *log == line).count();
    assert_eq!(count("call Ok(1)"), 3);
    assert_eq!(count(r#"response 0 size 5 "hello""#), 2);
    assert_eq!(proxy.grpc_calls().len(), 2);
}
