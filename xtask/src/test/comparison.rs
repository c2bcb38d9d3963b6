//! What the extensions are compared with: its crates are linted and tested, and each filter of
//! `cargo xtask bench comparison` must let pass and refuse what it has to.

use anyhow::Result;

use super::{Context, Outcome};
use crate::{process, workspace};

/// The folders below `xtask/comparison`.
const CRATES: [&str; 2] = ["dynamic-module", "server"];

pub(super) fn run(context: &Context) -> Result<Outcome> {
    if !cfg!(target_os = "linux") {
        let why = "the dynamic module is built for Linux only";
        return Ok(Outcome::NotRun(why.to_owned()));
    }
    let lints = ["--all-targets", "--locked", "--", "-D", "warnings"];
    for name in CRATES {
        cargo(name, &["fmt", "--check"])?;
        cargo(name, &[&["clippy"], &lints[..]].concat())?;
    }
    cargo("server", &["test", "--locked"])?;
    let mut bench = context.tool("bench")?;
    process::run(bench.args(["bench", "comparison", "--check"]))?;
    Ok(Outcome::Passed)
}

fn cargo(name: &str, arguments: &[&str]) -> Result<()> {
    let folder = workspace::root().join("xtask/comparison").join(name);
    process::run(process::cargo_in(&folder)?.args(arguments))
}
