//! Prometheus, for the telemetry demo: the one on the PATH, or Debian's package.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::debian::{self, Package};
use super::digest::Digest;
use super::install::Tool;
use crate::process;

const PACKAGE: Package = Package {
    name: "prometheus",
    tool: Tool {
        name: "prometheus",
        version: "2.42.0+ds-5+deb12u1",
        digest: Digest::Sha256("81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55"),
        bytes: 19_257_088,
    },
};

/// The Prometheus binary, or why there is none here.
pub(crate) fn ensure() -> Result<PathBuf> {
    let on_path = PathBuf::from("prometheus");
    if runs(&on_path) {
        return Ok(on_path);
    }
    debian::demand("prometheus")?;
    let folder = PACKAGE
        .ensure()
        .context("put any `prometheus` on the PATH, of version 2.40 or newer")?;
    let binary = folder.join("usr/bin/prometheus");
    if !runs(&binary) {
        bail!("{} does not start on this system", binary.display());
    }
    Ok(binary)
}

fn runs(binary: &Path) -> bool {
    process::succeeds(Command::new(binary).arg("--version"))
}
