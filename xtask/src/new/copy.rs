//! The template's files, with another name and another way to the collection.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use walkdir::{DirEntry, WalkDir};

use super::name::Name;
use super::place::Place;

/// What the template is called, as a package and in Rust.
const PACKAGE: &str = "my-extension";
const ARTIFACT: &str = "my_extension";

/// The way from the template to the collection.
const CHECKOUT: &str = "../..";

/// Refuses the name of a crate that the template depends on: Cargo would confuse the two.
pub(super) fn refuse_dependency(template: &Path, name: &Name) -> Result<()> {
    let lock = read(&template.join("Cargo.lock"))?;
    let name = name.package();
    let entry = format!("name = \"{name}\"");
    if name != PACKAGE && lock.lines().any(|line| line == entry) {
        bail!("the template depends on a crate `{name}`: choose another name");
    }
    Ok(())
}

/// Writes `template` to `place`, called `name`.
pub(super) fn renamed(template: &Path, place: &Place, name: &Name) -> Result<()> {
    let made = ["dist", "target"];
    let is_source = |entry: &DirEntry| {
        entry.depth() != 1 || !made.iter().any(|name| entry.file_name() == *name)
    };
    for entry in WalkDir::new(template).into_iter().filter_entry(is_source) {
        let entry = entry?;
        let target = place.folder.join(entry.path().strip_prefix(template)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)
                .with_context(|| format!("cannot create {}", target.display()))?;
            continue;
        }
        let mut text = read(entry.path())?
            .replace(PACKAGE, name.package())
            .replace(ARTIFACT, &name.artifact());
        if entry.file_name() == "Cargo.toml" {
            text = pointed(&text, &place.checkout);
        }
        fs::write(&target, text).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(())
}

/// The manifest with its `path` dependencies in `checkout`.
fn pointed(manifest: &str, checkout: &str) -> String {
    let checkout = checkout.replace('\\', r"\\").replace('"', "\\\"");
    manifest.replace(
        &format!("path = \"{CHECKOUT}/"),
        &format!("path = \"{checkout}/"),
    )
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    fn template() -> std::path::PathBuf {
        workspace::root().join("examples/template")
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn no_file_keeps_the_old_name_and_no_build_is_copied() {
        let somewhere = tempfile::tempdir().unwrap();
        let place = Place::new(workspace::root(), &somewhere.path().join("a")).unwrap();
        renamed(&template(), &place, &name("two-words")).unwrap();
        for entry in WalkDir::new(&place.folder) {
            let entry = entry.unwrap();
            assert_ne!(entry.file_name(), "target");
            if entry.file_type().is_file() {
                let text = read(entry.path()).unwrap();
                assert!(!text.contains(PACKAGE), "{}", entry.path().display());
                assert!(!text.contains(ARTIFACT), "{}", entry.path().display());
            }
        }
        let manifest = read(&place.folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"two-words\""), "{manifest}");
    }

    #[test]
    fn each_dependency_is_where_the_manifest_says() {
        let checkout = workspace::root().to_str().unwrap();
        let manifest = pointed(&read(&template().join("Cargo.toml")).unwrap(), checkout);
        let paths: Vec<_> = manifest
            .lines()
            .filter_map(|line| Some(line.split_once("path = \"")?.1.split_once('"')?.0))
            .collect();
        assert_eq!(paths.len(), 2, "{manifest}");
        for path in paths {
            assert!(path.starts_with(checkout), "{path}");
            assert!(Path::new(path).join("Cargo.toml").is_file(), "{path}");
        }
    }

    #[test]
    fn a_path_stays_a_toml_string() {
        let line = "a = { path = \"../../a\" }";
        assert_eq!(pointed(line, ".."), "a = { path = \"../a\" }");
        assert_eq!(pointed(line, "/x\"y"), r#"a = { path = "/x\"y/a" }"#);
        assert_eq!(pointed(line, r"C:\x"), r#"a = { path = "C:\\x/a" }"#);
    }

    #[test]
    fn the_name_of_a_dependency_is_refused() {
        for taken in ["log", "proxy-wasm", "sdk-tests", "unicode-ident"] {
            let error = refuse_dependency(&template(), &name(taken)).unwrap_err();
            assert!(error.to_string().contains(taken), "{error}");
        }
        refuse_dependency(&template(), &name(PACKAGE)).unwrap();
        refuse_dependency(&template(), &name("my-filter")).unwrap();
    }
}
