//! `wasm-opt`.

use std::fs;

use anyhow::{Context as _, Result};

use crate::process;
use crate::tools::Tools;

/// What rustc emits for wasm32-wasip1, and no more: every Proxy-Wasm host takes these.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Optimises for speed. `-g` keeps the name section, from which Envoy prints backtraces.
pub(super) fn run(module: &[u8], tools: &Tools) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let (before, after) = (
        folder.path().join("in.wasm"),
        folder.path().join("out.wasm"),
    );
    fs::write(&before, module)?;
    let mut command = tools.wasm_opt();
    command.args(["-O3", "-g", "--mvp-features"]).args(FEATURES);
    process::output(command.arg(&before).arg("-o").arg(&after))?;
    fs::read(&after).context("wasm-opt wrote no module")
}
