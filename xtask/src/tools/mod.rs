//! `cargo xtask setup`: the tools that the other commands need, installed into `target/tools`.
//!
//! Each tool is one file below, with its version and the digests of its archives. A tool is
//! installed once: a stamp file beside it says what it is, and a later run only reads that.

mod binaryen;
mod cargo_deny;
mod debian;
mod digest;
mod envoy;
mod install;
mod node;
mod opa;
mod progress;
mod prometheus;
mod registry;
mod wasm_target;
mod wheel;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace;

#[cfg(feature = "dist")]
pub(crate) use binaryen::VERSION as WASM_OPT_VERSION;
pub(crate) use registry::Registry;
pub(crate) use wasm_target::TARGET as WASM_TARGET;

/// What `setup` leaves behind.
pub(crate) struct Tools {
    /// The Envoy binary.
    pub(crate) envoy: PathBuf,
    /// Runs `wasm-opt`.
    wasm_opt: binaryen::WasmOpt,
}

impl Tools {
    /// A command that runs `wasm-opt`, arguments to be added.
    pub(crate) fn wasm_opt(&self) -> Command {
        self.wasm_opt.command()
    }
}

/// Prometheus, which only the telemetry demo needs.
pub(crate) fn prometheus() -> Result<PathBuf> {
    let _lock = lock()?;
    prometheus::ensure()
}

/// A registry of images and skopeo, which only the trial of a release needs.
pub(crate) fn registry() -> Result<Registry> {
    let _lock = lock()?;
    registry::ensure()
}

/// cargo-deny, which only the tests need.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let _lock = lock()?;
    cargo_deny::ensure()
}

/// Installs what is missing. Quick when nothing is.
pub(crate) fn setup() -> Result<Tools> {
    let _lock = lock()?;
    remove_leftovers()?;

    wasm_target::ensure()?;
    let envoy = envoy::ensure()?;
    let wasm_opt = binaryen::ensure()?;
    Ok(Tools { envoy, wasm_opt })
}

/// Installs the OPA engine if it is missing: what to put on `PYTHONPATH`.
pub(crate) fn opa_engine() -> Result<PathBuf> {
    let _lock = lock()?;
    opa::ensure()
}

/// Two commands at a time must not install over each other: the second waits for the first.
fn lock() -> Result<File> {
    let folder = workspace::tools();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let lock = File::create(folder.join(".lock")).context("cannot create target/tools/.lock")?;
    lock.lock().context("cannot lock target/tools/.lock")?;
    Ok(lock)
}

/// An installation that was killed leaves its temporary folder.
fn remove_leftovers() -> Result<()> {
    for entry in fs::read_dir(workspace::tools())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".tmp") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
