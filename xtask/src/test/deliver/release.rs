//! What is delivered: a version of the filter, right or wrong.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use crate::{envoy_config, workspace};

/// The filter's name, and that of the file that it comes from.
pub(super) const FILTER: &str = "guard";

/// alice's password is `password`.
pub(super) const CREDENTIALS: &str = "Basic YWxpY2U6cGFzc3dvcmQ=";

/// A version of basic-auth. It shows which one it is: a 401 has it as its realm.
pub(super) struct Release {
    pub(super) version: u32,
    /// The name in the resource.
    name: &'static str,
    module: PathBuf,
    config: Value,
    /// More of `vm_config`, or other.
    vm: Value,
    failure_policy: &'static str,
}

impl Release {
    /// One that every proxy should take.
    pub(super) fn good(version: u32) -> Self {
        Self {
            version,
            name: FILTER,
            module: workspace::wasm().join("basic_auth.wasm"),
            config: json!({
                "realm": realm(version),
                "users": "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
                "basic_auth_rules": [{ "prefix": "/" }],
            }),
            vm: json!({}),
            failure_policy: "FAIL_RELOAD",
        }
    }

    /// The same with another name.
    pub(super) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The same with another module.
    pub(super) fn with_module(mut self, module: PathBuf) -> Self {
        self.module = module;
        self
    }

    /// The same with another field in its config.
    pub(super) fn with(mut self, field: &str, value: Value) -> Self {
        self.config[field] = value;
        self
    }

    /// The same with a field that basic-auth does not know.
    pub(super) fn with_unknown_field(self) -> Self {
        self.with("relm", json!("a slip"))
    }

    /// The same with these fields in its `vm_config`.
    pub(super) fn with_vm(mut self, fields: &Value) -> Self {
        self.vm = fields.clone();
        self
    }

    /// The same with another failure policy.
    pub(super) fn failing(mut self, policy: &'static str) -> Self {
        self.failure_policy = policy;
        self
    }

    /// Puts it into `file`. By rename: whoever reads the file finds all of it.
    pub(super) fn publish(&self, file: &Path) -> Result<()> {
        let mut plugin = envoy_config::plugin(FILTER, &self.module, &json!({}), &self.config);
        for (field, value) in self.vm.as_object().into_iter().flatten() {
            plugin["config"]["vm_config"][field] = value.clone();
        }
        plugin["config"]["failure_policy"] = json!(self.failure_policy);
        let response = envoy_config::discovery_response(self.name, self.version, &plugin);
        let draft = file.with_extension("draft");
        fs::write(&draft, response.to_string())?;
        fs::rename(&draft, file)?;
        Ok(())
    }
}

fn realm(version: u32) -> String {
    format!("version {version}")
}

/// The version that a 401 tells.
pub(super) fn version_of(challenge: &[u8]) -> Option<u32> {
    let challenge = std::str::from_utf8(challenge).ok()?;
    let (_, rest) = challenge.split_once("realm=\"version ")?;
    rest.split('"').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_tells_the_version() {
        assert_eq!(version_of(br#"Basic realm="version 12""#), Some(12));
        assert_eq!(version_of(br#"Basic realm="other""#), None);
    }
}
