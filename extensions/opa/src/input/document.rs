//! The documents themselves.

use std::time::SystemTime;

use super::body::{self, Parsed};
use super::decoding::{Parameters, path_segments, query_parameters};
use super::json::Json;
use super::sink::{Sink, text_of};
#[cfg(feature = "embedded")]
use super::values::{Names, Values};
use super::{BadRequest, Facts, Form, HeaderView, InputRules, split_port, split_query};

/// What a policy is asked about: a request that can be described.
pub struct Document<'a> {
    rules: &'a InputRules,
    facts: &'a Facts<'a>,
    now: SystemTime,
    url_path: &'a [u8],
    /// What only the form of opa-envoy-plugin has.
    parts: Option<Parts>,
}

/// What opa-envoy-plugin parses of a request.
struct Parts {
    path: Vec<Vec<u8>>,
    query: Parameters,
    body: Parsed,
}

impl<'a> Document<'a> {
    /// Everything that can be wrong with a request is found here.
    pub(super) fn new(
        rules: &'a InputRules,
        facts: &'a Facts<'a>,
        now: SystemTime,
    ) -> Result<Self, BadRequest> {
        let path = facts.headers.get(":path").ok_or(BadRequest::Path)?;
        let (url_path, query) = split_query(path);
        let parts = match rules.form {
            Form::Legacy => None,
            Form::Envoy => Some(Parts {
                path: path_segments(url_path)?,
                query: query_parameters(query.unwrap_or_default()).ok_or(BadRequest::Query)?,
                body: body::parse(facts.headers, facts.body)?,
            }),
        };
        Ok(Self {
            rules,
            facts,
            now,
            url_path,
            parts,
        })
    }

    /// As JSON.
    pub fn text(&self) -> String {
        let mut json = Json::with_capacity(2048);
        self.write(&mut json);
        json.into_text()
    }

    /// As the engine wants it.
    #[cfg(feature = "embedded")]
    pub(crate) fn value(&self, names: &mut Names) -> anyhow::Result<regorus::Value> {
        let mut values = Values::new(names);
        self.write(&mut values);
        values.into_value()
    }

    fn write(&self, sink: &mut impl Sink) {
        sink.object(true);
        match &self.parts {
            None => legacy(sink, self.facts, self.url_path),
            Some(parts) => envoy(sink, self, parts),
        }
        sink.object(false);
    }
}

/// The four fields of the older C++ filter.
fn legacy(sink: &mut impl Sink, facts: &Facts<'_>, url_path: &[u8]) {
    sink.field("source_principal");
    sink.string(&facts.connection.source_principal);
    sink.field("destination_workload");
    sink.string(facts.workload);
    sink.field("request_method");
    sink.string(facts.headers.get(":method").unwrap_or_default());
    sink.field("request_url_path");
    sink.string(url_path);
}

/// The document of opa-envoy-plugin: Envoy's `CheckRequest` with protobuf's JSON names, and what the
/// plugin parses of it. Empty values are left out.
fn envoy(sink: &mut impl Sink, document: &Document<'_>, parts: &Parts) {
    let facts = document.facts;
    let connection = facts.connection;
    sink.field("attributes");
    sink.object(true);
    sink.field("source");
    peer(sink, facts.source_address, |sink| {
        let service = facts.headers.get("x-envoy-downstream-service-cluster");
        sink.member("service", service.unwrap_or_default());
        sink.member("principal", &connection.source_principal);
    });
    sink.field("destination");
    peer(sink, &connection.destination_address, |_| ());
    sink.field("request");
    sink.object(true);
    sink.field("time");
    time(sink, document.now);
    sink.field("http");
    http(sink, document.rules, facts);
    sink.object(false);
    if !connection.sni.is_empty() {
        sink.field("tlsSession");
        sink.object(true);
        sink.member("sni", &connection.sni);
        sink.object(false);
    }
    for name in ["metadataContext", "routeMetadataContext"] {
        sink.field(name);
        sink.object(true);
        sink.object(false);
    }
    sink.object(false);
    sink.member("source_principal", &connection.source_principal);

    sink.field("parsed_path");
    sink.list(true);
    for segment in &parts.path {
        sink.lossy_string(segment);
    }
    sink.list(false);
    sink.field("parsed_query");
    sink.parameters(&parts.query);
    sink.field("parsed_body");
    sink.json(&parts.body.value);
    sink.field("truncated_body");
    sink.boolean(parts.body.is_truncated);
    sink.field("version");
    sink.object(true);
    sink.member("encoding", b"protojson");
    sink.member("ext_authz", b"v3");
    sink.object(false);
}

/// One end of a connection.
fn peer<S: Sink>(sink: &mut S, address: &[u8], more: impl FnOnce(&mut S)) {
    let (host, port) = split_port(address);
    sink.object(true);
    if !host.is_empty() {
        sink.field("address");
        sink.object(true);
        sink.field("socketAddress");
        sink.object(true);
        sink.member("address", host);
        let port: u16 = std::str::from_utf8(port)
            .ok()
            .and_then(|port| port.parse().ok())
            .unwrap_or_default();
        if port != 0 {
            sink.field("portValue");
            sink.number(port.into());
        }
        sink.object(false);
        sink.object(false);
    }
    more(sink);
    sink.object(false);
}

fn time(sink: &mut impl Sink, now: SystemTime) {
    let since_epoch = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    sink.object(true);
    sink.field("seconds");
    sink.number(since_epoch.as_secs());
    if since_epoch.subsec_nanos() > 0 {
        sink.field("nanos");
        sink.number(since_epoch.subsec_nanos().into());
    }
    sink.object(false);
}

fn http(sink: &mut impl Sink, rules: &InputRules, facts: &Facts<'_>) {
    let header = |name| facts.headers.get(name).unwrap_or_default();
    sink.object(true);
    sink.member("id", header("x-request-id"));
    sink.member("method", header(":method"));
    sink.member("path", header(":path"));
    sink.member("host", header(":authority"));
    sink.member("scheme", header(":scheme"));
    sink.member("protocol", &facts.connection.protocol);
    if let Some(body) = facts.body {
        if let Some(size) = size(facts.headers, body.bytes.len()) {
            sink.field("size");
            sink.number(size);
        }
        sink.member("body", body.bytes);
    }
    sink.field("headers");
    sink.object(true);
    headers(sink, rules, facts);
    sink.object(false);
    sink.object(false);
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
fn headers(sink: &mut impl Sink, rules: &InputRules, facts: &Facts<'_>) {
    const PARTIAL: &str = "x-envoy-auth-partial-body";
    let body = facts.body.filter(|body| !body.bytes.is_empty());
    let is_seen = |name: &[u8]| {
        // Envoy sets this one itself.
        rules.headers.contains(name) && !(body.is_some() && name == PARTIAL.as_bytes())
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
        sink.name(&text_of(name, '!'));
        if others.peek().is_none() {
            sink.string(value);
        } else {
            let mut joined = value.to_vec();
            for other in others {
                joined.push(b',');
                joined.extend_from_slice(other);
            }
            sink.string(&joined);
        }
    }
    if let Some(body) = body {
        sink.field(PARTIAL);
        sink.string(if body.is_truncated { b"true" } else { b"false" });
    }
}
