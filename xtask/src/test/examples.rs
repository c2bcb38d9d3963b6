//! The extensions in `examples/`, used as a stranger would: by plain cargo, each in its own folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{Context, Outcome};
use crate::tools::{self, Tools, WASM_TARGET};
use crate::{process, workspace};

pub(super) fn run(_: &Context) -> Result<Outcome> {
    let tools = tools::setup()?;
    for example in crates()? {
        eprintln!("{}", workspace::relative(&example));
        check(&example, &tools)?;
    }
    Ok(Outcome::Passed)
}

/// These have a step of their own.
const ELSEWHERE: [&str; 2] = ["ecds-server", "template"];

/// The folders that are extensions.
fn crates() -> Result<Vec<PathBuf>> {
    let examples = workspace::root().join("examples");
    let mut crates = Vec::new();
    for entry in fs::read_dir(&examples).context("there is no folder examples")? {
        let folder = entry?.path();
        let elsewhere = ELSEWHERE.iter().any(|name| folder.ends_with(name));
        if folder.join("Cargo.toml").is_file() && !elsewhere {
            crates.push(folder);
        }
    }
    if crates.is_empty() {
        bail!("{} has no crates", workspace::relative(&examples));
    }
    crates.sort();
    Ok(crates)
}

/// Lints the crate, builds its module, and runs its tests on three hosts.
fn check(example: &Path, tools: &Tools) -> Result<()> {
    let modules = workspace::target()?.join(WASM_TARGET).join("release");
    let cargo = |arguments: &[&str]| {
        let mut command = process::cargo_in(example)?;
        command
            .args(arguments)
            .env("SDK_TESTS_ENVOY", &tools.envoy)
            .env("SDK_TESTS_WASM_DIR", &modules);
        process::run(&mut command)
    };
    cargo(&["fmt", "--check"])?;
    cargo(&["clippy", "--all-targets", "--", "-D", "warnings"])?;
    let for_a_proxy = ["--lib", "--target", WASM_TARGET];
    cargo(&[&["clippy"], &for_a_proxy[..], &["--", "-D", "warnings"]].concat())?;
    cargo(&["build", "--release", "--target", WASM_TARGET])?;
    cargo(&["test", "--features", "sdk-tests/wasm,sdk-tests/envoy"])
}
