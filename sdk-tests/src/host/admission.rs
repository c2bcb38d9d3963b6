//! What Envoy makes of a request before any filter sees it.

use super::{HeaderMap, LocalReply};
use crate::request::Request;

/// Whether filters see a request, and with which headers.
pub(super) enum Admission {
    /// They do.
    Filters(HeaderMap),
    /// Envoy answers by itself; filters see only the end of the stream, with these headers.
    Refused(HeaderMap, LocalReply),
}

/// The methods that Envoy's HTTP/1 codec knows.
const METHODS: &[&str] = &[
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "MSEARCH",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// Headers that mean the connection, or that only a trusted client may send.
const REMOVED: &[&str] = &[
    "connection",
    "expect",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-max-retries",
    "x-envoy-original-url",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
];

/// Decides, as Envoy's codec and connection manager do with their defaults.
pub(super) fn admit(request: &Request) -> Admission {
    if !is_well_formed(request) {
        let mut reply = LocalReply::bare(400).because("http1.codec_error");
        reply.body = b"Bad Request".to_vec();
        return Admission::Refused(HeaderMap::request(), reply);
    }
    let map = headers(request);
    if map.get(":authority").is_none() {
        let reply = LocalReply::bare(400).because("missing_host_header");
        return Admission::Refused(unsettled(map), reply);
    }
    if request.path.contains(&b'#') {
        let reply = LocalReply::bare(400).because("path_normalization_failed");
        return Admission::Refused(unsettled(map), reply);
    }
    if request.path == b"*" {
        let reply = LocalReply::bare(404).because("absolute_path_rejected");
        return Admission::Refused(unsettled(map), reply);
    }
    Admission::Filters(map)
}

/// The map before Envoy adds headers of its own.
fn unsettled(mut map: HeaderMap) -> HeaderMap {
    for name in [":scheme", "x-forwarded-proto", "x-request-id"] {
        map.remove(name);
    }
    map
}

fn is_token(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

fn is_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|byte| *byte == b'\t' || (*byte >= 0x20 && *byte != 0x7f))
}

fn is_well_formed(request: &Request) -> bool {
    let path = &request.path;
    let path_is_good = path.starts_with(b"/")
        || absolute(path).is_some()
        || (request.method == "OPTIONS" && path == b"*");
    METHODS.contains(&request.method.as_str())
        && path_is_good
        && path.iter().all(u8::is_ascii_graphic)
        && request.authority.iter().flatten().all(u8::is_ascii_graphic)
        && request
            .headers
            .iter()
            .all(|(name, value)| is_token(name) && is_value(value))
}

/// The authority and the path of a path that is a whole URL.
fn absolute(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = path
        .strip_prefix(b"http://")
        .or_else(|| path.strip_prefix(b"https://"))?;
    let end = rest
        .iter()
        .position(|byte| b"/?#".contains(byte))
        .unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// The map that filters see.
fn headers(request: &Request) -> HeaderMap {
    let mut map = HeaderMap::request();
    let (authority, path) = match absolute(&request.path) {
        Some((authority, path)) => (Some(authority), path),
        None => (request.authority.as_deref(), request.path.as_slice()),
    };
    if let Some(authority) = authority {
        map.add(":authority", authority);
    }
    map.add(":path", if path.is_empty() { b"/" } else { path });
    map.add(":method", request.method.as_str());
    let mut nominated = Vec::new();
    for (name, value) in request.fields() {
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case("connection") {
            let names = String::from_utf8_lossy(value).to_ascii_lowercase();
            nominated.extend(names.split(',').map(|name| name.trim().to_owned()));
        }
        let is_host = name.eq_ignore_ascii_case("host");
        if !(is_host && absolute(&request.path).is_some()) {
            map.add(if is_host { ":authority" } else { &name }, value);
        }
    }
    for name in nominated
        .iter()
        .map(String::as_str)
        .chain(REMOVED.iter().copied())
    {
        map.remove(name);
    }
    let scheme = map
        .get("x-forwarded-proto")
        .filter(|scheme| [&b"http"[..], b"https"].contains(scheme));
    let scheme = scheme.unwrap_or(b"http").to_vec();
    map.add(":scheme", scheme.clone());
    if map.get("x-forwarded-proto").is_none() {
        map.add("x-forwarded-proto", scheme);
    }
    if map.get("x-request-id").is_none() {
        map.add("x-request-id", "00000000-0000-4000-8000-000000000000");
    }
    map
}
