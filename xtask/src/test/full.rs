//! The steps that only `--full` has.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use walkdir::{DirEntry, WalkDir};

use super::{Context, Outcome, cargo};
use crate::{build, process, tools, workspace};

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

/// Builds a copy of the workspace with another CARGO_HOME and compares the modules.
pub(super) fn reproduce(context: &Context) -> Result<Outcome> {
    // Again, because the sources may have changed since: quick when they have not.
    build::all(&tools::setup()?)?;
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let (copy, home) = (folder.path().join("copy"), folder.path().join("cargo-home"));
    copy_sources(workspace::root(), &copy)?;
    fs::create_dir(&home)?;
    copy_cargo_settings(&home)?;

    let mut command = Command::new(&context.program);
    command
        .args(["build", "--manifest-path"])
        .arg(copy.join("Cargo.toml"))
        .args(build::extension_names()?)
        .env("CARGO_HOME", &home)
        .env("CARGO_TARGET_DIR", folder.path().join("target"));
    process::run(&mut command)?;
    compare(&workspace::wasm(), &copy.join("target/wasm"))?;
    Ok(Outcome::Passed)
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let is_source = |entry: &DirEntry| {
        let name = entry.file_name();
        entry.depth() == 0 || (name != "target" && name != ".git")
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

fn compare(ours: &Path, copy: &Path) -> Result<()> {
    let mut compared = 0_u32;
    for entry in fs::read_dir(copy)? {
        let file = entry?.path();
        let name = file.file_name().context("a file without a name")?;
        if fs::read(&file)? != fs::read(ours.join(name)).unwrap_or_default() {
            bail!(
                "{} has other bytes when it is built in another directory",
                name.display()
            );
        }
        compared += 1;
    }
    if compared == 0 {
        bail!("the second build wrote no module");
    }
    eprintln!("{compared} modules have the same bytes from two directories");
    Ok(())
}
