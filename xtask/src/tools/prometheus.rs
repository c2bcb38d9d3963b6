//! Prometheus, for the telemetry demo: Debian's package, unpacked and not installed; elsewhere the one
//! on the PATH.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::digest::Digest;
use super::install::Tool;
use crate::process;

const VERSION: &str = "2.42.0+ds-5+deb12u1";

const PACKAGE: Tool = Tool {
    name: "prometheus",
    version: VERSION,
    digest: Digest::Sha256("81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55"),
    bytes: 19_257_088,
};

/// The Prometheus binary, or why there is none here.
pub(crate) fn ensure() -> Result<PathBuf> {
    let on_path = PathBuf::from("prometheus");
    if runs(&on_path) {
        return Ok(on_path);
    }
    let is_debian = process::succeeds(Command::new("apt-get").arg("--version"))
        && process::succeeds(Command::new("dpkg-deb").arg("--version"));
    if !is_debian || std::env::consts::ARCH != "x86_64" {
        bail!("there is no `prometheus` on the PATH: install one, of version 2.40 or newer");
    }
    let folder = PACKAGE.ensure(|downloads, unpacked, progress| {
        let mut download = Command::new("apt-get");
        download.args(["download", &format!("prometheus={VERSION}")]);
        progress
            .watch(download.current_dir(downloads), downloads)
            .context("without this version, put any `prometheus` on the PATH")?;
        let package = only_package(downloads)?;
        PACKAGE.digest.check(&package)?;
        progress.message("unpacking");
        process::run(
            Command::new("dpkg-deb")
                .arg("-x")
                .arg(package)
                .arg(unpacked),
        )
    })?;
    let binary = folder.join("usr/bin/prometheus");
    if !runs(&binary) {
        bail!("{} does not start on this system", binary.display());
    }
    Ok(binary)
}

fn runs(binary: &Path) -> bool {
    process::succeeds(Command::new(binary).arg("--version"))
}

fn only_package(folder: &Path) -> Result<PathBuf> {
    let mut packages = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    packages.next().context("apt-get downloaded no package")
}
