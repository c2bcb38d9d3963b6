//! What a module is made of: the dependency graph as Cargo resolved it for this build.
//!
//! `cargo metadata` joins the features of everything in a workspace, tests included. `cargo tree`
//! resolves as a build does: this package, these features, this target.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{CargoOpt, MetadataCommand, Package, Target};

use super::locked::Checksums;
use crate::build::{Extension, Project};
use crate::process;
use crate::tools::WASM_TARGET;

/// A crate by name and version.
pub(super) type Key = (String, String);

/// A crate that the build of a module needs.
#[derive(Clone, Debug)]
pub(super) struct Crate {
    pub(super) key: Key,
    /// What its names begin with.
    pub(super) library: String,
    /// As Cargo writes it, an SPDX expression.
    pub(super) license: Option<String>,
    pub(super) repository: Option<String>,
    /// SHA-256 of the package, where it comes from a registry.
    pub(super) checksum: Option<String>,
    pub(super) features: Vec<String>,
    /// Whether its code is in the module; if not, it is a procedural macro or part of one.
    pub(super) linked: bool,
    /// Whether it belongs to the extension's own workspace.
    pub(super) ours: bool,
    /// Where its sources are on this machine.
    pub(super) folder: PathBuf,
    pub(super) dependencies: BTreeSet<Key>,
}

/// The crates of a module, sorted, the extension itself among them.
pub(super) struct Graph {
    pub(super) root: Key,
    pub(super) crates: Vec<Crate>,
}

impl Graph {
    pub(super) fn read(project: &Project, extension: &Extension) -> Result<Self> {
        let tree = Tree::parse(&tree(project, extension)?)?;
        let linked = tree.linked();
        let metadata = MetadataCommand::new()
            .manifest_path(&project.manifest)
            .features(CargoOpt::SomeFeatures(qualified(extension)))
            .other_options(["--filter-platform".to_owned(), WASM_TARGET.to_owned()])
            .exec()?;
        let checksums = Checksums::read(&project.root().join("Cargo.lock"))?;

        let mut crates: BTreeMap<Key, Crate> = BTreeMap::new();
        for (node, dependencies) in &tree.dependencies {
            let key = &node.key;
            let is_this = |package: &&Package| {
                package.name.as_str() == key.0 && package.version.to_string() == key.1
            };
            let package = metadata.packages.iter().find(is_this);
            let package =
                package.with_context(|| format!("cargo metadata lacks {} {}", key.0, key.1))?;
            let entry = crates.entry(key.clone()).or_insert_with(|| Crate {
                key: key.clone(),
                library: library(package),
                license: package.license.clone(),
                repository: package.repository.clone(),
                checksum: checksums.of(key),
                features: Vec::new(),
                linked: false,
                ours: metadata.workspace_members.contains(&package.id),
                folder: folder(package),
                dependencies: BTreeSet::new(),
            });
            let dependencies = dependencies.iter().map(|node| node.key.clone());
            entry.dependencies.extend(dependencies);
            // The features of the code that is in the module, should the macros use others.
            if linked.contains(node) || !entry.linked {
                entry.features = node.features.clone();
            }
            entry.linked |= linked.contains(node);
        }
        Ok(Self {
            root: tree.root.key,
            crates: crates.into_values().collect(),
        })
    }

    /// The crates of others whose code is in the module.
    pub(super) fn third_party(&self) -> impl Iterator<Item = &Crate> {
        self.crates.iter().filter(|one| one.linked && !one.ours)
    }
}

fn tree(project: &Project, extension: &Extension) -> Result<String> {
    let mut command = process::cargo();
    command
        .args(["tree", "--color", "never", "--edges", "normal"])
        .args(["--target", WASM_TARGET, "--package", &extension.package])
        .args(["--features", &extension.features.join(",")])
        .args(["--prefix", "depth", "--format", "{p}|{f}|"])
        .arg("--manifest-path")
        .arg(&project.manifest);
    process::output(&mut command)
}

/// `package/feature`, which a workspace without a package of its own understands too.
fn qualified(extension: &Extension) -> Vec<String> {
    let features = extension.features.iter();
    features
        .map(|feature| format!("{}/{feature}", extension.package))
        .collect()
}

fn library(package: &Package) -> String {
    let is_library = |target: &&Target| {
        let not = target.is_bin() || target.is_test() || target.is_bench() || target.is_example();
        !not && !target.is_custom_build()
    };
    let library = package.targets.iter().find(is_library);
    let name = library.map_or(package.name.as_str(), |target| &target.name);
    name.replace('-', "_")
}

