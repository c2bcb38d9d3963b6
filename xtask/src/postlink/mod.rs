//! What happens to an extension's module between the linker and the release.
//!
//! The SDK exports every Proxy-Wasm callback, and Envoy calls every exported one for every stream.
//! So the exports of callbacks that the extension does not implement are removed. Which those are is
//! read from the sources ([`source`]) and checked against what they compile to ([`names`]): where the
//! two could disagree, the build fails, because a callback that is missing by mistake would let
//! traffic pass. Then `wasm-opt`, then a lint of the result.

mod callbacks;
mod exports;
mod lint;
mod names;
mod optimize;
mod rules;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::tools::Tools;

#[cfg(feature = "dist")]
pub(crate) use lint::read as contents;
#[cfg(feature = "dist")]
pub(crate) use names::functions;

/// A module that may ship.
pub(crate) struct Finished {
    pub(crate) module: Vec<u8>,
    /// The stream and callout callbacks that it still exports.
    pub(crate) callbacks: BTreeSet<&'static str>,
}

/// What the steps need to know besides the module.
pub(crate) struct Input<'a> {
    /// The module as the linker wrote it.
    pub(crate) linked: &'a Path,
    /// The same without optimisation: every function is in it, under its name.
    pub(crate) unoptimised: &'a Path,
    /// The source folders of every package that can implement a callback.
    pub(crate) sources: &'a [PathBuf],
    /// Texts that must not appear in the module: folders of the machine that builds it.
    pub(crate) private: &'a [String],
}

/// Runs every step.
pub(crate) fn run(input: &Input<'_>, tools: &Tools) -> Result<Finished> {
    let scan = source::scan(input.sources)?;
    rules::check(&scan)?;
    let linked = read(input.linked)?;
    names::check(&linked, &scan.methods)?;
    names::check(&read(input.unoptimised)?, &scan.methods)?;

    let callbacks = callbacks::exports(&scan);
    ensure!(
        callbacks
            .iter()
            .any(|export| callbacks::is_for_streams(export)),
        "no source of this extension implements a callback of a stream: it would do nothing"
    );
    let trimmed = exports::keep(&linked, &callbacks)?;
    let module = optimize::run(&trimmed, tools)?;
    lint::check(&module, &callbacks, input.private)?;
    Ok(Finished { module, callbacks })
}

fn read(module: &Path) -> Result<Vec<u8>> {
    fs::read(module).with_context(|| format!("cannot read {}", module.display()))
}
