//! Folders of files, whole: read and compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use walkdir::WalkDir;

/// The files below `folder`, by their path from there.
pub(crate) fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder)?;
            let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
            files.insert(names.join("/"), fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// Fails unless both folders have the same files with the same bytes.
pub(crate) fn same(ours: &Path, other: &Path) -> Result<usize> {
    let (ours, other) = (files(ours)?, files(other)?);
    let names: Vec<_> = ours.keys().chain(other.keys()).collect();
    let differs = |name: &&&String| ours.get(**name) != other.get(**name);
    let mut different: Vec<_> = names.iter().filter(differs).map(|name| &***name).collect();
    different.sort_unstable();
    different.dedup();
    if !different.is_empty() {
        bail!("these files have other bytes: {}", different.join(", "));
    }
    if ours.is_empty() {
        bail!("there are no files to compare");
    }
    Ok(ours.len())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A folder with these files, by path and text.
    pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_changed_a_missing_and_a_further_file_are_told() {
        let one = folder(&[("a", "1"), ("b/c", "2")]);
        assert_eq!(same(one.path(), one.path()).unwrap(), 2);
        let other = folder(&[("a", "x"), ("d", "3")]);
        let error = same(one.path(), other.path()).unwrap_err().to_string();
        assert!(error.ends_with(": a, b/c, d"), "{error}");
        assert!(same(folder(&[]).path(), folder(&[]).path()).is_err());
    }
}
