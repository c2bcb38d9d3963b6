//! JSON with its keys in order, whatever map a type or a feature of `serde_json` uses.

use anyhow::Result;
use serde_json::Value;

/// For people: indented, with a newline at the end.
pub(super) fn pretty(mut value: Value) -> Result<Vec<u8>> {
    value.sort_all_objects();
    let mut bytes = serde_json::to_vec_pretty(&value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// For what is named by its digest.
pub(super) fn compact(mut value: Value) -> Result<Vec<u8>> {
    value.sort_all_objects();
    Ok(serde_json::to_vec(&value)?)
}
