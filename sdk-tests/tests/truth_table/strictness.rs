//! What fails a scenario although all its assertions hold, and what a request costs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sdk_tests::__private::run;
use sdk_tests::{Fault, GrpcReply, HostKind, Proxy, Request, Rule, UpstreamReply, scenario};

use crate::grpc::script;
use crate::plugin;

/// What the strict rules say to a scenario that sends one request; empty if it passes.
fn verdict(kind: HostKind, scenario: impl FnOnce(&mut Proxy)) -> String {
    let run = AssertUnwindSafe(|| run(kind, &plugin(), scenario));
    match catch_unwind(run) {
        Ok(()) => String::new(),
        Err(panic) => *panic.downcast::<String>().expect("a message"),
    }
}

fn of_path(kind: HostKind, path: &str) -> String {
    verdict(kind, |proxy| {
        proxy.configure("").unwrap();
        proxy.send(Request::get(path));
    })
}

#[scenario]
fn an_error_in_the_log_fails_a_scenario(proxy: &mut Proxy) {
    let kind = proxy.host();
    assert_eq!(of_path(kind, "/plain"), "");
    let verdict = of_path(kind, "/error");
    assert!(
        verdict.contains("logged an error: [error] told to log an error"),
        "{verdict}"
    );
    assert!(
        verdict.contains("> GET /error\n"),
        "it tells the story: {verdict}"
    );
    if kind != HostKind::Envoy {
        assert!(
            verdict.contains("\n    proxy_log -> Ok, 20 bytes in\n"),
            "with the host calls: {verdict}"
        );
    }
}

#[scenario]
fn a_panic_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = of_path(proxy.host(), "/panic");
    assert!(verdict.contains("the plugin panicked"), "{verdict}");
    assert!(verdict.contains("told to panic"), "{verdict}");
}

#[scenario]
fn a_panic_that_does_not_come_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.expect_panic();
        proxy.configure("").unwrap();
    });
    assert!(
        verdict.contains("expected to panic, and did not"),
        "{verdict}"
    );
}

#[scenario]
fn errors_of_a_refused_configuration_are_expected(proxy: &mut Proxy) {
    proxy.configure("bad").unwrap_err();
}

#[scenario(native, wasm)]
fn a_leaked_context_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.configure("leak").unwrap();
        proxy.configure("").unwrap();
    });
    assert!(verdict.contains("root context 1 leaked"), "{verdict}");
}

#[scenario(native, wasm)]
fn a_call_in_the_wrong_phase_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = of_path(proxy.host(), "/pairs-in-response");
    assert!(
        verdict.contains("in proxy_on_response_headers of context 2: get_pairs of RequestHeaders"),
        "{verdict}"
    );
}

#[scenario(native, wasm)]
fn a_pause_that_nothing_ends_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = of_path(proxy.host(), "/pause");
    assert!(verdict.contains("context 2 paused"), "{verdict}");
    assert!(verdict.contains("< 408"), "{verdict}");
}

#[scenario]
fn an_unanswered_callout_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.serve_fault("opa", Fault::Timeout);
        proxy.configure("").unwrap();
        proxy.send(Request::get("/ask-forever"));
    });
    assert!(verdict.contains("unanswered callout to"), "{verdict}");
}

#[scenario]
fn an_unanswered_grpc_call_fails_a_scenario(proxy: &mut Proxy) {
    for wait in ["call opa a 0; pause", "stream opa; pause"] {
        let verdict = verdict(proxy.host(), |proxy| {
            proxy.serve_grpc_fault("opa", Fault::Timeout);
            proxy.configure("").unwrap();
            proxy.send(script(&[("headers", wait)]));
        });
        assert!(verdict.contains("unanswered"), "{verdict}");
    }
}

#[scenario]
fn a_grpc_stream_that_is_left_open_fails_a_scenario(proxy: &mut Proxy) {
    let leave_open = |proxy: &mut Proxy| {
        proxy.serve_grpc_stream("opa", |_, _| GrpcReply::new());
        proxy.configure("").unwrap();
        proxy.send(script(&[("headers", "stream opa")]));
    };
    let strict = verdict(proxy.host(), leave_open);
    assert!(
        strict.contains("a gRPC call or stream to \"opa\" was left open"),
        "{strict}"
    );
    let relaxed = verdict(proxy.host(), |proxy| {
        proxy.allow(Rule::OpenStreams);
        leave_open(proxy);
    });
    assert_eq!(relaxed, "");
}