fn folder(package: &Package) -> PathBuf {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(Path::new("")).to_owned()
}

/// A package as it is built: a macro may use a crate with other features than the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    key: Key,
    is_macro: bool,
    features: Vec<String>,
}

struct Tree {
    root: Node,
    dependencies: BTreeMap<Node, BTreeSet<Node>>,
}

impl Tree {
    /// Reads `cargo tree --prefix depth --format '{p}|{f}|'`.
    fn parse(text: &str) -> Result<Self> {
        let mut dependencies: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
        let mut above: Vec<Node> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (depth, node) =
                parse_line(line).with_context(|| format!("cargo tree wrote `{line}`"))?;
            if depth > above.len() {
                bail!("cargo tree skipped a level at `{line}`");
            }
            above.truncate(depth);
            if let Some(parent) = above.last() {
                let of_parent = dependencies.entry(parent.clone()).or_default();
                of_parent.insert(node.clone());
            }
            dependencies.entry(node.clone()).or_default();
            above.push(node);
        }
        let root = above.into_iter().next().context("cargo tree is empty")?;
        Ok(Self { root, dependencies })
    }

    /// What is reached without a procedural macro.
    fn linked(&self) -> BTreeSet<&Node> {
        let mut found = BTreeSet::new();
        let mut open = vec![&self.root];
        while let Some(node) = open.pop() {
            if !node.is_macro && found.insert(node) {
                open.extend(self.dependencies.get(node).into_iter().flatten());
            }
        }
        found
    }
}

/// `2serde v1.0.229 (proc-macro)|default,std| (*)`
fn parse_line(line: &str) -> Option<(usize, Node)> {
    let digits = line.find(|c: char| !c.is_ascii_digit())?;
    let (depth, rest) = line.split_at(digits);
    let mut columns = rest.split('|');
    let (package, features) = (columns.next()?, columns.next()?);
    let mut words = package.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    let features = features.split(',').filter(|feature| !feature.is_empty());
    let node = Node {
        key: (name, version),
        is_macro: words.any(|word| word == "(proc-macro)"),
        features: features.map(str::to_owned).collect(),
    };
    Some((depth.parse().ok()?, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_macro_needs_is_not_linked() {
        let text = "0a v0.1.0 (/a)||\n1log v0.4.1|std|\n1m v1.0.0 (proc-macro)||\n2log v0.4.1||\n2syn v2.0.0|full|\n1log v0.4.1|std| (*)\n";
        let tree = Tree::parse(text).unwrap();
        assert_eq!(tree.root.key, ("a".to_owned(), "0.1.0".to_owned()));
        let linked: Vec<_> = tree
            .linked()
            .iter()
            .map(|node| (node.key.0.as_str(), node.features.join(",")))
            .collect();
        assert_eq!(linked, [("a", String::new()), ("log", "std".to_owned())]);
        assert_eq!(tree.dependencies.len(), 5, "log twice, with its features");
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        for text in ["", "a v1|b|\n", "0a v1||\n2b v1||\n", "0a\n"] {
            assert!(Tree::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_graph_is_that_of_the_build() {
        let project = Project::workspace().unwrap();
        let graph = |artifact: &str| {
            let extensions = project.extensions().unwrap();
            let extension = extensions.iter().find(|e| e.artifact == artifact).unwrap();
            Graph::read(&project, extension).unwrap()
        };
        let has = |graph: &Graph, name: &str| {
            let found = graph.crates.iter().find(|one| one.key.0 == name);
            found.map(|one| (one.linked, one.ours))
        };
        let (plain, embedded) = (graph("opa"), graph("opa_embedded"));
        // The tests of opa turn the feature on; the module without it has nothing of this.
        assert_eq!(has(&plain, "regorus"), None);
        assert_eq!(has(&embedded, "regorus"), Some((true, false)));
        assert_eq!(has(&plain, "extension-common"), Some((true, true)));
        assert_eq!(has(&plain, "serde_derive"), Some((false, false)));
        assert_eq!(has(&plain, "sdk-tests"), None);
        let known: BTreeSet<_> = plain.crates.iter().map(|one| &one.key).collect();
        for one in &plain.crates {
            assert!(one.dependencies.iter().all(|key| known.contains(key)));
            assert_eq!(one.checksum.is_some(), !one.ours, "{:?}", one.key);
        }
    }
}
