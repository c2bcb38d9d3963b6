//! `cargo xtask deploy`: the configs that every extension has for every platform, made of one
//! description of it, `extensions/*/deploy.yaml`, and a template for each platform.
//!
//! What only one extension has, such as the address of an issuer's server, is in files written by
//! hand beside these.

mod describe;
mod template;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::workspace;
use describe::Description;

/// Write the deploy configs that extensions have in common
///
/// From extensions/*/deploy.yaml, into extensions/*/deploy. `cargo xtask test` fails where they are
/// not what this command writes.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<()> {
    for (file, text) in files()? {
        if fs::read_to_string(&file).is_ok_and(|old| old == text) {
            continue;
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("{}", workspace::relative(&file));
    }
    Ok(())
}

/// The files that are not what [`run`] would write.
pub(crate) fn outdated() -> Result<Vec<PathBuf>> {
    let differs = |file: &Path, text: &str| fs::read_to_string(file).ok().as_deref() != Some(text);
    let files = files()?.into_iter();
    let outdated = files.filter(|(file, text)| differs(file, text));
    Ok(outdated.map(|(file, _)| file).collect())
}

/// The folder of an extension with a description, and the name of its filter.
pub(crate) fn extensions() -> Result<Vec<(PathBuf, String)>> {
    let described = descriptions()?.into_iter();
    Ok(described
        .map(|(folder, description)| (folder, description.filter))
        .collect())
}

/// Every file and its text.
fn files() -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for (folder, description) in descriptions()? {
        for (name, text) in description.files() {
            files.push((folder.join("deploy").join(name), text));
        }
    }
    Ok(files)
}

fn descriptions() -> Result<Vec<(PathBuf, Description)>> {
    let mut descriptions = Vec::new();
    for entry in fs::read_dir(workspace::root().join("extensions"))? {
        let folder = entry?.path();
        let file = folder.join("deploy.yaml");
        if let Ok(text) = fs::read_to_string(&file) {
            let name = workspace::relative(&file).to_string();
            let description = Description::parse(&text).context(name)?;
            descriptions.push((folder, description));
        }
    }
    descriptions.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(descriptions)
}
