//! gRPC streams: what goes, what comes, and how they end.

use sdk_tests::{GrpcEnd, GrpcEvent, GrpcReply, GrpcRequest, Proxy, Request, Rule, scenario};

use crate::grpc::{play, script};
use crate::{plugin, send};

/// A server that says every message again, and otherwise does what the metadata `x-do` says.
pub(crate) fn echo(request: &GrpcRequest, event: GrpcEvent) -> GrpcReply {
    let told = request.metadata("x-do").unwrap_or_default();
    match (event, told, request.message()) {
        (GrpcEvent::Opened, b"greet", _) => GrpcReply::new().metadata("x-a", "1"),
        (GrpcEvent::Opened, b"push", _) => GrpcReply::of("one").message("two").message(""),
        (GrpcEvent::Opened, b"push-and-end", _) => GrpcReply::of("one").end(0, ""),
        (GrpcEvent::Opened, b"deny", _) => GrpcReply::new().trailer("x-t", "2").end(7, "not you"),
        (GrpcEvent::Opened, b"greet-and-deny", _) => GrpcReply::new()
            .metadata("x-a", "1")
            .trailer("x-t", "2")
            .end(7, "not you"),
        (GrpcEvent::Opened, b"http-200", _) => GrpcReply::http(200),
        (GrpcEvent::Opened, b"http-503", _) => GrpcReply::http(503),
        (GrpcEvent::HalfClosed, b"deny-at-the-end", _) => GrpcReply::status(7),
        (GrpcEvent::HalfClosed, _, _) => GrpcReply::of("bye").trailer("x-t", "2").end(0, "fine"),
        (GrpcEvent::Message, b"deny-at-the-end", _) => GrpcReply::new(),
        (GrpcEvent::Message, _, b"quiet") => GrpcReply::new(),
        (GrpcEvent::Message, _, message) => GrpcReply::of(message),
        _ => GrpcReply::new(),
    }
}

/// How each stream ended for its server, and the messages that it got.
pub(crate) fn seen(proxy: &mut Proxy) -> Vec<(Option<GrpcEnd>, String)> {
    let seen = |call: sdk_tests::GrpcCall| {
        let messages = call.request.messages().join(&b' ');
        let messages = String::from_utf8_lossy(&messages).into_owned();
        (call.request.end(), messages)
    };
    proxy.grpc_calls().into_iter().map(seen).collect()
}

#[scenario]
fn messages_go_and_come_until_both_halves_are_over(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; send a; end b; pause"),
        ("close", "resume"),
    ];
    let logs = play(proxy, &lines);
    assert_eq!(
        logs,
        [
            "stream Ok(2)",
            "send 0",
            "send 0",
            "initial 3 :status=200 content-type=application/grpc x-envoy-upstream-service-time",
            r#"message size 1 "a""#,
            r#"message size 1 "b""#,
            r#"message size 3 "bye""#,
            "trailing 3 x-t=2 grpc-status=0 grpc-message=fine",
            r#"closed 0 Ok((0, Some("fine{via_upstream}")))"#,
            "resume Ok(())",
        ]
    );
    assert_eq!(seen(proxy), [(Some(GrpcEnd::HalfClosed), "a b".into())]);
}

#[scenario]
fn an_answer_to_a_message_can_be_another_message(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; send a; pause"),
        ("message", "end b"),
        ("close", "resume"),
    ];
    let logs = play(proxy, &lines);
    assert_eq!(
        logs[2..],
        [
            "initial 2 :status=200 content-type=application/grpc",
            r#"message size 1 "a""#,
            "send 0",
            r#"message size 1 "b""#,
            "send 0",
            r#"message size 3 "bye""#,
            "send 0",
            "trailing 3 x-t=2 grpc-status=0 grpc-message=fine",
            r#"closed 0 Ok((0, Some("fine{via_upstream}")))"#,
            "resume Ok(())",
        ]
    );
    // Envoy takes messages after the end of the half, and sends none of them.
    assert_eq!(seen(proxy), [(Some(GrpcEnd::HalfClosed), "a b".into())]);
}

#[scenario]
fn a_stream_has_no_timeout(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream-with opa x-a b; end a; pause"),
        ("close", "resume"),
    ];
    play(proxy, &lines);
    let calls = proxy.grpc_calls();
    let names = calls[0].request.all_metadata().iter();
    let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
    let pseudo = ":authority :path :method :scheme";
    let expected = format!("{pseudo} te content-type x-a x-envoy-internal");
    assert_eq!(names.join(" "), expected);
}

