//! `cargo xtask dist`: what a release ships, the same bytes from any directory.
//!
//! Packing and the trial in a registry need crates that nothing else here does. They are behind the
//! feature `dist`; without it, this module starts the tool again with it.

#[cfg(feature = "dist")]
mod archive;
#[cfg(feature = "dist")]
mod check;
#[cfg(feature = "dist")]
mod deploy;
#[cfg(feature = "dist")]
mod graph;
#[cfg(feature = "dist")]
mod json;
#[cfg(feature = "dist")]
mod licenses;
#[cfg(feature = "dist")]
mod locked;
#[cfg(feature = "dist")]
mod manifest;
#[cfg(feature = "dist")]
mod oci;
#[cfg(feature = "dist")]
mod package;
#[cfg(feature = "dist")]
mod sbom;
#[cfg(feature = "dist")]
mod symbols;
#[cfg(feature = "dist")]
mod tree;
#[cfg(feature = "dist")]
mod trial;

use std::path::PathBuf;

use anyhow::Result;

/// Write what a release ships into dist/
///
/// For each extension: the .wasm, a manifest with what it is and costs, the schema of its config, a
/// bill of materials (CycloneDX), the licences of what is in it, an OCI image layout with the image
/// in four forms, and its deploy configs with digests filled in; and SHA256SUMS of everything.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The extensions to package, such as `basic-auth`; all of them if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Package a crate outside this workspace, such as one that `cargo xtask new` made, into the
    /// folder dist beside its Cargo.toml
    #[arg(long, value_name = "CARGO_TOML")]
    manifest_path: Option<PathBuf>,
    /// Where the images will be: what the deploy configs name instead of
    /// registry.example/proxy-wasm
    #[arg(long, value_name = "HOST/PATH")]
    registry: Option<String>,
    /// Where the files will be: what the deploy configs name instead of
    /// `https://downloads.example/proxy-wasm/VERSION`
    #[arg(long, value_name = "URL")]
    downloads: Option<String>,
    /// Package a second time elsewhere and compare; look at everything as a stranger would
    #[arg(long)]
    check: bool,
    /// Push the images into a registry on this machine, pull them as proxies do, compare, and run
    /// them in Envoy
    #[arg(long)]
    trial: bool,
    /// Package what is in target/wasm as it is
    #[arg(long, hide = true)]
    no_build: bool,
}

#[cfg(not(feature = "dist"))]
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut arguments = vec!["dist".to_owned()];
    arguments.extend(args.names.iter().cloned());
    if let Some(manifest) = &args.manifest_path {
        // The tool starts again in the workspace's folder.
        let manifest = std::path::absolute(manifest)?.display().to_string();
        arguments.extend(["--manifest-path".to_owned(), manifest]);
    }
    let values = [
        ("--registry", &args.registry),
        ("--downloads", &args.downloads),
    ];
    for (option, value) in values {
        if let Some(value) = value {
            arguments.extend([option.to_owned(), value.clone()]);
        }
    }
    let flags = [
        ("--check", args.check),
        ("--trial", args.trial),
        ("--no-build", args.no_build),
    ];
    let given = flags.iter().filter(|(_, is_given)| *is_given);
    arguments.extend(given.map(|(flag, _)| (*flag).to_owned()));
    crate::process::run(crate::process::tool_with("dist").args(&arguments))
}

#[cfg(feature = "dist")]
pub(crate) fn run(args: &Args) -> Result<()> {
    use crate::build::{self, Project};
    use crate::{tools, workspace};

    let places = deploy::Places {
        registry: args.registry.as_deref(),
        downloads: args.downloads.as_deref(),
    };
    places.check()?;
    let project = Project::at(args.manifest_path.as_deref())?;
    if !args.no_build {
        build::build(&project, &args.names, &project.modules(), &tools::setup()?)?;
    }
    let extensions = build::select(project.extensions()?, &args.names)?;
    let release = package::Release {
        project: &project,
        extensions: &extensions,
        places,
    };
    let folder = project.root().join("dist");
    let table = tree::replace(&folder, |partial| release.write(partial))?;
    println!("{table}\nwritten to {}", workspace::relative(&folder));
    if args.check {
        check::all(&release, &folder)?;
    }
    if args.trial {
        let registry = release.places.registry.unwrap_or(deploy::REGISTRY);
        trial::run(&folder, &extensions, registry)?;
    }
    Ok(())
}
