//! binaryen's `wasm-opt`, from its npm package: JavaScript, so one digest for every platform.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use flate2::read::GzDecoder;

use super::digest::Digest;
use super::install::Tool;
use super::node::Node;
use crate::process;

pub(crate) const VERSION: &str = "132.0.0";

const BINARYEN: Tool = Tool {
    name: "binaryen",
    version: VERSION,
    digest: Digest::Sha512(
        "4Usg7yEvwO3FMso3Oov6qkOOHSod1IEv+boKkh77kTljM+eNBouqCTbqWswGzbG+vDNO/b/v2C4gfEh1WgB9Lg==",
    ),
    bytes: 23_273_804,
};

/// Runs `wasm-opt` on a Node.js that can.
pub(super) struct WasmOpt {
    node: Node,
    script: PathBuf,
}

impl WasmOpt {
    pub(super) fn command(&self) -> Command {
        let mut command = self.node.command();
        command.arg(&self.script);
        command
    }
}

/// `wasm-opt`, installed if it was missing, on the PATH's Node.js where that is new enough.
pub(super) fn ensure() -> Result<WasmOpt> {
    if let Some(wasm_opt) = Node::on_path().map(install).transpose()? {
        // Asking is surer than comparing versions.
        if process::succeeds(wasm_opt.command().arg("--version")) {
            return Ok(wasm_opt);
        }
        eprintln!("the Node.js on the PATH cannot run wasm-opt: using one of our own");
    }
    let wasm_opt = install(Node::from_wheel()?)?;
    if !process::succeeds(wasm_opt.command().arg("--version")) {
        bail!(
            "wasm-opt does not run on {}",
            wasm_opt.node.command().get_program().display()
        );
    }
    Ok(wasm_opt)
}

fn install(node: Node) -> Result<WasmOpt> {
    let folder = BINARYEN.ensure(|downloads, unpacked, progress| {
        let mut pack = node.npm();
        pack.args([
            "pack",
            "--silent",
            "--ignore-scripts",
            &format!("binaryen@{VERSION}"),
        ]);
        progress.watch(pack.current_dir(downloads), downloads)?;
        let archive = downloads.join(format!("binaryen-{VERSION}.tgz"));
        BINARYEN.digest.check(&archive)?;
        progress.message("unpacking");
        let archive = File::open(archive).context("npm wrote no package")?;
        tar::Archive::new(GzDecoder::new(archive)).unpack(unpacked)?;
        Ok(())
    })?;
    Ok(WasmOpt {
        node,
        script: folder.join("package/bin/wasm-opt"),
    })
}
