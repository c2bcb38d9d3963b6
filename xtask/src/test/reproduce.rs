//! The release, made again elsewhere.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use walkdir::{DirEntry, WalkDir};

use super::Outcome;
use crate::{build, folder, process, workspace};

/// Makes the release of a copy of the workspace, with another CARGO_HOME, and compares every file.
pub(super) fn run() -> Result<Outcome> {
    let program = std::env::current_exe().context("who am I?")?;
    let release = || {
        let mut command = Command::new(&program);
        command.args(["dist", "--check"]);
        command
    };
    process::run(&mut release())?;
    let place = tempfile::tempdir().context("cannot create a temporary folder")?;
    let (copy, home) = (place.path().join("copy"), place.path().join("cargo-home"));
    copy_sources(workspace::root(), &copy)?;
    fs::create_dir(&home)?;
    copy_cargo_settings(&home)?;

    let mut command = release();
    command
        .args(build::extension_names()?)
        .arg("--manifest-path")
        .arg(copy.join("Cargo.toml"))
        .env("CARGO_HOME", &home)
        .env("CARGO_TARGET_DIR", place.path().join("target"));
    process::run(&mut command)?;
    let files = folder::same(&workspace::root().join("dist"), &copy.join("dist"))?;
    eprintln!("{files} files have the same bytes from two directories with two CARGO_HOMEs");
    Ok(Outcome::Passed)
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let is_source = |entry: &DirEntry| {
        let name = entry.file_name();
        let is_made = name == "target" || name == ".git" || (entry.depth() == 1 && name == "dist");
        entry.depth() == 0 || !is_made
    };
    for entry in WalkDir::new(from).into_iter().filter_entry(is_source) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)?;
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Where crates come from may be set there.
fn copy_cargo_settings(home: &Path) -> Result<()> {
    let settings = build::cargo_home()?.join("config.toml");
    if settings.is_file() {
        fs::copy(settings, home.join("config.toml"))?;
    }
    Ok(())
}
