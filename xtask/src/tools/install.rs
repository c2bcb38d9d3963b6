//! Installs one tool: a folder below `target/tools` that is either whole or not there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::digest::Digest;
use super::progress::Progress;
use crate::workspace;

/// What identifies an installed tool.
pub(super) struct Tool {
    /// The folder below `target/tools`.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// The digest of the archive that it is unpacked from.
    pub(super) digest: Digest,
    /// The size of that archive, for the progress bar.
    pub(super) bytes: u64,
}

impl Tool {
    /// Where the tool is, or will be.
    pub(super) fn folder(&self) -> PathBuf {
        workspace::tools().join(self.name)
    }

    /// Returns the tool's folder, after `fetch` filled it if it was not there in this version.
    ///
    /// `fetch` gets an empty folder for downloads and an empty one to unpack into; only when it
    /// succeeds does the latter take its place.
    pub(super) fn ensure(
        &self,
        fetch: impl FnOnce(&Path, &Path, &Progress) -> Result<()>,
    ) -> Result<PathBuf> {
        let folder = self.folder();
        let stamp = folder.join(".stamp");
        let wanted = format!("{} {}\n", self.version, self.digest.text());
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(folder);
        }

        let progress = Progress::start(format!("{} {}", self.name, self.version), self.bytes);
        let work = tempfile::tempdir_in(workspace::tools())
            .context("cannot create a folder in target/tools")?;
        let (downloads, unpacked) = (work.path().join("downloads"), work.path().join("unpacked"));
        fs::create_dir(&downloads)?;
        fs::create_dir(&unpacked)?;
        fetch(&downloads, &unpacked, &progress)
            .with_context(|| format!("cannot install {} {}", self.name, self.version))?;

        fs::write(unpacked.join(".stamp"), wanted)?;
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove the older {}", folder.display()))?;
        }
        fs::rename(&unpacked, &folder)
            .with_context(|| format!("cannot move the new tool to {}", folder.display()))?;
        progress.done();
        Ok(folder)
    }
}
