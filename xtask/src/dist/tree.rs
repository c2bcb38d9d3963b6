//! A folder that is written whole, with the sums of its files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::digest::sha256;
use crate::folder::files;

pub(super) const SUMS: &str = "SHA256SUMS";

/// Has `write` fill a folder, which then takes the place of `folder`.
pub(super) fn replace<T>(folder: &Path, write: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let parent = folder.parent().context("a folder without a parent")?;
    let partial = tempfile::Builder::new()
        .prefix(".dist")
        .tempdir_in(parent)
        .with_context(|| format!("cannot create a folder in {}", parent.display()))?;
    let inside = partial.path().join("dist");
    fs::create_dir(&inside)?;
    let result = write(&inside)?;
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove the older {}", folder.display()))?;
    }
    fs::rename(&inside, folder).with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(result)
}

/// Writes what `sha256sum --check` reads.
pub(super) fn sum(folder: &Path) -> Result<()> {
    let lines = files(folder)?
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes)))
        .collect::<String>();
    fs::write(folder.join(SUMS), lines)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;
    use crate::folder::tests::folder;

    #[test]
    fn the_sums_are_those_of_sha256sum() {
        let one = folder(&[("b/c", "2"), ("a", "")]);
        sum(one.path()).unwrap();
        let sums = fs::read_to_string(one.path().join(SUMS)).unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n";
        assert!(
            sums.starts_with(empty) && sums.ends_with("  b/c\n"),
            "{sums}"
        );
    }

    #[test]
    fn a_folder_is_replaced_only_by_a_whole_one() {
        let root = folder(&[("dist/old", "1")]);
        let dist = root.path().join("dist");
        let failed: Result<()> = replace(&dist, |_| bail!("no"));
        assert!(failed.is_err() && dist.join("old").exists());
        replace(&dist, |new| Ok(fs::write(new.join("new"), "2")?)).unwrap();
        assert_eq!(files(&dist).unwrap().keys().collect::<Vec<_>>(), ["new"]);
    }
}
