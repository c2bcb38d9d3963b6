//! The steps that only `--full` has.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use walkdir::{DirEntry, WalkDir};

use super::{Context, Outcome, cargo};
use crate::folder::same as compare;
use crate::{build, process, workspace};

/// How often the tests run on each host. Envoy has its own start and its own sockets each time.
const REPETITIONS: [(Option<&str>, u32); 3] =
    [(None, 200), (Some("::wasm"), 20), (Some("::envoy"), 5)];

/// The tests again and again: one that depends on time or order shows itself.
pub(super) fn repeat(_: &Context) -> Result<Outcome> {
    for (host, repetitions) in REPETITIONS {
        let tests = host.map_or("native tests".to_owned(), |host| {
            format!("{host} scenarios")
        });
        let mut command = match host {
            None => cargo::native_tests(),
            Some(_) => cargo::tests_on_all_hosts()?,
        };
        // Without the examples in the documentation, which are compiled each time.
        command.args(["--quiet", "--tests"]);
        if let Some(host) = host {
            command.args(["--", host]);
        }
        for repetition in 1..=repetitions {
            eprintln!("{tests}: repetition {repetition} of {repetitions}");
            process::run(&mut command)
                .with_context(|| format!("{tests}: repetition {repetition} failed"))?;
        }
    }
    Ok(Outcome::Passed)
}

/// Makes the release in a copy of the workspace, with another CARGO_HOME, by a tool that is compiled
/// there, and compares every file.
pub(super) fn reproduce(context: &Context) -> Result<Outcome> {
    let release = |command: &mut Command| process::run(command.args(["dist", "--check"]));
    release(&mut Command::new(&context.program))?;
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let (copy, home) = (folder.path().join("copy"), folder.path().join("cargo-home"));
    copy_sources(workspace::root(), &copy)?;
    fs::create_dir(&home)?;
    copy_cargo_settings(&home)?;
    share_tools(&copy)?;

    let mut command = process::cargo();
    command
        .args([
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--features",
            "dist",
            "--",
        ])
        .current_dir(&copy)
        .env("CARGO_HOME", &home)
        .env("CARGO_TARGET_DIR", folder.path().join("target"));
    release(&mut command)?;
    let files = compare(&workspace::root().join("dist"), &copy.join("dist"))?;
    eprintln!("{files} files have the same bytes from two directories with two CARGO_HOMEs");
    Ok(Outcome::Passed)
}

/// They are pinned by digest: a second download would give the same.
fn share_tools(copy: &Path) -> Result<()> {
    fs::create_dir_all(copy.join("target"))?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(workspace::tools(), copy.join("target/tools"))?;
    Ok(())
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let is_source = |entry: &DirEntry| {
        let name = entry.file_name();
        entry.depth() == 0
            || ![".git", "dist", "target"]
                .iter()
                .any(|other| name == *other)
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
