//! The document that a policy decides on, and the key under which its decision is remembered.
//!
//! Both are made of the same [`Facts`]. The key holds the raw bytes of each part, with its length
//! before it: equal keys are equal inputs, and no two inputs can be made to share one.

mod body;
mod decoding;
mod document;
mod json;
mod key;
mod multipart;
mod sink;
#[cfg(feature = "embedded")]
mod values;

use std::time::SystemTime;

use extension_common::headers::HeaderView;

#[cfg(feature = "embedded")]
pub(crate) use decoding::query_parameters;
pub(crate) use decoding::{Plus, percent_decoded};
pub use document::Document;
#[cfg(feature = "embedded")]
pub(crate) use values::Names;

use crate::config::{Config, Form, InputRules, KeyField};

/// What is known of a request. Values are as the host gives them: bytes.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The request headers.
    pub headers: &'a HeaderView,
    /// The client's address, with its port.
    pub source_address: &'a [u8],
    /// What holds for every request of the connection.
    pub connection: &'a Connection,
    /// The workload that the proxy stands before.
    pub workload: &'a [u8],
    /// As much of the body as is to be seen, if any is.
    pub body: Option<Body<'a>>,
}

/// What does not change while a connection lasts. Empty: not known, or not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Where the request came in, with the port.
    pub destination_address: Vec<u8>,
    /// The HTTP version.
    pub protocol: Vec<u8>,
    /// Who the client's certificate says it is.
    pub source_principal: Vec<u8>,
    /// The TLS server name.
    pub sni: Vec<u8>,
}

/// The beginning of a request body, or all of it.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Whether there is more.
    pub is_truncated: bool,
}

/// Why there can be no document: the request is at fault, and no policy can allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// No `:path`, or an encoding in it that is none.
    #[error("the path is missing or has a bad percent-encoding")]
    Path,
    /// A query that Go's `url.ParseQuery` takes for an error.
    #[error("the query has a semicolon or a bad percent-encoding")]
    Query,
    /// A `content-length` that is no number.
    #[error("the content-length is no number")]
    ContentLength,
    /// A body that does not follow its `content-type`.
    #[error("the body is not of its content-type")]
    Body,
}

/// Makes documents and keys, as configured.
#[derive(Clone, Debug)]
pub struct Input {
    rules: InputRules,
    key: Vec<KeyField>,
}

impl Input {
    /// As `config` says.
    pub fn new(config: &Config) -> Self {
        Self {
            rules: config.input.clone(),
            key: config.key.clone(),
        }
    }

    /// The rules behind it.
    pub fn rules(&self) -> &InputRules {
        &self.rules
    }

    /// What tells this request apart from others.
    pub fn key(&self, facts: &Facts<'_>) -> Vec<u8> {
        key::of(&self.key, &self.rules, facts)
    }

    /// The document.
    ///
    /// # Errors
    /// The request cannot be described.
    pub fn document<'a>(
        &'a self,
        facts: &'a Facts<'a>,
        now: SystemTime,
    ) -> Result<Document<'a>, BadRequest> {
        Document::new(&self.rules, facts, now)
    }
}

/// `1.2.3.4:80` and `[::1]:80` in two; without a port, the port is empty.
fn split_port(address: &[u8]) -> (&[u8], &[u8]) {
    let is_digits = |port: &[u8]| !port.is_empty() && port.iter().all(u8::is_ascii_digit);
    match address.iter().rposition(|&byte| byte == b':') {
        Some(colon) => {
            let (host, port) = address.split_at_checked(colon).unwrap_or_default();
            let port = port.get(1..).unwrap_or_default();
            match is_digits(port) {
                true => {
                    let bare = host.strip_prefix(b"[").and_then(|h| h.strip_suffix(b"]"));
                    (bare.unwrap_or(host), port)
                }
                false => (address, &[]),
            }
        }
        None => (address, &[]),
    }
}

/// The path up to the `?`, and the query behind it.
fn split_query(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match path.iter().position(|&byte| byte == b'?') {
        Some(mark) => {
            let (path, query) = path.split_at_checked(mark).unwrap_or_default();
            (path, query.get(1..))
        }
        None => (path, None),
    }
}

/// Whether a header's value differs on every request, and means nothing to a policy: the ids of
/// requests and traces that proxies and clients make up.
fn is_volatile(name: &[u8]) -> bool {
    matches!(
        name,
        b"x-request-id"
            | b"traceparent"
            | b"tracestate"
            | b"b3"
            | b"sw8"
            | b"x-b3-traceid"
            | b"x-b3-spanid"
            | b"x-b3-parentspanid"
            | b"x-b3-sampled"
            | b"x-b3-flags"
            | b"x-ot-span-context"
            | b"x-cloud-trace-context"
            | b"x-amzn-trace-id"
            | b"grpc-trace-bin"
            | b"uber-trace-id"
            | b"x-datadog-trace-id"
            | b"x-datadog-parent-id"
            | b"x-datadog-sampling-priority"
            | b"x-client-trace-id"
    )
}

#[cfg(test)]
mod tests;
