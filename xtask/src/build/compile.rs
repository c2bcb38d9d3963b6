//! Compiles one extension so that its bytes do not depend on where that happens.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::packages::{Extension, Project};
use crate::tools::WASM_TARGET;
use crate::{process, workspace};

/// Compiles and links what ships; returns the linker's module.
pub(super) fn release(project: &Project, extension: &Extension) -> Result<PathBuf> {
    // The remapping needs to know where the sources lie.
    let mut fetch = process::cargo();
    process::run(
        fetch
            .args(["fetch", "--quiet", "--manifest-path"])
            .arg(&project.manifest),
    )?;
    let mut command = rustc_of(project, extension);
    command.arg("--release").env(
        "CARGO_ENCODED_RUSTFLAGS",
        remapping(project)?.join("\u{1f}"),
    );
    process::run(&mut command)?;
    Ok(module(project, extension, "release"))
}

/// The same, unoptimised: no function is inlined away or made one with another.
pub(super) fn unoptimised(project: &Project, extension: &Extension) -> Result<PathBuf> {
    let mut command = rustc_of(project, extension);
    for setting in [
        "opt-level=0",
        "lto=false",
        "strip=false",
        "debug-assertions=false",
    ] {
        command.args(["--config", &format!("profile.dev.{setting}")]);
    }
    process::run(&mut command)?;
    Ok(module(project, extension, "debug"))
}

/// `cargo rustc --crate-type`: next to an rlib, cargo would not run link-time optimisation.
fn rustc_of(project: &Project, extension: &Extension) -> Command {
    let mut command = process::cargo();
    command
        .args(["rustc", "--lib", "--crate-type", "cdylib"])
        .args(["--target", WASM_TARGET, "--package", &extension.package])
        .args(["--features", &extension.features.join(",")])
        .arg("--manifest-path")
        .arg(&project.manifest);
    command
}

fn module(project: &Project, extension: &Extension, profile: &str) -> PathBuf {
    let folder = project.target().join(WASM_TARGET).join(profile);
    folder.join(format!("{}.wasm", extension.library))
}

/// Panic messages carry source paths: these give them the same on every machine.
fn remapping(project: &Project) -> Result<Vec<String>> {
    let sysroot = process::output(rustc().args(["--print", "sysroot"]))?;
    let standard_library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
    let mut pairs = vec![
        // Where several match, the last one counts: the more special folder comes later.
        (workspace::root().to_owned(), "/build".to_owned()),
        (project.root().to_owned(), "/build".to_owned()),
        (project.target().to_owned(), "/build/target".to_owned()),
        (cargo_home()?, "/cargo".to_owned()),
        (standard_library, format!("/rustc/{}", Rustc::ask()?.commit)),
    ];
    // Named after the registry's host, which may be a mirror.
    if let Ok(registries) = std::fs::read_dir(cargo_home()?.join("registry/src")) {
        for registry in registries {
            pairs.push((registry?.path(), "/cargo/registry".to_owned()));
        }
    }
    Ok(pairs
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect())
}

/// Folders of this machine that no module may name.
pub(super) fn private_paths(project: &Project) -> Vec<String> {
    let folders = [
        Some(workspace::root().to_owned()),
        Some(project.root().to_owned()),
        Some(project.target().to_owned()),
        cargo_home().ok(),
    ];
    // What the remapping writes is no secret, should a machine really have such a folder.
    let is_private = |folder: &String| !["/build", "/build/target", "/cargo"].contains(&&**folder);
    folders
        .into_iter()
        .flatten()
        .map(|folder| folder.display().to_string())
        .filter(is_private)
        .collect()
}

/// Where cargo keeps the sources of registry crates.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("CARGO_HOME") {
        return std::path::absolute(PathBuf::from(folder)).context("CARGO_HOME is no path");
    }
    Ok(std::env::home_dir()
        .context("there is neither CARGO_HOME nor HOME")?
        .join(".cargo"))
}

/// Which compiler it is.
pub(crate) struct Rustc {
    /// Such as `1.95.0`.
    #[cfg_attr(
        not(feature = "dist"),
        expect(dead_code, reason = "only a release tells it")
    )]
    pub(crate) release: String,
    /// The standard library's place in its own messages is named after it.
    pub(crate) commit: String,
}

impl Rustc {
    /// Asks the compiler.
    pub(crate) fn ask() -> Result<Self> {
        let version = process::output(rustc().arg("-vV"))?;
        let value = |key: &str| {
            let found = version.lines().find_map(|line| line.strip_prefix(key));
            let found = found.with_context(|| format!("`rustc -vV` has no `{key}`"))?;
            anyhow::Ok(found.to_owned())
        };
        Ok(Self {
            release: value("release: ")?,
            commit: value("commit-hash: ")?,
        })
    }
}

fn rustc() -> Command {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(workspace::root());
    command
}
