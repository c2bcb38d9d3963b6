//! Reads a decision.

use std::time::Duration;

use extension_common::{config::ProtoDuration, headers, headers::HeaderName};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{Decision, Malformed};
use crate::config::MAX_TTL;

type Result<T> = std::result::Result<T, Malformed>;

/// What no policy needs more of.
const MAX_LIST: usize = 1000;

impl Decision {
    /// Takes what the policy's rule is.
    ///
    /// # Errors
    /// It is neither a boolean nor the object, or a part of the object is not what it should be.
    pub fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Bool(allowed) => Ok(Self::bare(allowed)),
            Value::Object(fields) => object(fields),
            _ => Err(Malformed::new("result", "a boolean or an object")),
        }
    }
}

/// Fields that are not known here mean something to somebody else, as they do to opa-envoy-plugin.
fn object(mut fields: Map<String, Value>) -> Result<Decision> {
    let Some(Value::Bool(allowed)) = fields.remove("allowed") else {
        return Err(Malformed::new("allowed", "a boolean"));
    };
    let mut take = |name: &'static str| fields.remove(name).map(|value| (name, value));
    Ok(Decision {
        allowed,
        headers: optional(take("headers"), pairs)?,
        response_headers: optional(take("response_headers_to_add"), pairs)?,
        headers_to_remove: optional(take("request_headers_to_remove"), |field, value| {
            let names = names(field, value)?;
            names.iter().map(|name| header_name(field, name)).collect()
        })?,
        query_to_set: optional(take("query_parameters_to_set"), query)?,
        query_to_remove: optional(take("query_parameters_to_remove"), names)?,
        body: optional(take("body"), |field, value| match value {
            Value::String(body) => Ok(body),
            _ => Err(Malformed::new(field, "a string")),
        })?,
        status: take("http_status")
            .map(|(field, value)| status(field, &value))
            .transpose()?,
        metadata: optional(take("dynamic_metadata"), metadata)?,
        cache_ttl: take("cache_ttl")
            .map(|(field, value)| cache_ttl(field, &value))
            .transpose()?,
        id: None,
    })
}

/// Nothing where there is no such field.
fn optional<T: Default>(
    field: Option<(&'static str, Value)>,
    parse: impl FnOnce(&'static str, Value) -> Result<T>,
) -> Result<T> {
    match field {
        Some((field, value)) => parse(field, value),
        None => Ok(T::default()),
    }
}

/// An object or a list of objects, each value a string or a list of strings. Of several values for
/// one name the last counts, as it does behind opa-envoy-plugin.
fn pairs(field: &'static str, value: Value) -> Result<Vec<(HeaderName, String)>> {
    const EXPECTED: &str = "an object of strings and lists of strings, or a list of such";
    let objects = match value {
        Value::Array(list) => list,
        object => vec![object],
    };
    let mut pairs: Vec<(HeaderName, String)> = Vec::new();
    for object in objects {
        let Value::Object(object) = object else {
            return Err(Malformed::new(field, EXPECTED));
        };
        for (name, value) in object {
            let name = header_name(field, &name)?;
            for value in strings(field, value)? {
                if !headers::is_valid_value(value.as_bytes()) {
                    let place = format!("{field}.{name}");
                    return Err(Malformed::new(place, "no control characters"));
                }
                match pairs.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, last)) => *last = value,
                    None => pairs.push((name.clone(), value)),
                }
            }
        }
    }
    bounded(field, pairs)
}

fn header_name(field: &str, name: &str) -> Result<HeaderName> {
    HeaderName::new(name)
        .filter(|name| !name.is_reserved())
        .ok_or_else(|| {
            let expected = "names of headers that neither frame nor route a message";
            Malformed::new(field, expected)
        })
}

/// A string, or a list of strings.
fn strings(field: &str, value: Value) -> Result<Vec<String>> {
    let list = match value {
        Value::Array(list) => list,
        value => vec![value],
    };
    list.into_iter()
        .map(|value| match value {
            Value::String(text) => Ok(text),
            _ => Err(Malformed::new(field, "strings")),
        })
        .collect()
}

/// A list of strings without control characters.
fn names(field: &'static str, value: Value) -> Result<Vec<String>> {
    if !value.is_array() {
        return Err(Malformed::new(field, "a list of strings"));
    }
    let names = strings(field, value)?;
    names.iter().try_for_each(|name| plain(field, name))?;
    bounded(field, names)
}

fn query(field: &'static str, value: Value) -> Result<Vec<(String, String)>> {
    let Value::Object(object) = value else {
        return Err(Malformed::new(field, "an object"));
    };
    let mut pairs = Vec::new();
    for (name, value) in object {
        plain(field, &name)?;
        for value in strings(field, value)? {
            plain(field, &value)?;
            pairs.push((name.clone(), value));
        }
    }
    bounded(field, pairs)
}

fn metadata(field: &'static str, value: Value) -> Result<Vec<(String, String)>> {
    let Value::Object(object) = value else {
        return Err(Malformed::new(field, "an object"));
    };
    let mut pairs = Vec::new();
    for (name, value) in object {
        let text = match value {
            Value::String(text) => text,
            value => value.to_string(),
        };
        plain(field, &name)?;
        plain(field, &text)?;
        pairs.push((name, text));
    }
    bounded(field, pairs)
}

fn plain(field: &str, text: &str) -> Result<()> {
    match text.chars().any(char::is_control) {
        true => Err(Malformed::new(field, "no control characters")),
        false => Ok(()),
    }
}

fn bounded<T>(field: &str, list: Vec<T>) -> Result<Vec<T>> {
    match list.len() {
        0..=MAX_LIST => Ok(list),
        _ => Err(Malformed::new(field, "at most 1000 entries")),
    }
}

/// One that Envoy knows and that can end a request.
fn status(field: &str, value: &Value) -> Result<u16> {
    let is_known = |status: &u64| {
        matches!(
            status,
            200..=208 | 226 | 300..=305 | 307 | 308 | 400..=417 | 421..=424 | 426 | 428 | 429 | 431
                | 500..=508 | 510 | 511
        )
    };
    value
        .as_u64()
        .filter(is_known)
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| Malformed::new(field, "the number of a final HTTP status"))
}

/// Seconds, or a duration such as `"1.5s"`.
fn cache_ttl(field: &str, value: &Value) -> Result<Duration> {
    let ttl = match value {
        Value::Number(number) => number
            .as_f64()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        value => ProtoDuration::deserialize(value).ok().map(|ttl| ttl.0),
    };
    ttl.map(|ttl| ttl.min(MAX_TTL))
        .ok_or_else(|| Malformed::new(field, "a number of seconds, or a text such as \"1.5s\""))
}
