//! Which extensions a project has, and which packages can implement their callbacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{
    CrateType, DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId,
};

use crate::tools::WASM_TARGET;
use crate::workspace;

const SDK: &str = "proxy-wasm";

/// A Cargo workspace, ours or that of one crate elsewhere.
pub(super) struct Project {
    pub(super) manifest: PathBuf,
    metadata: Metadata,
}

/// A package that becomes a `.wasm`.
pub(super) struct Extension {
    /// The package's name, with dashes.
    pub(super) package: String,
    /// The file's name, with underscores.
    pub(super) artifact: String,
    id: PackageId,
}

impl Extension {
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.package == name || self.artifact == name
    }
}

impl Project {
    /// The workspace that this tool belongs to.
    pub(super) fn workspace() -> Result<Self> {
        Self::read(&workspace::root().join("Cargo.toml"))
    }

    pub(super) fn read(manifest: &Path) -> Result<Self> {
        let manifest = manifest
            .canonicalize()
            .with_context(|| format!("there is no {}", manifest.display()))?;
        let metadata = MetadataCommand::new()
            .manifest_path(&manifest)
            .other_options(["--filter-platform".to_owned(), WASM_TARGET.to_owned()])
            .exec()
            .with_context(|| format!("cannot read {}", manifest.display()))?;
        Ok(Self { manifest, metadata })
    }

    pub(super) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where cargo writes; `CARGO_TARGET_DIR` is respected.
    pub(super) fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The packages that have a cdylib, by name; of our own workspace, those in `extensions/`.
    pub(super) fn extensions(&self) -> Result<Vec<Extension>> {
        let folder = if self.root() == workspace::root() {
            "extensions"
        } else {
            ""
        };
        let folder = self.root().join(folder);
        let mut extensions: Vec<_> = self
            .metadata
            .workspace_packages()
            .into_iter()
            .filter(|package| package.manifest_path.starts_with(&folder))
            .filter_map(|package| {
                let library = package
                    .targets
                    .iter()
                    .find(|target| target.crate_types.contains(&CrateType::CDyLib))?;
                Some(Extension {
                    package: package.name.to_string(),
                    artifact: library.name.replace('-', "_"),
                    id: package.id.clone(),
                })
            })
            .collect();
        if extensions.is_empty() {
            bail!(
                "{} has no package with `crate-type = [\"cdylib\", …]`",
                self.manifest.display()
            );
        }
        extensions.sort_by(|a, b| a.package.cmp(&b.package));
        Ok(extensions)
    }

    /// The source folders of every package that can implement a callback of `extension`: itself,
    /// and each path dependency that has the SDK.
    pub(super) fn sources(&self, extension: &Extension) -> Result<Vec<PathBuf>> {
        let graph = Graph::new(&self.metadata)?;
        let mut folders = Vec::new();
        for id in graph.reachable(&extension.id) {
            let packages = &self.metadata.packages;
            let package = packages.iter().find(|package| package.id == *id);
            let package = package.context("cargo metadata lacks a package")?;
            if package.name == SDK || !graph.has_sdk(id) {
                continue;
            }
            // Sources from git are as good as a path: cargo keeps them as they are.
            let is_registry = |source: &cargo_metadata::Source| !source.repr.starts_with("git+");
            if package.source.as_ref().is_some_and(is_registry) {
                bail!(
                    "the dependency {} {} uses {SDK} and so could implement a callback, but its \
                     sources are not part of this project. Make it a path dependency, or write the \
                     few lines that you need of it.",
                    package.name,
                    package.version
                );
            }
            folders.push(source_folder(package)?);
        }
        if folders.is_empty() {
            bail!("{} does not use the SDK, {SDK}", extension.package);
        }
        Ok(folders)
    }
}

fn source_folder(package: &Package) -> Result<PathBuf> {
    let library = package
        .targets
        .iter()
        .find(|target| {
            let is_library = |kind: &CrateType| {
                matches!(
                    kind,
                    CrateType::Lib | CrateType::RLib | CrateType::CDyLib | CrateType::ProcMacro
                )
            };
            target.crate_types.iter().any(is_library) && !target.is_example()
        })
        .with_context(|| format!("{} has no library", package.name))?;
    let folder = library
        .src_path
        .parent()
        .context("a library without a folder")?;
    Ok(folder.as_std_path().to_owned())
}

/// The resolved dependencies that end up in a module: no dev- and no build-dependencies.
struct Graph<'a> {
    dependencies: BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
    sdk: BTreeSet<&'a PackageId>,
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Metadata) -> Result<Self> {
        let resolve = metadata
            .resolve
            .as_ref()
            .context("cargo metadata resolved nothing")?;
        let dependencies = resolve
            .nodes
            .iter()
            .map(|node| (&node.id, normal(node)))
            .collect();
        let sdk = metadata
            .packages
            .iter()
            .filter(|p| p.name == SDK)
            .map(|p| &p.id)
            .collect();
        Ok(Self { dependencies, sdk })
    }

    /// `from` and everything below it.
    fn reachable(&self, from: &'a PackageId) -> BTreeSet<&'a PackageId> {
        let mut found = BTreeSet::new();
        let mut open = vec![from];
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(self.dependencies.get(id).into_iter().flatten());
            }
        }
        found
    }

    fn has_sdk(&self, id: &'a PackageId) -> bool {
        !self.reachable(id).is_disjoint(&self.sdk)
    }
}

fn normal(node: &Node) -> Vec<&PackageId> {
    node.deps
        .iter()
        .filter(|dependency| {
            dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal)
        })
        .map(|dependency| &dependency.pkg)
        .collect()
}
