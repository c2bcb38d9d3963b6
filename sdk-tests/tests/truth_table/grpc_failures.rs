//! gRPC calls that fail.

use sdk_tests::__private::run;
use sdk_tests::{Fault, GrpcEnd, GrpcEvent, GrpcReply, Proxy, Request, Rule, scenario};

use crate::grpc::{answer, play, response, script};
use crate::{plugin, send};

/// The code that a call with this message fails with, and the status that can be read then.
fn failure(proxy: &mut Proxy, message: &str) -> (String, String) {
    let logs = response(proxy, message);
    let log = |index: usize| logs.get(index).map(String::as_str).unwrap_or_default();
    let status = log(2).strip_prefix("status ").unwrap_or_default();
    (log(1).to_owned(), status.to_owned())
}

#[scenario]
fn a_call_that_fails_has_a_code_and_no_message(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    for (message, code, status) in [
        ("denied", "7", r#"(7, Some("not you{via_upstream}"))"#),
        ("denied-late", "5", r#"(5, Some("gone{via_upstream}"))"#),
        ("denied-quietly", "5", r#"(5, Some("via_upstream"))"#),
        ("percent", "7", r#"(7, Some("a%20b{via_upstream}"))"#),
    ] {
        let expected = format!("response {code} size 0 nothing");
        assert_eq!(failure(proxy, message), (expected, format!("Ok({status})")));
    }
}

#[scenario]
fn a_code_that_grpc_does_not_know_is_minus_one(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let (response, _) = failure(proxy, "denied-strangely");
    assert_eq!(response, "response 4294967295 size 0 nothing");
}

#[scenario]
fn a_call_without_a_message_in_its_answer_is_an_internal_error(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let (response, status) = failure(proxy, "nothing");
    assert_eq!(response, "response 13 size 0 nothing");
    assert_eq!(status, "Ok((13, None))");
}

#[scenario]
fn an_http_status_stands_for_a_code(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    for (message, code) in [("http", 2), ("http-404", 12), ("http-503", 14)] {
        let (response, status) = failure(proxy, message);
        assert_eq!(response, format!("response {code} size 0 nothing"));
        assert_eq!(status, format!("Ok(({code}, Some(\"via_upstream\")))"));
    }
}

#[scenario]
fn the_last_code_stays_and_its_message_goes(proxy: &mut Proxy) {
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    response(proxy, "denied");
    let lines = [("headers", "status"), ("response-headers", "status")];
    assert_eq!(
        play(proxy, &lines),
        ["status Ok((7, None))", "status Ok((7, None))"]
    );
    assert_eq!(response(proxy, "fine")[2], "status Ok((7, None))");
}

#[scenario]
fn a_status_message_that_is_not_utf8_kills_the_plugin(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.allow(Rule::Unanswered);
    proxy.serve_grpc("opa", answer);
    proxy.configure("").unwrap();
    let (reply, _) = send(
        proxy,
        script(&[("headers", "call opa bytes; pause"), ("response", "status")]),
    );
    assert_eq!(reply.status(), 0);
    assert_eq!(proxy.send(Request::get("/plain")).status(), 503);
}

#[scenario]
fn a_refused_connection_is_unavailable(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("opa", Fault::Refused);
    proxy.configure("").unwrap();
    let (response, status) = failure(proxy, "a");
    assert_eq!(response, "response 14 size 0 nothing");
    assert_eq!(
        status,
        "Ok((14, Some(\"upstream connect error or disconnect/reset before headers. reset reason: \
         remote connection failure{upstream_reset_before_response_started{\
         remote_connection_failure|delayed_connect_error:_Connection_refused}}\")))"
    );
    assert!(proxy.grpc_calls().is_empty());
}

#[scenario]
fn a_timeout_is_unavailable_and_resets_the_call(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("opa", Fault::Timeout);
    proxy.configure("").unwrap();
    let (response, status) = failure(proxy, "a 300");
    assert_eq!(response, "response 14 size 0 nothing");
    let expected = r#"Ok((14, Some("upstream request timeout{response_timeout}")))"#;
    assert_eq!(status, expected);
    let calls = proxy.grpc_calls();
    assert_eq!(calls[0].request.end(), Some(GrpcEnd::Reset));
    assert_eq!(calls[0].request.message(), b"a");
}

#[scenario]
fn a_timeout_in_the_middle_of_an_answer_is_internal(proxy: &mut Proxy) {
    proxy.serve_grpc_stream("opa", |_, event| match event {
        GrpcEvent::HalfClosed => GrpcReply::of("half"),
        _ => GrpcReply::new(),
    });
    proxy.configure("").unwrap();
    let (response, status) = failure(proxy, "a 300");
    assert_eq!(response, "response 13 size 0 nothing");
    assert_eq!(status, r#"Ok((13, Some("response_timeout")))"#);
}

#[scenario]
fn an_unknown_cluster_is_a_parse_failure(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let logs = play(proxy, &[("headers", "call unknown a; stream unknown")]);
    assert_eq!(logs, ["call Err(ParseFailure)", "stream Err(ParseFailure)"]);
}

#[scenario]
fn a_call_to_nobody_fails_and_the_sdk_hears_of_its_end(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("nobody", Fault::NoEndpoints);
    proxy.configure("").unwrap();
    let end = "on_grpc_close: invalid token_id, a non-connected stream has closed";
    for call in [
        "call nobody a",
        "call-service unknown a",
        "stream-service unknown",
    ] {
        let logs = play(proxy, &[("headers", call)]);
        assert!(logs[0].ends_with(" Err(InternalFailure)"), "{logs:?}");
        assert_eq!(logs[1..], [end], "{call}");
    }
}

/// A field of eight bytes, says protobuf, and Envoy finds no target in it.
#[scenario]
fn a_cluster_whose_name_is_a_protobuf_kills_envoy(proxy: &mut Proxy) {
    let kind = proxy.host();
    let verdict = std::panic::catch_unwind(|| {
        run(kind, &plugin(), |proxy: &mut Proxy| {
            proxy.serve_grpc("auth-grpc", answer);
            proxy.configure("").unwrap();
            proxy.send(script(&[("headers", "call auth-grpc a")]));
        });
    });
    let verdict = verdict.unwrap_err().downcast::<String>().unwrap();
    let aborted = verdict.contains("Envoy aborts") || verdict.contains("SIGABRT");
    assert!(aborted, "{verdict}");
}
