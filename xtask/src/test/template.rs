//! The template, used as a newcomer uses it: `cargo xtask new` outside the repository, build,
//! package, test.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Context, Outcome, deploy};
use crate::{process, tools, workspace};

/// Longer than the template's: lines break elsewhere.
const NAME: &str = "renamed-extension";

pub(super) fn run(context: &Context) -> Result<Outcome> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let copy = folder.path().join(NAME);
    process::run(
        Command::new(&context.program)
            .args(["new", NAME, "--path"])
            .arg(&copy),
    )?;

    let manifest = copy.join("Cargo.toml");
    // The dependencies are the workspace's: compiled code is shared.
    let target = workspace::target()?;
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
    in_copy(
        Command::new(&context.program)
            .args(["dist", "--no-build", "--check", "--manifest-path"])
            .arg(&manifest),
    )?;
    in_copy(process::cargo().args(["test", "--features", "sdk-tests/wasm,sdk-tests/envoy"]))?;
    in_copy(process::cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"]))?;
    let configs = copy.join("deploy");
    deploy::check_folder(&configs, Path::new("deploy"), &modules, &envoy)?;
    // The command formats its copy; the template itself is in no workspace that is checked.
    let template = workspace::root().join("examples/template");
    for folder in [&copy, &template] {
        process::run(
            process::cargo()
                .args(["fmt", "--check"])
                .current_dir(folder),
        )?;
    }
    Ok(Outcome::Passed)
}
