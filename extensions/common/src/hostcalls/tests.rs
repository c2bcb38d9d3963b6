//! Every wrapper answers with an error, and never panics, whatever status the host returns.

use std::time::Duration;

use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType, StreamType};
use sdk_tests::native::fail_next_host_calls;

use super::*;

const MAP: MapType = MapType::HttpRequestHeaders;

/// Calls every wrapper; which ones failed, by name.
fn failures() -> Vec<&'static str> {
    let outcomes = [
        ("log", log(LogLevel::Info, "x").is_err()),
        ("get_log_level", get_log_level().is_err()),
        ("current_time", current_time().is_err()),
        ("set_tick_period", set_tick_period(Duration::MAX).is_err()),
        (
            "set_buffer",
            set_buffer(BufferType::HttpRequestBody, 0, 0, b"x").is_err(),
        ),
        ("get_map", get_map(MAP).is_err()),
        ("set_map", set_map(MAP, b"").is_err()),
        (
            "replace_map_value",
            replace_map_value(MAP, "a", b"x").is_err(),
        ),
        ("add_map_value", add_map_value(MAP, "a", b"x").is_err()),
        ("set_property", set_property(&["a"], b"x").is_err()),
        (
            "set_shared_data",
            set_shared_data("a", b"x", Some(1)).is_err(),
        ),
        ("register_shared_queue", register_shared_queue("q").is_err()),
        (
            "enqueue_shared_queue",
            enqueue_shared_queue(1, b"x").is_err(),
        ),
        (
            "continue_stream",
            continue_stream(StreamType::HttpRequest).is_err(),
        ),
        (
            "close_stream",
            close_stream(StreamType::HttpRequest).is_err(),
        ),
        (
            "send_local_response",
            send_local_response(401, "", b"", b"", -1).is_err(),
        ),
        ("get_status", get_status().is_err()),
        ("set_effective_context", set_effective_context(1).is_err()),
        (
            "call_foreign_function",
            call_foreign_function("f", b"").is_err(),
        ),
        ("done", done().is_err()),
        (
            "define_metric",
            define_metric(MetricType::Counter, "a").is_err(),
        ),
        ("get_metric", get_metric(1).is_err()),
        ("record_metric", record_metric(1, 1).is_err()),
        ("increment_metric", increment_metric(1, -1).is_err()),
        // "Not found" is an ordinary answer to these, and "empty" to the last.
        (
            "get_buffer",
            get_buffer(BufferType::VmConfiguration, 0, 9).is_err(),
        ),
        ("get_map_value", get_map_value(MAP, "a").is_err()),
        ("remove_map_value", remove_map_value(MAP, b"a").is_err()),
        ("get_property", get_property(&["a", "b"]).is_err()),
        ("get_shared_data", get_shared_data("a").is_err()),
        (
            "resolve_shared_queue",
            resolve_shared_queue("vm", "q").is_err(),
        ),
        ("dequeue_shared_queue", dequeue_shared_queue(1).is_err()),
    ];
    outcomes
        .into_iter()
        .filter_map(|(name, failed)| failed.then_some(name))
        .collect()
}

#[test]
fn no_status_of_the_host_makes_a_call_panic() {
    const ALL: usize = 31;
    for status in (1..=13).chain([99, u32::MAX]) {
        fail_next_host_calls(Some(status));
        let failed = failures().len();
        fail_next_host_calls(None);
        let expected = match status {
            HostError::NOT_FOUND => ALL - 6,
            HostError::EMPTY => ALL - 1,
            _ => ALL,
        };
        assert_eq!(failed, expected, "status {status}");
    }
}

#[test]
fn an_error_names_the_call_and_the_status() {
    fail_next_host_calls(Some(HostError::BAD_ARGUMENT));
    let error = set_property(&["a"], b"x").unwrap_err();
    fail_next_host_calls(None);
    assert_eq!(error.status(), HostError::BAD_ARGUMENT);
    assert_eq!(
        error.to_string(),
        "proxy_set_property answered 2 (bad argument)"
    );
}
