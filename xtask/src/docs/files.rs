//! The files of the repository.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use walkdir::{DirEntry, WalkDir};

use crate::workspace;

/// Every Markdown file.
pub(super) fn markdown() -> Result<Vec<PathBuf>> {
    files(workspace::root(), "md")
}

/// The files with this extension, without what cargo wrote and what is hidden.
pub(super) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let is_ours = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || (name != "target" && !name.starts_with('.'))
    };
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    let mut files = Vec::new();
    for entry in entries.filter_entry(is_ours) {
        let path = entry?.into_path();
        if path.extension() == Some(OsStr::new(extension)) {
            files.push(path);
        }
    }
    Ok(files)
}

pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
