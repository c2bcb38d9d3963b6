//! Which extensions a project has, and which packages can implement their callbacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{
    CrateType, DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId, Target,
};
use serde_json::Value;

use crate::tools::WASM_TARGET;
use crate::workspace;

const SDK: &str = "proxy-wasm";

/// A Cargo workspace, ours or that of one crate elsewhere.
pub(crate) struct Project {
    pub(crate) manifest: PathBuf,
    metadata: Metadata,
}

/// A package that becomes a `.wasm`, or one of several that it becomes.
#[derive(Clone)]
pub(crate) struct Extension {
    /// The package's name, with dashes.
    pub(crate) package: String,
    /// The library's name, with underscores.
    pub(crate) library: String,
    /// The file's name, with underscores: the library's, unless it is a variant.
    pub(crate) artifact: String,
    /// What it is, in a sentence: the package's description, unless a variant has its own.
    #[cfg(feature = "dist")]
    pub(crate) description: String,
    /// The package's features that it is built with.
    pub(crate) features: Vec<String>,
    id: PackageId,
}

impl Extension {
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.artifact == name || self.artifact.replace('_', "-") == name || self.package == name
    }
}

impl Project {
    /// The workspace that this tool belongs to.
    pub(crate) fn workspace() -> Result<Self> {
        Self::read(&workspace::root().join("Cargo.toml"))
    }

    /// That of a `Cargo.toml`; the workspace if there is none.
    pub(crate) fn at(manifest: Option<&Path>) -> Result<Self> {
        manifest.map_or_else(Self::workspace, Self::read)
    }

    pub(crate) fn read(manifest: &Path) -> Result<Self> {
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

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where cargo writes; `CARGO_TARGET_DIR` is respected.
    pub(crate) fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Where the built modules go.
    pub(crate) fn modules(&self) -> PathBuf {
        self.root().join("target/wasm")
    }

    /// What Cargo says of an extension's package.
    #[cfg(feature = "dist")]
    pub(crate) fn package(&self, extension: &Extension) -> Result<&Package> {
        let package = self.metadata.packages.iter().find(|p| p.id == extension.id);
        package.with_context(|| format!("cargo metadata lacks {}", extension.package))
    }

    /// The packages that have a cdylib, by name; of our own workspace, those in `extensions/`.
    pub(crate) fn extensions(&self) -> Result<Vec<Extension>> {
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
            .flat_map(modules)
            .collect();
        if extensions.is_empty() {
            bail!(
                "{} has no package with `crate-type = [\"cdylib\", …]`",
                self.manifest.display()
            );
        }
        extensions.sort_by(|a, b| a.artifact.cmp(&b.artifact));
        Ok(extensions)
    }

    /// The source folders of every package that can implement a callback of `extension`: itself,
    /// and each path dependency that has the SDK.
    pub(crate) fn sources(&self, extension: &Extension) -> Result<Vec<PathBuf>> {
        let graph = Graph::new(&self.metadata, extension)?;
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

/// The modules that a package becomes: one if it has a cdylib, and one for each variant that its
/// `[[package.metadata.xtask.variant]]` names, with an `artifact`, its `features`, and perhaps a
/// `description`.
fn modules(package: &Package) -> Vec<Extension> {
    let is_cdylib = |target: &&Target| target.crate_types.contains(&CrateType::CDyLib);
    let Some(library) = package.targets.iter().find(is_cdylib) else {
        return Vec::new();
    };
    let library = library.name.replace('-', "_");
    let plain = Extension {
        package: package.name.to_string(),
        artifact: library.clone(),
        library,
        #[cfg(feature = "dist")]
        description: package.description.clone().unwrap_or_default(),
        features: Vec::new(),
        id: package.id.clone(),
    };
    let variants = package.metadata.pointer("/xtask/variant");
    let variants = variants.and_then(Value::as_array).into_iter().flatten();
    let variant = |variant: &Value| {
        let features = variant.get("features")?.as_array()?;
        let features = features.iter().filter_map(Value::as_str);
        #[cfg(feature = "dist")]
        let description = variant.get("description").and_then(Value::as_str);
        Some(Extension {
            #[cfg(feature = "dist")]
            description: description.unwrap_or(&plain.description).to_owned(),
            artifact: variant.get("artifact")?.as_str()?.to_owned(),
            features: features.map(str::to_owned).collect(),
            ..plain.clone()
        })
    };
    let mut modules: Vec<_> = variants.filter_map(variant).collect();
    modules.push(plain);
    modules
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
    fn new(metadata: &'a Metadata, extension: &Extension) -> Result<Self> {
        let resolve = metadata
            .resolve
            .as_ref()
            .context("cargo metadata resolved nothing")?;
        let mut dependencies: BTreeMap<_, _> = resolve
            .nodes
            .iter()
            .map(|node| (&node.id, normal(node)))
            .collect();
        // Cargo resolves for the whole workspace at once: with the features of every variant.
        let package = metadata.packages.iter().find(|p| p.id == extension.id);
        let absent = package.map(|package| absent(package, &extension.features));
        let absent = absent.unwrap_or_default();
        if let Some(direct) = dependencies.get_mut(&extension.id) {
            direct.retain(|id| {
                let package = metadata.packages.iter().find(|p| p.id == **id);
                package.is_none_or(|package| !absent.contains(package.name.as_str()))
            });
        }
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

/// The optional dependencies of `package` that it does not have with these features.
fn absent<'a>(package: &'a Package, features: &[String]) -> BTreeSet<&'a str> {
    let mut open: Vec<_> = features.iter().map(String::as_str).collect();
    open.push("default");
    let (mut on, mut present) = (BTreeSet::new(), BTreeSet::new());
    while let Some(feature) = open.pop() {
        if !on.insert(feature) {
            continue;
        }
        for needs in package.features.get(feature).into_iter().flatten() {
            // `dep:x`, `x/feature`, or a feature of this package.
            match needs
                .strip_prefix("dep:")
                .or_else(|| Some(needs.split_once('/')?.0))
            {
                Some(dependency) => _ = present.insert(dependency),
                None => open.push(needs),
            }
        }
    }
    let optional = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.optional);
    let absent = optional.filter(|dependency| {
        let name = dependency.rename.as_deref().unwrap_or(&dependency.name);
        !present.contains(name)
    });
    absent.map(|dependency| dependency.name.as_str()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_of_a_variant_is_in_no_other_module() {
        let project = Project::workspace().unwrap();
        let extensions = project.extensions().unwrap();
        let reads = |artifact: &str| {
            let extension = extensions.iter().find(|one| one.artifact == artifact);
            let sources = project.sources(extension.unwrap()).unwrap();
            sources
                .iter()
                .any(|folder| folder.ends_with("metadata-exchange/src"))
        };
        assert!(reads("telemetry"));
        assert!(!reads("stats"));
        assert!(reads("metadata_exchange"));
    }
}
