//! Licences, duplicates, sources and advisories of the dependencies, checked by cargo-deny.

use std::process::Command;

use anyhow::Result;

use super::{Context, Outcome};
use crate::{process, tools, workspace};

/// What needs nothing but the packages themselves.
pub(super) fn run(_: &Context) -> Result<Outcome> {
    deny(&[
        "--log-level",
        "error",
        "check",
        "licenses",
        "bans",
        "sources",
    ])?;
    Ok(Outcome::Passed)
}

/// Known weaknesses: their database is in a repository, which not every machine reaches.
pub(super) fn advisories(_: &Context) -> Result<Outcome> {
    if let Err(error) = process::output(command()?.args(["fetch", "db"])) {
        eprintln!("{error:#}");
        let why = "the database of advisories cannot be fetched here";
        return Ok(Outcome::NotRun(why.to_owned()));
    }
    deny(&["check", "--disable-fetch", "advisories"])?;
    Ok(Outcome::Passed)
}

fn deny(arguments: &[&str]) -> Result<()> {
    process::run(command()?.args(arguments))
}

fn command() -> Result<Command> {
    let mut command = Command::new(tools::cargo_deny()?);
    command.arg("--workspace").current_dir(workspace::root());
    Ok(command)
}
