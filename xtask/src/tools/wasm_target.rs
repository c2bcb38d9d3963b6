//! The Rust standard library for the target that extensions are compiled to.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};

/// The target of every extension.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// Adds the target where rustup manages the toolchain.
pub(super) fn ensure() -> Result<()> {
    if installed()? {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", TARGET])
        .current_dir(workspace::root());
    if !process::succeeds(Command::new("rustup").arg("--version")) {
        bail!(
            "the Rust target {TARGET} is missing, and there is no rustup to add it: install \
             rustup, or your distribution's package of this target (Debian: libstd-rust-dev-wasm32)"
        );
    }
    process::run(&mut rustup)
        .with_context(|| format!("cannot add the Rust target {TARGET}; is the network there?"))?;
    if !installed()? {
        bail!(
            "rustup added {TARGET} to another toolchain than the one in use; see rust-toolchain.toml"
        );
    }
    Ok(())
}

fn installed() -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace::root());
    let folder = process::output(&mut command)?;
    Ok(Path::new(folder.trim()).is_dir())
}
