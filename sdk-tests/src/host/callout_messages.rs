//! A callout as the server gets it, and its answer as the plugin gets it.

use std::time::Duration;

use super::departure::answer_headers;
use super::{HeaderMap, LocalReply};
use crate::reply::{UpstreamReply, UpstreamRequest};

/// How the body of a 503 begins, before the reason.
const RESET: &str = "upstream connect error or disconnect/reset before headers. reset reason: ";

/// An answer as the plugin reads it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Empty if there are none.
    pub(super) trailers: HeaderMap,
}

impl Answer {
    /// Envoy's, when the time is over.
    pub(super) fn timeout() -> Self {
        Self::local(504, "upstream request timeout")
    }

    /// Envoy's, when the connection is refused.
    pub(super) fn refused() -> Self {
        Self::local(503, &format!("{RESET}remote connection failure"))
    }

    /// Envoy's, when the server does not speak HTTP.
    pub(super) fn garbage() -> Self {
        Self::local(502, &format!("{RESET}protocol error"))
    }

    /// What Envoy says in the place of a server.
    fn local(status: u32, body: &str) -> Self {
        let mut reply = LocalReply::bare(status);
        reply.body = body.as_bytes().to_vec();
        let (headers, body) = reply.into_response(false);
        Self {
            headers,
            body,
            trailers: HeaderMap::default(),
        }
    }

    /// A server's.
    pub(super) fn of_server(answer: &UpstreamReply, to_head: bool) -> Self {
        let mut headers = answer_headers(answer);
        headers.add("x-envoy-upstream-service-time", "0");
        let mut trailers = HeaderMap::default();
        for (name, value) in &answer.trailers {
            trailers.add(name, value.clone());
        }
        let body = if to_head {
            Vec::new()
        } else {
            answer.pieces().concat()
        };
        Self {
            headers,
            body,
            trailers,
        }
    }
}

/// Whether requests with this method have no body, unless they say so.
pub(super) fn is_bodiless_method(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"DELETE" | b"TRACE" | b"CONNECT")
}

/// The request as it arrives at the server.
pub(super) fn arriving(headers: &HeaderMap, body: Vec<u8>, timeout: Duration) -> UpstreamRequest {
    const PSEUDO: [&str; 3] = [":authority", ":path", ":method"];
    let mut arriving = HeaderMap::request();
    for name in PSEUDO {
        arriving.add(name, headers.get(name).unwrap_or_default());
    }
    arriving.add(":scheme", "http");
    for (name, value) in headers.entries() {
        if !name.starts_with(':') {
            arriving.add(name, value.clone());
        }
    }
    // The router reads these, and keeps them.
    for name in [
        "x-envoy-max-retries",
        "x-envoy-retry-on",
        "x-envoy-retry-grpc-on",
    ] {
        arriving.remove(name);
    }
    // A POST without a body says so on its way out.
    let says_length = !headers.get(":method").is_some_and(is_bodiless_method);
    if !body.is_empty() {
        arriving.replace("content-length", body.len().to_string());
    }
    arriving.replace("x-envoy-internal", "true");
    if !timeout.is_zero() {
        let timeout = timeout.as_millis().to_string();
        arriving.replace("x-envoy-expected-rq-timeout-ms", timeout);
    }
    if body.is_empty() && says_length && arriving.get("content-length").is_none() {
        arriving.add("content-length", "0");
    }
    UpstreamRequest {
        headers: arriving.entries().to_vec(),
        body,
        trailers: Vec::new(),
    }
}
