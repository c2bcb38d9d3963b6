//! Callouts to the OPA server.

use extension_common::hostcalls;
use proxy_wasm::types::{BufferType, MapType, Status};

use crate::{
    answer::{Answer, Failure, MAX_ANSWER, Outcome},
    config::Server,
};

/// Asks what the policy makes of `document`; returns the callout's token.
pub(super) fn ask(server: &Server, document: &str) -> Result<u32, Failure> {
    let body = format!("{{\"input\":{document}}}");
    let headers = vec![
        (":method", "POST"),
        (":path", server.path.as_str()),
        (":authority", server.authority.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    proxy_wasm::hostcalls::dispatch_http_call(
        &server.cluster,
        headers,
        Some(body.as_bytes()),
        Vec::new(),
        server.timeout,
    )
    .map_err(|status| match status {
        Status::InternalFailure => Failure::NoEndpoints,
        _ => Failure::UnknownCluster,
    })
}

/// Reads the answer that the host has called with.
pub(super) fn read_answer(body_size: usize) -> Result<Outcome, Failure> {
    let header = |name| {
        hostcalls::get_map_value(MapType::HttpCallResponseHeaders, name)
            .ok()
            .flatten()
    };
    let status = header(":status").unwrap_or_default();
    // Envoy notes the time on every answer that came from a server.
    let is_from_server = status == b"200" || header("x-envoy-upstream-service-time").is_some();
    if body_size > MAX_ANSWER {
        return Err(Failure::BadJson);
    }
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, body_size)
        .ok()
        .flatten()
        .unwrap_or_default();
    Answer {
        status: &status,
        is_from_server,
        body: &body,
    }
    .outcome()
}
