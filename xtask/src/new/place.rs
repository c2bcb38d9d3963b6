//! Where a new extension goes, and how it finds the collection from there.

use std::fs;
use std::io::{self, ErrorKind};
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// A folder that an extension can be made in.
#[derive(Debug)]
pub(super) struct Place {
    /// Absolute; not there yet, or empty.
    pub(super) folder: PathBuf,
    /// The way to the checkout: relative inside of it, so that both can move together; absolute
    /// elsewhere, so that the folder can move.
    pub(super) checkout: String,
    /// Whether the checkout is a folder above this one.
    pub(super) in_checkout: bool,
}

impl Place {
    /// Takes `folder` for an extension that uses the checkout at `root`.
    ///
    /// # Errors
    ///
    /// There is something in that folder, or Cargo would take what is in it for a part of the
    /// collection, or it lies in the template.
    pub(super) fn new(root: &Path, folder: &Path) -> Result<Self> {
        let shown = folder.display();
        let root = resolved(root)?;
        let folder = resolved(&std::path::absolute(folder)?)
            .with_context(|| format!("cannot use {shown} as a folder"))?;
        if folder.starts_with(root.join("extensions")) {
            bail!(
                "{shown} would be a part of the collection's workspace, which the template is not \
                 made for. Choose another folder, such as `--path ../my-filter`; CONTRIBUTING.md \
                 says how to add an extension to the collection"
            );
        }
        if folder.starts_with(root.join("examples/template")) {
            bail!("{shown} is in the template itself: choose another folder with `--path`");
        }
        if !is_free(&folder).with_context(|| format!("cannot use {shown} as a folder"))? {
            bail!("{shown} is not empty: clear it, or choose another folder with `--path`");
        }
        let inside = folder.strip_prefix(&root).ok().map(up);
        let in_checkout = inside.is_some();
        let checkout = match inside {
            Some(way) => way,
            None => root
                .to_str()
                .with_context(|| format!("{} is not UTF-8", root.display()))?
                .to_owned(),
        };
        Ok(Self {
            folder,
            checkout,
            in_checkout,
        })
    }
}

/// `..` for each folder of `inside`.
fn up(inside: &Path) -> String {
    let ups: Vec<_> = iter::repeat_n("..", inside.components().count()).collect();
    ups.join("/")
}

/// The absolute `path` without symbolic links and `..`, whether or not its last folders exist.
fn resolved(path: &Path) -> Result<PathBuf> {
    match path.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                bail!("there is no {}", path.display());
            };
            Ok(resolved(parent)?.join(name))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether `folder` is not there, or has nothing in it.
fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkout, and beside it a folder that is empty and one that is not.
    fn somewhere() -> tempfile::TempDir {
        let somewhere = tempfile::tempdir().unwrap();
        for folder in [
            "checkout/extensions/common",
            "checkout/examples/template",
            "empty",
            "taken",
        ] {
            fs::create_dir_all(somewhere.path().join(folder)).unwrap();
        }
        fs::write(somewhere.path().join("taken/notes"), "mine").unwrap();
        somewhere
    }

    fn place(somewhere: &Path, folder: &str) -> Result<Place> {
        Place::new(&somewhere.join("checkout"), &somewhere.join(folder))
    }

    #[test]
    fn the_way_to_the_checkout_is_relative_inside_of_it_only() {
        let somewhere = somewhere();
        let inside = place(somewhere.path(), "checkout/my-filter").unwrap();
        assert_eq!((&*inside.checkout, inside.in_checkout), ("..", true));
        let deeper = place(somewhere.path(), "checkout/examples/mine/my-filter").unwrap();
        assert_eq!(deeper.checkout, "../../..");
        let outside = place(somewhere.path(), "checkout/../a/b").unwrap();
        let root = somewhere.path().canonicalize().unwrap();
        assert_eq!(outside.folder, root.join("a/b"));
        assert_eq!(Path::new(&outside.checkout), root.join("checkout"));
        assert!(!outside.in_checkout);
    }

    #[test]
    fn an_empty_folder_is_taken_and_any_other_left_alone() {
        let somewhere = somewhere();
        assert!(place(somewhere.path(), "empty").is_ok());
        for (folder, why) in [
            ("taken", "is not empty"),
            ("taken/notes", "cannot use"),
            ("taken/notes/my-filter", "cannot use"),
            ("nowhere/../my-filter", "there is no"),
        ] {
            let error = format!("{:#}", place(somewhere.path(), folder).unwrap_err());
            assert!(error.contains(why), "{folder}: {error}");
        }
    }

    #[test]
    fn the_workspace_and_the_template_get_no_foreign_folder() {
        let somewhere = somewhere();
        for (folder, why) in [
            (
                "checkout/extensions/my-filter",
                "the collection's workspace",
            ),
            (
                "empty/../checkout/extensions/a/b",
                "the collection's workspace",
            ),
            ("checkout/examples/template/my-filter", "in the template"),
        ] {
            let error = place(somewhere.path(), folder).unwrap_err().to_string();
            assert!(error.contains(why), "{folder}: {error}");
        }
    }
}
