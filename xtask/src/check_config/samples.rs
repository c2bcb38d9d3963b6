//! Requests to try, from a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// A request, and what the upstream answers.
#[derive(Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) status: u16,
    pub(super) response_headers: BTreeMap<String, String>,
}

/// JSON is YAML.
fn read(file: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("{} is no YAML", file.display()))
}

pub(super) fn requests(file: &Path) -> Result<Vec<Sample>> {
    let value = read(file)?;
    let Value::Array(list) = &value else {
        bail!("{}: expected a list of requests", file.display());
    };
    let samples = list.iter().enumerate().map(|(index, value)| {
        sample(value).with_context(|| format!("{}: request {index}", file.display()))
    });
    samples.collect()
}

fn sample(value: &Value) -> Result<Sample> {
    known(value, &["method", "path", "headers", "response"])?;
    let response = value.get("response").unwrap_or(&Value::Null);
    known(response, &["status", "headers"])?;
    let text = |name: &str, default: &str| match value.get(name) {
        None => Ok(default.to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => bail!("{name}: expected a text, got {other}"),
    };
    let status = match response.get("status") {
        None => 200,
        Some(status) => {
            let number = status
                .as_u64()
                .and_then(|status| u16::try_from(status).ok());
            let valid = number.filter(|status| (200..600).contains(status));
            valid.with_context(|| format!("response.status: expected 200 to 599, got {status}"))?
        }
    };
    Ok(Sample {
        method: text("method", "GET")?,
        path: text("path", "/")?,
        headers: headers(value)?,
        status,
        response_headers: headers(response)?,
    })
}

/// Refuses what is misspelt.
fn known(value: &Value, names: &[&str]) -> Result<()> {
    match value {
        Value::Null => Ok(()),
        Value::Object(fields) => match fields.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => bail!(
                "{name}: unknown field, expected one of {}",
                names.join(", ")
            ),
            None => Ok(()),
        },
        other => bail!("expected an object with {}, got {other}", names.join(", ")),
    }
}

fn headers(value: &Value) -> Result<BTreeMap<String, String>> {
    match value.get("headers") {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(headers)) => {
            let entries = headers.iter().map(|(name, value)| match value {
                Value::String(text) => Ok((name.clone(), text.clone())),
                Value::Number(number) => Ok((name.clone(), number.to_string())),
                other => bail!("headers.{name}: expected a text, got {other}"),
            });
            entries.collect()
        }
        Some(other) => bail!("headers: expected an object, got {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_has_defaults_and_no_unknown_fields() {
        let plain = sample(&json!({})).unwrap();
        assert_eq!(
            (plain.method.as_str(), plain.path.as_str(), plain.status),
            ("GET", "/", 200)
        );
        let full = sample(&json!({
            "method": "POST", "path": "/a", "headers": { "x": "1", "n": 2 },
            "response": { "status": 404, "headers": { "y": "3" } }
        }))
        .unwrap();
        assert_eq!(full.headers.get("n").map(String::as_str), Some("2"));
        assert_eq!(full.status, 404);
        for (bad, expected) in [
            (json!({ "paht": "/" }), "paht: unknown field"),
            (json!({ "path": 1 }), "path: expected a text"),
            (
                json!({ "response": { "status": 99 } }),
                "response.status: expected 200",
            ),
            (json!({ "headers": [] }), "headers: expected an object"),
            (json!("x"), "expected an object"),
        ] {
            let error = sample(&bad).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
