//! Kubernetes objects: what no Envoy can check, because an API server reads them.

mod relations;
mod shape;

use anyhow::{Result, bail};
use serde_json::Value;

/// Fails if the objects of one file are not what an API server takes, or do not fit together.
pub(super) fn check(documents: &[Value]) -> Result<()> {
    for document in documents {
        match document.get("kind").and_then(Value::as_str) {
            None => {}
            // Part of an object, as a text shows it.
            Some(kind) if document.get("apiVersion").is_none() => {
                shape::check_part(kind, document)?
            }
            Some(kind) => shape::check(kind, document)?,
        }
    }
    let problems = relations::problems(documents);
    if !problems.is_empty() {
        bail!("{}", problems.join("; "));
    }
    Ok(())
}
