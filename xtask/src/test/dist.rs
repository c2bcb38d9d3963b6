//! What a release ships: packaged twice with the same bytes, and delivered for real.

use anyhow::Result;

use super::{Context, Outcome};
use crate::{process, tools};

/// Packages what was built, twice, and reads everything.
pub(super) fn run(context: &Context) -> Result<Outcome> {
    dist(context, "--check")
}

/// Pushes the images into a real registry, pulls them as proxies do, and runs them in Envoy.
pub(super) fn registry(context: &Context) -> Result<Outcome> {
    if let Err(error) = tools::registry() {
        return Ok(Outcome::NotRun(format!("{error:#}")));
    }
    dist(context, "--trial")
}

fn dist(context: &Context, option: &str) -> Result<Outcome> {
    process::run(context.tool("dist")?.args(["dist", "--no-build", option]))?;
    Ok(Outcome::Passed)
}
