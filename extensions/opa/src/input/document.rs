//! The documents themselves.

use std::time::SystemTime;

use super::decoding::{path_segments, query_parameters};
use super::json::Json;
use super::{BadRequest, Facts, HeaderView, InputRules, body, split_port, split_query};

/// The four fields of the older C++ filter.
pub(super) fn legacy(facts: &Facts<'_>) -> Result<String, BadRequest> {
    let path = facts.headers.get(":path").ok_or(BadRequest::Path)?;
    let method = facts.headers.get(":method").unwrap_or_default();
    let mut json = Json::with_capacity(256);
    json.raw(r#"{"source_principal":"#)
        .string(&facts.connection.source_principal)
        .raw(r#","destination_workload":"#)
        .string(facts.workload)
        .raw(r#","request_method":"#)
        .string(method)
        .raw(r#","request_url_path":"#)
        .string(split_query(path).0)
        .raw("}");
    Ok(json.into_text())
}

/// The document of opa-envoy-plugin: Envoy's `CheckRequest` with protobuf's JSON names, and what the
/// plugin parses of it. Empty values are left out.
pub(super) fn envoy(
    rules: &InputRules,
    facts: &Facts<'_>,
    now: SystemTime,
) -> Result<String, BadRequest> {
    let path = facts.headers.get(":path").ok_or(BadRequest::Path)?;
    let mut json = Json::with_capacity(2048);
    json.raw(r#"{"attributes":{"source":"#);
    peer(&mut json, facts.source_address, |json| {
        let service = facts.headers.get("x-envoy-downstream-service-cluster");
        json.member("service", service.unwrap_or_default())
            .member("principal", &facts.connection.source_principal);
    });
    json.raw(r#","destination":"#);
    peer(&mut json, &facts.connection.destination_address, |_| ());
    json.raw(r#","request":{"time":"#);
    time(&mut json, now);
    json.raw(r#","http":"#);
    http(&mut json, rules, facts);
    json.raw("}");
    if !facts.connection.sni.is_empty() {
        json.raw(r#","tlsSession":{"#)
            .member("sni", &facts.connection.sni)
            .raw("}");
    }
    json.raw(r#","metadataContext":{},"routeMetadataContext":{}}"#);
    json.member("source_principal", &facts.connection.source_principal);

    let (url_path, query) = split_query(path);
    json.raw(r#","parsed_path":["#);
    for segment in path_segments(url_path)? {
        json.separate().lossy_string(&segment);
    }
    json.raw(r#"],"parsed_query":{"#);
    for (name, values) in query_parameters(query.unwrap_or_default()).ok_or(BadRequest::Query)? {
        json.separate().lossy_string(&name).raw(":[");
        for value in values {
            json.separate().lossy_string(&value);
        }
        json.raw("]");
    }
    let body = body::parse(facts.headers, facts.body)?;
    json.raw(r#"},"parsed_body":"#).raw(&body.value);
    json.raw(r#","truncated_body":"#)
        .raw(if body.is_truncated { "true" } else { "false" });
    json.raw(r#","version":{"encoding":"protojson","ext_authz":"v3"}}"#);
    Ok(json.into_text())
}

/// One end of a connection.
fn peer(json: &mut Json, address: &[u8], more: impl FnOnce(&mut Json)) {
    let (host, port) = split_port(address);
    json.raw("{");
    if !host.is_empty() {
        json.raw(r#""address":{"socketAddress":{"#)
            .member("address", host);
        let port: u16 = std::str::from_utf8(port)
            .ok()
            .and_then(|port| port.parse().ok())
            .unwrap_or_default();
        if port != 0 {
            json.raw(r#","portValue":"#).number(port.into());
        }
        json.raw("}}");
    }
    more(json);
    json.raw("}");
}

fn time(json: &mut Json, now: SystemTime) {
    let since_epoch = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    json.raw(r#"{"seconds":"#).number(since_epoch.as_secs());
    if since_epoch.subsec_nanos() > 0 {
        json.raw(r#","nanos":"#)
            .number(since_epoch.subsec_nanos().into());
    }
    json.raw("}");
}

fn http(json: &mut Json, rules: &InputRules, facts: &Facts<'_>) {
    let header = |name| facts.headers.get(name).unwrap_or_default();
    json.raw("{")
        .member("id", header("x-request-id"))
        .member("method", header(":method"))
        .member("path", header(":path"))
        .member("host", header(":authority"))
        .member("scheme", header(":scheme"))
        .member("protocol", &facts.connection.protocol);
    if let Some(body) = facts.body {
        if let Some(size) = size(facts.headers, body.bytes.len()) {
            json.raw(r#","size":"#).number(size);
        }
        json.member("body", body.bytes);
    }
    json.raw(r#","headers":{"#);
    headers(json, rules, facts);
    json.raw("}}");
}

/// What is announced, or else what is here.
fn size(headers: &HeaderView, length: usize) -> Option<u64> {
    let announced = headers.get("content-length");
    announced
        .and_then(|text| std::str::from_utf8(text).ok())
        .and_then(|text| text.parse().ok())
        .or(u64::try_from(length).ok())
        .filter(|size| *size > 0)
}

/// Each name once, its values joined by a comma.
fn headers(json: &mut Json, rules: &InputRules, facts: &Facts<'_>) {
    const PARTIAL: &[u8] = b"x-envoy-auth-partial-body";
    let body = facts.body.filter(|body| !body.bytes.is_empty());
    let is_seen = |name: &[u8]| {
        // Envoy sets this one itself.
        rules.headers.contains(name) && !(body.is_some() && name == PARTIAL)
    };
    let mut earlier: Vec<&[u8]> = Vec::with_capacity(32);
    for (name, value) in facts.headers.iter().filter(|(name, _)| is_seen(name)) {
        if earlier.contains(&name) {
            continue;
        }
        earlier.push(name);
        let mut others = facts
            .headers
            .iter()
            .filter(|(other, _)| *other == name)
            .map(|(_, value)| value)
            .skip(1)
            .peekable();
        json.name(name);
        if others.peek().is_none() {
            json.string(value);
        } else {
            let mut joined = value.to_vec();
            for other in others {
                joined.push(b',');
                joined.extend_from_slice(other);
            }
            json.string(&joined);
        }
    }
    if let Some(body) = body {
        let partial: &[u8] = if body.is_truncated { b"true" } else { b"false" };
        json.name(PARTIAL).string(partial);
    }
}
