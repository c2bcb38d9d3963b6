//! `cargo xtask build`: the `.wasm` files that ship.

mod compile;
mod packages;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use flate2::{Compression, write::GzEncoder};

use crate::postlink::{self, Finished};
use crate::tools::{self, Tools};
use crate::{table, workspace};

#[cfg(feature = "dist")]
pub(crate) use compile::Rustc;
#[cfg(feature = "dist")]
pub(crate) use compile::cargo_home;
pub(crate) use packages::{Extension, Project};

/// Build the release .wasm of extensions into target/wasm
///
/// Compiles for wasm32-wasip1 so that the bytes are the same from any directory, removes the
/// exports of callbacks that the extension does not implement, runs wasm-opt, and checks imports,
/// exports and the ABI version.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The extensions to build, such as `basic-auth`; all of them if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Build a crate outside this workspace, such as one that `cargo xtask new` made, into the
    /// folder target/wasm beside its Cargo.toml
    #[arg(long, value_name = "CARGO_TOML")]
    manifest_path: Option<PathBuf>,
}

/// Installs what is missing, builds, and prints a table.
pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = tools::setup()?;
    let project = Project::at(args.manifest_path.as_deref())?;
    build(&project, &args.names, &project.modules(), &tools)
}

/// Builds every extension of the workspace.
pub(crate) fn all(tools: &Tools) -> Result<()> {
    build(&Project::workspace()?, &[], &workspace::wasm(), tools)
}

/// Builds one extension of the workspace, or one of its modules.
#[cfg(any(feature = "bench", feature = "check"))]
pub(crate) fn named(name: &str, tools: &Tools) -> Result<()> {
    let names = [name.to_owned()];
    build(&Project::workspace()?, &names, &workspace::wasm(), tools)
}

/// Builds a crate outside this workspace; returns the folder of its modules.
#[cfg(feature = "bench")]
pub(crate) fn elsewhere(manifest: &Path, tools: &Tools) -> Result<PathBuf> {
    let project = Project::read(manifest)?;
    build(&project, &[], &project.modules(), tools)?;
    Ok(project.modules())
}

/// The package names of the workspace's extensions.
pub(crate) fn extension_names() -> Result<Vec<String>> {
    let extensions = Project::workspace()?.extensions()?;
    let mut names: Vec<_> = extensions
        .into_iter()
        .map(|extension| extension.package)
        .collect();
    // A package with variants is one.
    names.dedup();
    Ok(names)
}

/// The further modules that packages of the workspace become: the package, and its features.
pub(crate) fn variants() -> Result<Vec<(String, String)>> {
    let extensions = Project::workspace()?.extensions()?;
    let variants = extensions
        .into_iter()
        .filter(|extension| !extension.features.is_empty());
    Ok(variants
        .map(|extension| (extension.package, extension.features.join(",")))
        .collect())
}

/// Builds the modules of a project that are called `names` (all, if there are none) into `folder`.
pub(crate) fn build(
    project: &Project,
    names: &[String],
    folder: &Path,
    tools: &Tools,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut table = table::new(["extension", "bytes", "gzip", "callbacks kept"]);
    for extension in select(project.extensions()?, names)? {
        let finished = build_one(project, &extension, tools)
            .with_context(|| format!("cannot build {}", extension.artifact))?;
        let file = folder.join(format!("{}.wasm", extension.artifact));
        // By rename: an Envoy that reads the file meanwhile never sees half of it.
        let partial = folder.join(format!(".{}.partial", extension.artifact));
        fs::write(&partial, &finished.module)?;
        fs::rename(&partial, &file).with_context(|| format!("cannot write {}", file.display()))?;
        table.add_row([
            extension.artifact,
            finished.module.len().to_string(),
            gzip_size(&finished.module)?.to_string(),
            callbacks(&finished),
        ]);
    }
    println!("{table}\nwritten to {}", workspace::relative(folder));
    Ok(())
}

fn build_one(project: &Project, extension: &Extension, tools: &Tools) -> Result<Finished> {
    let sources = project.sources(extension)?;
    let linked = compile::release(project, extension)?;
    let unoptimised = compile::unoptimised(project, extension)?;
    let private = compile::private_paths(project);
    postlink::run(
        &postlink::Input {
            linked: &linked,
            unoptimised: &unoptimised,
            sources: &sources,
            private: &private,
        },
        tools,
    )
}

/// The extensions called `names`, as packages or as artifacts; all if there are none.
pub(crate) fn select(extensions: Vec<Extension>, names: &[String]) -> Result<Vec<Extension>> {
    for name in names {
        if !extensions.iter().any(|extension| extension.is_called(name)) {
            let known: Vec<_> = extensions
                .iter()
                .map(|extension| &*extension.package)
                .collect();
            bail!(
                "there is no extension `{name}`; there are: {}",
                known.join(", ")
            );
        }
    }
    let wanted = |extension: &Extension| {
        names.is_empty() || names.iter().any(|name| extension.is_called(name))
    };
    Ok(extensions.into_iter().filter(wanted).collect())
}

/// Without the prefix that they all have.
fn callbacks(finished: &Finished) -> String {
    let short = |name: &&'static str| name.strip_prefix("proxy_on_").unwrap_or(name);
    finished
        .callbacks
        .iter()
        .map(short)
        .collect::<Vec<_>>()
        .join(", ")
}

fn gzip_size(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
