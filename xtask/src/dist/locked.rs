//! The checksums in a Cargo.lock.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use toml_edit::DocumentMut;

use super::graph::Key;

/// SHA-256 of the packages that come from a registry.
pub(super) struct Checksums(BTreeMap<Key, String>);

impl Checksums {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let document: DocumentMut = text.parse().context("Cargo.lock is not TOML")?;
        let packages = document
            .get("package")
            .and_then(|item| item.as_array_of_tables());
        let text = |table: &toml_edit::Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
        let checksums = packages
            .context("Cargo.lock lists no packages")?
            .iter()
            .filter_map(|package| {
                let key = (text(package, "name")?, text(package, "version")?);
                Some((key, text(package, "checksum")?))
            });
        Ok(Self(checksums.collect()))
    }

    pub(super) fn of(&self, key: &Key) -> Option<String> {
        self.0.get(key).cloned()
    }
}
