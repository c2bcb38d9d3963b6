//! The template, used as a newcomer uses it: copied out of the repository, renamed, built, tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use walkdir::{DirEntry, WalkDir};

use super::{Context, Outcome, deploy};
use crate::{process, tools, workspace};

/// The name in the template, and the one that this test gives it.
const NAMES: [(&str, &str); 2] = [
    ("my-extension", "renamed-extension"),
    ("my_extension", "renamed_extension"),
];

pub(super) fn run(context: &Context) -> Result<Outcome> {
    let template = workspace::root().join("examples/template");
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let copy = folder.path().join("renamed-extension");
    copy_renamed(&template, &copy)?;

    let manifest = copy.join("Cargo.toml");
    // The dependencies are the workspace's: compiled code is shared.
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace::root().join("target"), PathBuf::from);
    let target = std::path::absolute(target)?;
    let modules = copy.join("target/wasm");
    let envoy = tools::setup()?.envoy;
    let in_copy = |command: &mut Command| {
        command.current_dir(&copy).env("CARGO_TARGET_DIR", &target);
        command
            .env("SDK_TESTS_ENVOY", &envoy)
            .env("SDK_TESTS_WASM_DIR", &modules);
        process::run(command)
    };
    in_copy(
        Command::new(&context.program)
            .args(["build", "--manifest-path"])
            .arg(&manifest),
    )?;
    if !modules.join("renamed_extension.wasm").is_file() {
        bail!("the build of the renamed template wrote no renamed_extension.wasm");
    }
    in_copy(process::cargo().args(["test", "--features", "sdk-tests/wasm,sdk-tests/envoy"]))?;
    in_copy(process::cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"]))?;
    let configs = copy.join("deploy");
    deploy::check_folder(&configs, Path::new("deploy"), &modules, &envoy)?;
    // The original: names of another length may break lines elsewhere.
    process::run(
        process::cargo()
            .args(["fmt", "--check"])
            .current_dir(&template),
    )?;
    Ok(Outcome::Passed)
}

/// Copies with the new name. Paths into this repository become absolute: a newcomer who copies the
/// template elsewhere writes the project's git address instead.
fn copy_renamed(from: &Path, to: &Path) -> Result<()> {
    let root = workspace::root().display();
    let is_source = |entry: &DirEntry| entry.file_name() != "target";
    for entry in WalkDir::new(from).into_iter().filter_entry(is_source) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)?;
            continue;
        }
        let mut text = fs::read_to_string(entry.path())
            .with_context(|| format!("cannot read {}", entry.path().display()))?;
        for (old, new) in NAMES {
            text = text.replace(old, new);
        }
        text = text.replace("path = \"../../", &format!("path = \"{root}/"));
        fs::write(&target, text)?;
    }
    Ok(())
}
