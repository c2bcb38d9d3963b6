//! Configs and policies, given to the extension that reads them.

use anyhow::{Result, bail};
use serde_json::json;

use crate::check_config;
use crate::markdown::Block;

/// The module that evaluates policies.
const POLICIES: &str = "opa_embedded";

/// Fails with what the extension says to a config that it refuses.
pub(super) fn taken(extension: &str, config: &str) -> Result<()> {
    match check_config::refusal(extension, config)? {
        None => Ok(()),
        Some(reason) => bail!("{reason}"),
    }
}

/// The same for a policy. Its mark names the rule that decides.
pub(super) fn policy(block: &Block) -> Result<()> {
    let mut policy = json!({ "inline": block.text });
    if let Some(query) = block.value("query") {
        policy["query"] = query.into();
    }
    taken(POLICIES, &json!({ "policy": policy }).to_string())
}
