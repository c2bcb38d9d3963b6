//! The template, used as a newcomer uses it: `cargo xtask new` outside the repository, build,
//! package, test.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{Context, Outcome, deploy};
use crate::{process, tools, workspace};

/// Longer than the template's: lines break elsewhere.
const NAME: &str = "renamed-extension";

pub(super) fn run(context: &Context) -> Result<Outcome> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let copy = folder.path().join(NAME);
    let mut new = context.tool("dist")?;
    process::run(new.args(["new", NAME, "--path"]).arg(&copy))?;

    let manifest = copy.join("Cargo.toml");
    // The dependencies are the workspace's: compiled code is shared.
    let target = workspace::target()?;
    let modules = copy.join("target/wasm");
    let envoy = tools::setup()?.envoy;
    let tool = |arguments: &[&str]| {
        let mut command = context.tool("dist")?;
        command.args(arguments).arg("--manifest-path");
        process::run(command.arg(&manifest).env("CARGO_TARGET_DIR", &target))
    };
    let cargo = |arguments: &[&str]| {
        let mut command = process::cargo_in(&copy)?;
        command
            .args(arguments)
            .env("SDK_TESTS_ENVOY", &envoy)
            .env("SDK_TESTS_WASM_DIR", &modules);
        process::run(&mut command)
    };
    tool(&["build"])?;
    if !modules.join("renamed_extension.wasm").is_file() {
        bail!("the build of the renamed template wrote no renamed_extension.wasm");
    }
    tool(&["dist", "--no-build", "--check"])?;
    cargo(&["test", "--features", "sdk-tests/wasm,sdk-tests/envoy"])?;
    cargo(&["clippy", "--all-targets", "--", "-D", "warnings"])?;
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
