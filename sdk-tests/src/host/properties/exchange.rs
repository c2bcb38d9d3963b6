//! `request` and `response`.

use super::{Seen, Value};
use crate::host::HeaderMap;
use crate::host::local_reply::grpc_status_of;

fn int(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A header map, which is empty in the phases that it is not open in.
fn map(headers: Option<&HeaderMap>) -> Value {
    Value::Headers(headers.cloned().unwrap_or_default())
}

fn byte_size(headers: Option<&HeaderMap>) -> u64 {
    headers.map_or(0, |headers| headers.byte_size() as u64)
}

/// The fields that have a value.
fn fields(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let there = |(name, value): (&'static str, Option<Value>)| Some((name.into(), value?));
    Value::Fields(fields.into_iter().filter_map(there).collect())
}

pub(super) fn request(seen: Seen<'_>) -> Value {
    let (info, headers) = (seen.info, seen.request);
    let header = |name| Some(Value::String(headers?.get(name)?.to_vec()));
    let path = headers.map(|headers| headers.get(":path").unwrap_or_default());
    let text = |text: &[u8]| Value::String(text.to_vec());
    fields([
        ("headers", Some(map(headers))),
        ("headers_bytes", Some(int(byte_size(headers)))),
        (
            "time",
            Some(Value::Timestamp(info.start_time.cast_signed())),
        ),
        ("size", size(headers, info.bytes_received)),
        (
            "total_size",
            Some(int(info.bytes_received + byte_size(headers))),
        ),
        (
            "duration",
            info.duration
                .map(|duration| Value::Duration(duration.cast_signed())),
        ),
        ("protocol", info.is_request.then(|| Value::text("HTTP/1.1"))),
        ("path", header(":path")),
        ("url_path", path.map(|path| text(split_query(path).0))),
        ("query", path.map(|path| text(split_query(path).1))),
        ("host", header(":authority")),
        ("scheme", header(":scheme")),
        ("method", header(":method")),
        ("referer", header("referer")),
        ("id", header("x-request-id")),
        ("useragent", header("user-agent")),
    ])
}

/// What the request announces, or else what has arrived.
fn size(headers: Option<&HeaderMap>, received: u64) -> Option<Value> {
    match headers.and_then(|headers| headers.get("content-length")) {
        Some(length) => {
            let length = std::str::from_utf8(length).ok()?.trim_ascii();
            length.parse().ok().map(Value::Int)
        }
        None => Some(int(received)),
    }
}

fn split_query(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().position(|byte| *byte == b'?') {
        Some(at) => {
            let query = &path[at + 1..];
            let end = query.iter().position(|byte| *byte == b'#');
            (&path[..at], &query[..end.unwrap_or(query.len())])
        }
        None => (path, &[]),
    }
}

pub(super) fn response(seen: Seen<'_>) -> Value {
    let (info, headers, trailers) = (seen.info, seen.response, seen.trailers);
    let code = info.response_code;
    let latency = info.upstream.as_ref().and_then(|upstream| upstream.latency);
    let sizes = byte_size(headers) + byte_size(trailers);
    fields([
        ("code", code.map(|code| Value::Int(code.into()))),
        ("code_details", info.code_details.clone().map(Value::text)),
        ("size", Some(int(info.bytes_sent))),
        ("headers", Some(map(headers))),
        ("headers_bytes", Some(int(byte_size(headers)))),
        ("trailers", Some(map(trailers))),
        ("flags", Some(int(info.flags))),
        ("grpc_status", grpc_status(seen).map(Value::Int)),
        ("total_size", Some(int(info.bytes_sent + sizes))),
        (
            "backend_latency",
            latency.map(|latency| Value::Duration(latency.cast_signed())),
        ),
    ])
}

/// The status in the trailers, or in the headers, or what the HTTP status stands for.
fn grpc_status(seen: Seen<'_>) -> Option<i64> {
    let said = |map: Option<&HeaderMap>| {
        let status = std::str::from_utf8(map?.get("grpc-status")?).ok()?;
        // Envoy knows those of the specification, and takes all others for -1.
        Some(
            status
                .parse()
                .ok()
                .filter(|known| (0..=16).contains(known))
                .unwrap_or(-1),
        )
    };
    said(seen.trailers)
        .or_else(|| said(seen.response))
        .or_else(|| Some(grpc_status_of(seen.info.response_code?).into()))
}
