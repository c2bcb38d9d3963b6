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

/// Headers that mean the connection, which a plugin has no say in.
const OF_CONNECTION: [&str; 4] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
];

/// Makes of a response's headers what Envoy sends to every client.
pub(super) fn complete(headers: &mut HeaderMap, date: &str, close: bool, empty: bool) {
    describe(headers, date);
    if close {
        headers.add("connection", "close");
    }
    // How the message is framed is said last, by the codec.
    if !is_bodiless(headers) && headers.get("content-length").is_none() {
        match empty {
            true => headers.add("content-length", "0"),
            false => headers.add("transfer-encoding", "chunked"),
        }
    }
}

/// Says what every response of Envoy says, and nothing of the connection.
pub(super) fn describe(headers: &mut HeaderMap, date: &str) {
    if headers.get(":status").is_none() {
        return;
    }
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    if headers.get("date").is_none() {
        headers.add("date", date);
    }
    headers.set("server", "envoy");
}

/// Whether no body goes with these headers.
fn is_bodiless(headers: &HeaderMap) -> bool {
    matches!(headers.get(":status"), Some(b"204" | b"304"))
}

/// What of a response reaches the client. Without a status the connection was closed.
pub(super) fn to_client(headers: &HeaderMap, body: Vec<u8>, is_head: bool) -> Reply {
    let status = headers.get(":status").map(String::from_utf8_lossy);
    let status = status
        .and_then(|status| status.parse().ok())
        .unwrap_or_default();
    let fields = headers
        .entries()
        .iter()
        .filter(|(name, _)| !name.starts_with(':'));
    let mut body = body;
    if is_head || is_bodiless(headers) {
        body.clear();
    }
    // What says that it is shorter is shorter on the wire.
    let length = headers.get("content-length").map(String::from_utf8_lossy);
    let length = length.and_then(|length| length.parse().ok());
    body.truncate(length.unwrap_or(usize::MAX));
    Reply {
        status,
        headers: fields.cloned().collect(),
        body,
        ..Reply::default()
    }
}
