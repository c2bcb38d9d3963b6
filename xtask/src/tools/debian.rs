//! Programs from Debian's packages, unpacked and not installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::install::Tool;
use super::progress::Progress;
use crate::process;

/// One package of Debian 12 for x86_64.
pub(super) struct Package {
    /// The name in the archive.
    pub(super) name: &'static str,
    /// What it becomes below `target/tools`.
    pub(super) tool: Tool,
}

impl Package {
    /// The folder with the package's files, unpacked if it was missing.
    pub(super) fn ensure(&self) -> Result<PathBuf> {
        self.tool.ensure(|downloads, unpacked, progress| {
            self.download(downloads, progress)?;
            let package = only_package(downloads)?;
            self.tool.digest.check(&package)?;
            progress.message("unpacking");
            process::run(
                Command::new("dpkg-deb")
                    .arg("-x")
                    .arg(package)
                    .arg(unpacked),
            )
        })
    }

    fn download(&self, downloads: &Path, progress: &Progress) -> Result<()> {
        let download = |options: &[String]| {
            let mut command = Command::new("apt-get");
            command.args(options).arg("download");
            command.arg(format!("{}={}", self.name, self.tool.version));
            progress.watch(command.current_dir(downloads), downloads)
        };
        if download(&[]).is_ok() {
            return Ok(());
        }
        // A new machine has no lists of packages yet, and they may not be ours to renew.
        let lists = downloads.join("lists");
        std::fs::create_dir_all(lists.join("partial"))?;
        let options = [
            format!("-oDir::State::Lists={}", lists.display()),
            format!("-oDir::Cache={}", downloads.join("cache").display()),
            "-oDebug::NoLocking=1".to_owned(),
        ];
        let mut update = Command::new("apt-get");
        progress.watch(update.args(&options).arg("update"), downloads)?;
        download(&options)
    }
}

/// Whether these packages can be used here.
pub(super) fn is_here() -> bool {
    let runs = |program: &str| process::succeeds(Command::new(program).arg("--version"));
    std::env::consts::ARCH == "x86_64" && runs("apt-get") && runs("dpkg-deb")
}

/// Fails, with what to do instead, unless [`is_here`].
pub(super) fn demand(program: &str) -> Result<()> {
    if !is_here() {
        bail!("there is no `{program}` on the PATH: install one");
    }
    Ok(())
}

fn only_package(folder: &Path) -> Result<PathBuf> {
    let mut packages = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    packages.next().context("apt-get downloaded no package")
}
