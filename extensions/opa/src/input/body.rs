//! `parsed_body`: what opa-envoy-plugin makes of a body, by its `content-type`.

use serde_json::Value;

use super::decoding::query_parameters;
use super::json::Json;
use super::sink::{Sink as _, text_of};
use super::{BadRequest, Body, HeaderView, multipart};

/// A body as a policy sees it.
pub(super) struct Parsed {
    /// JSON; `null` where there is nothing to parse.
    pub(super) value: String,
    pub(super) is_truncated: bool,
}

impl Parsed {
    fn nothing(is_truncated: bool) -> Self {
        Self {
            value: "null".to_owned(),
            is_truncated,
        }
    }
}

/// Parses `body` as its headers say.
pub(super) fn parse(headers: &HeaderView, body: Option<Body<'_>>) -> Result<Parsed, BadRequest> {
    let (Some(body), Some(content_type)) = (body, headers.get("content-type")) else {
        return Ok(Parsed::nothing(false));
    };
    let is = |what: &str| {
        content_type
            .windows(what.len())
            .any(|window| window == what.as_bytes())
    };
    let parse: fn(&str, &[u8]) -> Option<String> = if is("application/json") {
        json
    } else if is("application/grpc") {
        // Without a description of the message there is nothing to see in it.
        return Ok(Parsed::nothing(false));
    } else if is("application/x-www-form-urlencoded") {
        form
    } else if is("multipart/form-data") {
        multipart::parse
    } else {
        return Ok(Parsed::nothing(false));
    };
    if body.bytes.is_empty() {
        return Ok(Parsed::nothing(body.is_truncated));
    }
    if body.is_truncated || is_announced_longer(headers, body.bytes.len())? {
        return Ok(Parsed::nothing(true));
    }
    // What is parsed is the `body` of the document, bytes that are no text replaced.
    let text = text_of(body.bytes, '!');
    let value = parse(&text, content_type).ok_or(BadRequest::Body)?;
    Ok(Parsed {
        value,
        is_truncated: false,
    })
}

fn is_announced_longer(headers: &HeaderView, length: usize) -> Result<bool, BadRequest> {
    let Some(announced) = headers.get("content-length") else {
        return Ok(false);
    };
    let announced: u64 = std::str::from_utf8(announced)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(BadRequest::ContentLength)?;
    Ok(u64::try_from(length).is_ok_and(|length| announced > length))
}

fn json(text: &str, _content_type: &[u8]) -> Option<String> {
    json_value(text)
}

/// Deeper bodies are refused: as a part of the document, every reader must take them.
const MAX_DEPTH: usize = 100;

/// `text` itself, if it is JSON that every reader takes alike: not too deep, no number beyond a
/// double's range, no half of a surrogate pair.
pub(super) fn json_value(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    is_within(&value, MAX_DEPTH).then(|| text.trim_ascii().to_owned())
}

/// Whether no more than so many arrays and objects are inside each other. serde_json has bounded
/// them, and with them this recursion.
fn is_within(value: &Value, depth: usize) -> bool {
    let mut inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(object) => Box::new(object.values()),
        _ => return true,
    };
    match depth.checked_sub(1) {
        Some(depth) => inner.all(|value| is_within(value, depth)),
        None => false,
    }
}

/// An object of lists.
fn form(text: &str, _content_type: &[u8]) -> Option<String> {
    let mut json = Json::default();
    json.parameters(&query_parameters(text.as_bytes())?);
    Some(json.into_text())
}
