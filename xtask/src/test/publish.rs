//! The crates for everybody, packaged and compiled as the registry would get them.

use anyhow::Result;

use super::{Context, Outcome, cargo};
use crate::process;

/// What is published, in this order.
const PUBLISHED: [&str; 3] = ["sdk-tests-macros", "sdk-tests", "extension-common"];

/// Each is built from its package, with the others from theirs; nothing is uploaded.
pub(super) fn run(_: &Context) -> Result<Outcome> {
    let mut command = cargo::cargo();
    command.args(["publish", "--dry-run", "--quiet", "--allow-dirty"]);
    for name in PUBLISHED {
        command.args(["--package", name]);
    }
    process::run(&mut command)?;
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cargo_metadata::MetadataCommand;

    use super::*;
    use crate::workspace;

    #[test]
    fn what_is_published_is_this_list_and_says_what_it_is() {
        let manifest = workspace::root().join("Cargo.toml");
        let mut command = MetadataCommand::new();
        let metadata = command.manifest_path(manifest).no_deps().exec().unwrap();
        let license = fs::read(workspace::root().join("LICENSE")).unwrap();
        let mut found = Vec::new();
        for package in metadata.workspace_packages() {
            if package.publish == Some(Vec::new()) {
                continue;
            }
            let name = package.name.as_str();
            found.push(name);
            let folder = package.manifest_path.parent().unwrap();
            // A package without its licence's text may not be copied.
            assert_eq!(fs::read(folder.join("LICENSE")).unwrap(), license, "{name}");
            assert!(folder.join("README.md").is_file(), "{name}");
            assert!(package.description.is_some(), "{name}");
            let words = (package.keywords.len(), package.categories.len());
            assert!((1..=5).contains(&words.0) && words.1 > 0, "{name}");
            for dependency in &package.dependencies {
                // A dependency on a folder alone is in no registry; tests are not published.
                let is_test = dependency.kind == cargo_metadata::DependencyKind::Development;
                let has_version = dependency.req != cargo_metadata::semver::VersionReq::STAR;
                let name = &dependency.name;
                assert!(
                    is_test || dependency.path.is_none() || has_version,
                    "{name}"
                );
            }
        }
        found.sort_unstable();
        let mut listed = PUBLISHED;
        listed.sort_unstable();
        assert_eq!(found, listed);
    }
}
