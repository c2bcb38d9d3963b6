//! Reads from an extension's sources which callbacks it implements.

mod visit;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use syn::visit::Visit as _;
use walkdir::WalkDir;

use super::callbacks::Method;
use crate::workspace;

/// What the sources say.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The methods of the SDK's traits that some type overrides. Code behind a `cfg` counts.
    pub(super) methods: BTreeSet<Method>,
    /// Which of the [telling](super::callbacks::TELLING) names stand anywhere.
    pub(super) mentions: BTreeSet<&'static str>,
}

/// Reads every Rust file below `folders`; fails where a file could hide a callback.
pub(super) fn scan(folders: &[PathBuf]) -> Result<Scan> {
    let mut scan = Scan::default();
    let mut problems = Vec::new();
    for folder in folders {
        for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            let path = entry?.into_path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                read(&path, &source, &mut scan, &mut problems)?;
            }
        }
    }
    if !problems.is_empty() {
        bail!(
            "cannot tell which callbacks this extension implements (xtask/src/postlink says why it \
             must know):\n  {}",
            problems.join("\n  ")
        );
    }
    Ok(scan)
}

/// Adds what one file says.
fn read(path: &Path, source: &str, scan: &mut Scan, problems: &mut Vec<String>) -> Result<()> {
    let file = syn::parse_file(source).map_err(|error| {
        let line = error.span().start().line;
        anyhow::anyhow!("{}:{line}: {error}", workspace::relative(path))
    })?;
    let mut visitor = visit::Visitor::new(path, scan, problems);
    visitor.visit_file(&file);
    Ok(())
}
