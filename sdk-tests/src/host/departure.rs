//! A response on its way to the client: what the proxy adds, and what arrives.

use super::HeaderMap;
use crate::reply::{Reply, UpstreamReply};
use crate::request::Request;

/// Whether the client speaks gRPC.
pub(super) fn is_grpc(request: &Request) -> bool {
    request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("content-type") && value.starts_with(b"application/grpc")
    })
}

pub(super) fn answer_headers(answer: &UpstreamReply) -> HeaderMap {
    let mut map = HeaderMap::response();
    map.add(":status", answer.status.to_string());
    for (name, value) in &answer.headers {
        map.add(name, value.clone());
    }
    if answer.is_chunked() {
        map.add("transfer-encoding", "chunked");
    } else if answer.status == 204 {
        // Envoy's codec takes the length of nothing away.
        map.remove("content-length");
    } else if map.get("content-length").is_none() {
        map.add("content-length", answer.body.len().to_string());
    }
    map
}

pub(super) fn is_head(request: &Request) -> bool {
    request.method == "HEAD"
}

/// Adds what Envoy adds to every response on its way out.
pub(super) fn complete(headers: &mut HeaderMap, date: &str, close: bool, empty: bool) {
    if headers.get("date").is_none() {
        headers.add("date", date);
    }
    headers.replace("server", "envoy");
    if close {
        headers.add("connection", "close");
    }
    let bodiless = matches!(headers.get(":status"), Some(b"204" | b"304"));
    if empty && !bodiless && headers.get("content-length").is_none() {
        headers.add("content-length", "0");
    }
}

/// What of a response reaches the client. Without a status the connection was closed.
pub(super) fn to_client(headers: &HeaderMap, body: Vec<u8>, is_head: bool) -> Reply {
    let status = headers.get(":status").map(String::from_utf8_lossy);
    let status = status
        .and_then(|status| status.parse().ok())
        .unwrap_or_default();
    let headers = headers
        .entries()
        .iter()
        .filter(|(name, _)| !name.starts_with(':'));
    Reply {
        status,
        headers: headers.cloned().collect(),
        body: if is_head { Vec::new() } else { body },
        ..Reply::default()
    }
}
