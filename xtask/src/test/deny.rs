//! Licences, advisories and duplicates of the dependencies, checked by cargo-deny.

use std::process::Command;

use anyhow::{Result, bail};

use super::{Context, Outcome, Tier, cargo};
use crate::process;

/// Runs where cargo-deny is on the PATH: this project installs no programs by cargo.
pub(super) fn run(context: &Context) -> Result<Outcome> {
    if process::succeeds(Command::new("cargo-deny").arg("--version")) {
        process::run(cargo::cargo().args(["deny", "--workspace", "check"]))?;
        return Ok(Outcome::Passed);
    }
    if context.tier == Tier::Full {
        bail!("cargo-deny is not installed, and --full needs it");
    }
    Ok(Outcome::NotRun("cargo-deny is not installed".to_owned()))
}