#[scenario]
fn a_grpc_call_that_runs_into_its_timeout_later_fails_none(proxy: &mut Proxy) {
    proxy.serve_grpc_fault("opa", Fault::Timeout);
    proxy.configure("").unwrap();
    proxy.send(script(&[("headers", "call opa a")]));
}

#[scenario(native, wasm)]
fn a_message_that_goes_nowhere_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.serve_grpc("opa", |_| GrpcReply::new());
        proxy.configure("").unwrap();
        let lines = [
            ("headers", "stream opa; end a; send b; pause"),
            ("close", "resume"),
        ];
        proxy.send(script(&lines));
    });
    assert!(
        verdict.contains("a message for a gRPC stream to \"opa\" after its half was closed"),
        "{verdict}"
    );
}

#[scenario]
fn a_grpc_server_that_panics_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.serve_grpc("opa", |request| panic!("a panic over {request:?}"));
        proxy.configure("").unwrap();
        let lines = [("headers", "call opa a; pause"), ("response", "resume")];
        proxy.send(script(&lines));
    });
    assert!(verdict.contains("panic"), "{verdict}");
}

#[scenario(native, wasm)]
fn the_wrong_protocol_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.serve("http", |_| UpstreamReply::new(200));
        proxy.serve_grpc("opa", |_| GrpcReply::of("a"));
        proxy.configure("").unwrap();
        proxy.send(script(&[("headers", "call http a")]));
        proxy.send(Request::get("/ask-and-continue"));
    });
    assert!(verdict.contains("a cluster that serves HTTP"), "{verdict}");
    assert!(verdict.contains("a cluster that serves gRPC"), "{verdict}");
}

#[scenario]
fn a_request_that_waits_for_a_dead_plugin_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.expect_panic();
        proxy.serve("opa", |_| UpstreamReply::new(200));
        proxy.configure("").unwrap();
        proxy.send(Request::get("/ask-trailer"));
    });
    assert!(
        verdict.contains("waits for a plugin that is dead"),
        "{verdict}"
    );
}

#[scenario]
fn a_server_that_panics_fails_a_scenario(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.serve("opa", |request| panic!("a panic over {request:?}"));
        proxy.configure("").unwrap();
        proxy.send(Request::get("/ask"));
    });
    assert!(verdict.contains("panic"), "{verdict}");
}

#[scenario(native, wasm)]
fn costs_are_those_of_the_last_request_and_the_same_every_time(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    proxy.send(Request::get("/plain"));
    let first = proxy.costs();
    proxy.send(Request::get("/plain"));
    let second = proxy.costs();
    let callbacks: Vec<_> = second.iter().map(|cost| cost.callback).collect();
    assert_eq!(
        callbacks,
        [
            "proxy_on_context_create",
            "proxy_on_request_headers",
            "proxy_on_response_headers",
            "proxy_on_log",
            "proxy_on_done",
            "proxy_on_delete"
        ]
    );
    let get_path = &second[1].host_calls[0];
    assert_eq!(
        (get_path.name, get_path.status),
        ("proxy_get_header_map_value", 0)
    );
    assert_eq!(
        (get_path.bytes_in, get_path.bytes_out),
        (":path".len(), "/plain".len())
    );
    match proxy.host() {
        HostKind::Wasm => assert!(second.iter().all(|cost| cost.instructions > Some(0))),
        _ => assert!(second.iter().all(|cost| cost.instructions.is_none())),
    }
    // The first request may still set up what the plugin keeps; after it nothing changes.
    proxy.send(Request::get("/plain"));
    assert_eq!(proxy.costs(), second);
    assert_eq!(first.len(), second.len());
}

#[scenario(native)]
fn the_environment_of_a_scenario_ends_with_it(proxy: &mut Proxy) {
    let verdict = verdict(proxy.host(), |proxy| {
        proxy.env("SDK_TESTS_ONCE", "1");
        assert!(std::env::var_os("SDK_TESTS_ONCE").is_some());
    });
    assert_eq!(verdict, "");
    assert!(std::env::var_os("SDK_TESTS_ONCE").is_none());
}
