//! What Envoy adds on the way: to a request, to an answer, to a status.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::grpc::GrpcReply;
use crate::host::HeaderMap;

/// The codes that gRPC knows go up to this one.
const LAST_CODE: u32 = 16;

/// What Envoy gives for a code that it does not know.
const UNKNOWN_CODE: u32 = u32::MAX;

/// The largest number in a `grpc-timeout`.
const MOST: u128 = 99_999_999;

/// The headers of a request as they arrive at the server.
pub(super) fn request(
    cluster: &str,
    path: &str,
    metadata: &HeaderMap,
    timeout: Option<Duration>,
) -> Vec<(String, Vec<u8>)> {
    let mut headers = HeaderMap::request();
    headers.add(":authority", cluster);
    headers.add(":path", path);
    headers.add(":method", "POST");
    headers.add(":scheme", "http");
    headers.add("te", "trailers");
    if let Some(timeout) = timeout {
        headers.add("grpc-timeout", grpc_timeout(timeout));
    }
    headers.add("content-type", "application/grpc");
    for (name, value) in metadata.entries() {
        headers.add(name, value.clone());
    }
    headers.replace("x-envoy-internal", "true");
    if let Some(timeout) = timeout.filter(|timeout| !timeout.is_zero()) {
        let timeout = timeout.as_millis().to_string();
        headers.replace("x-envoy-expected-rq-timeout-ms", timeout);
    }
    let binary = |(name, value): &(String, Vec<u8>)| match name.ends_with("-bin") {
        true => (name.clone(), STANDARD.encode(value).into_bytes()),
        false => (name.clone(), value.clone()),
    };
    headers.entries().iter().map(binary).collect()
}

/// Milliseconds if they fit, and otherwise the largest unit that is needed.
fn grpc_timeout(timeout: Duration) -> String {
    let mut time = timeout.as_millis();
    for (unit, of_next) in [("m", 1_000), ("S", 60), ("M", 60)] {
        if time <= MOST {
            return format!("{time}{unit}");
        }
        time /= of_next;
    }
    format!("{}H", time.min(MOST))
}

/// The headers that begin an answer.
pub(super) fn answer(reply: &GrpcReply, half_closed: bool) -> HeaderMap {
    let mut headers = head(reply.http_status.unwrap_or(200));
    for (name, value) in &reply.metadata {
        headers.add(name, value.clone());
    }
    // The router says how long it took when it has sent all of the request.
    if half_closed {
        headers.add("x-envoy-upstream-service-time", "0");
    }
    headers
}

/// The headers that are all of an answer; Envoy hands them on as trailing metadata.
pub(super) fn headers_only(trailers: &HeaderMap, half_closed: bool) -> HeaderMap {
    let mut headers = head(200);
    for (name, value) in trailers.entries() {
        headers.add(name, value.clone());
    }
    if half_closed {
        headers.add("x-envoy-upstream-service-time", "0");
    }
    headers
}

/// The headers with which Envoy answers in the place of a server that is not there.
pub(super) fn unavailable(message: &str) -> HeaderMap {
    let trailers = trailers(&GrpcReply::new(), &(14, message.as_bytes().to_vec()));
    headers_only(&trailers, false)
}

fn head(status: u16) -> HeaderMap {
    let mut headers = HeaderMap::response();
    headers.add(":status", status.to_string());
    headers.add("content-type", "application/grpc");
    headers
}

/// The metadata that ends an answer.
pub(super) fn trailers(reply: &GrpcReply, (code, message): &(u32, Vec<u8>)) -> HeaderMap {
    let mut trailers = HeaderMap::default();
    for (name, value) in &reply.trailers {
        trailers.add(name, value.clone());
    }
    trailers.add("grpc-status", code.to_string());
    if !message.is_empty() {
        trailers.add("grpc-message", message.clone());
    }
    trailers
}

/// A code as the plugin gets it.
pub(super) fn code(code: u32) -> u32 {
    if code > LAST_CODE { UNKNOWN_CODE } else { code }
}

/// The code for an HTTP status without one
/// ([the mapping](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md)).
pub(super) fn code_of_http(status: u16) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// A status message as the plugin gets it: Envoy puts its own details behind it.
pub(super) fn message(message: &[u8], details: &str) -> Vec<u8> {
    match message.is_empty() {
        true => details.as_bytes().to_vec(),
        false => [message, b"{", details.as_bytes(), b"}"].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_eight_digits_at_most() {
        let timeout = |milliseconds| grpc_timeout(Duration::from_millis(milliseconds));
        assert_eq!(timeout(0), "0m");
        assert_eq!(timeout(99_999_999), "99999999m");
        assert_eq!(timeout(100_000_000), "100000S");
        assert_eq!(timeout(u64::from(u32::MAX)), "4294967S");
        assert_eq!(timeout(6_000_000_000_000), "1666666H");
    }
}