#[scenario]
fn each_part_can_be_read_in_its_own_callback(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; send a; pause"),
        ("initial", "look"),
        ("message", "look; close"),
        ("trailing", "look"),
        ("close", "look; resume"),
    ];
    let logs = play(proxy, &lines);
    let looks: Vec<_> = logs.iter().filter(|log| log.starts_with("look")).collect();
    let head = ":status=200 content-type=application/grpc";
    let nothing = "buffer 0 length 0 nothing";
    let tail = "x-t=2 grpc-status=0 grpc-message=fine";
    let closed = r#"status Ok((0, Some("fine{via_upstream}")))"#;
    let silent = "status Ok((0, None))";
    assert_eq!(
        looks,
        [
            &format!("look initial 1 size 2 [{head}] trailing 2 size 2 [] {nothing} {silent}"),
            &format!(
                "look initial 2 size 2 [] trailing 2 size 2 [] buffer 0 length 1 \"a\" {silent}"
            ),
            &format!(
                "look initial 2 size 2 [] trailing 2 size 2 [] buffer 0 length 3 \"bye\" {silent}"
            ),
            &format!("look initial 2 size 2 [] trailing 1 size 2 [{tail}] {nothing} {silent}"),
            &format!("look initial 2 size 2 [] trailing 2 size 2 [] {nothing} {closed}"),
        ]
    );
}

#[scenario]
fn metadata_cannot_be_written(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; end a; pause"),
        ("initial", "write"),
        ("trailing", "write"),
        ("close", "write; resume"),
    ];
    let logs = play(proxy, &lines);
    let writes = logs.iter().filter(|log| log.starts_with("write"));
    let closed = "write initial 2 trailing 2 buffer 2 nothing";
    assert_eq!(writes.collect::<Vec<_>>(), [closed, closed, closed]);
}

#[scenario]
fn a_server_can_speak_first(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream-with opa x-do push; pause"),
        ("initial", "resume"),
    ];
    let (reply, logs) = send(proxy, script(&lines));
    assert_eq!(reply.status(), 200);
    let initial = "initial 2 :status=200 content-type=application/grpc";
    assert_eq!(logs[2], initial);
    proxy.allow(Rule::OpenStreams);
}

#[scenario]
fn messages_of_one_reply_come_one_by_one(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", |_, event| match event {
        GrpcEvent::Opened => GrpcReply::of("one").message("").message("three").end(0, ""),
        _ => GrpcReply::new(),
    });
    proxy.configure("").unwrap();
    let lines = [("headers", "stream opa; pause"), ("close", "resume; close")];
    assert_eq!(
        play(proxy, &lines)[2..6],
        [
            r#"message size 3 "one""#,
            "message size 0 nothing",
            r#"message size 5 "three""#,
            "trailing 1 grpc-status=0",
        ]
    );
}

#[scenario]
fn a_stream_outlives_the_request_that_opened_it(proxy: &mut Proxy) {
    proxy.allow(Rule::OpenStreams);
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    let lines = [
        ("headers", "stream opa; send quiet"),
        ("response-headers", "send quiet"),
    ];
    play(proxy, &lines);
    assert_eq!(seen(proxy), [(None, "quiet quiet".into())]);
    // It belongs to the root context, and goes with it.
    proxy.configure("another").unwrap();
    assert_eq!(seen(proxy), [(Some(GrpcEnd::Reset), "quiet quiet".into())]);
}

#[scenario]
fn a_client_that_leaves_leaves_the_stream(proxy: &mut Proxy) {
    proxy.allow(Rule::OpenStreams);
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    proxy.send_and_leave(script(&[("headers", "stream opa; send quiet; pause")]));
    assert_eq!(seen(proxy), [(None, "quiet".into())]);
    assert_eq!(proxy.metric("fixture_done"), 1);
}

#[scenario]
fn a_root_context_has_streams_too(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", echo);
    let config = "configure: stream opa; send a\nmessage: close";
    proxy.configure(config).unwrap();
    let logs: Vec<_> = proxy.logs().into_iter().map(|log| log.message).collect();
    let closed = r#"closed 0 Ok((0, Some("fine{via_upstream}")))"#;
    let count = |line: &str| logs.iter().filter(|log| *log == line).count();
    assert_eq!((count("stream Ok(2)"), count(closed)), (3, 2));
    let half_closed = (Some(GrpcEnd::HalfClosed), "a".to_owned());
    assert_eq!(seen(proxy), [half_closed.clone(), half_closed]);
}

#[scenario]
fn streams_of_a_dead_plugin_stay_open(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.serve_grpc_stream("opa", echo);
    proxy.configure("").unwrap();
    play(proxy, &[("headers", "stream opa; send quiet")]);
    assert_eq!(proxy.send(Request::get("/panic")).status(), 503);
    assert_eq!(seen(proxy), [(None, "quiet".into())]);
}
