//! Where things are: every path starts at the workspace root, wherever the command was called.

use std::path::{Path, PathBuf};

/// The root of this workspace: the folder that holds `xtask/`.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where cargo writes; `CARGO_TARGET_DIR` is respected.
pub(crate) fn target() -> std::io::Result<PathBuf> {
    let told = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    std::path::absolute(told.unwrap_or_else(|| root().join("target")))
}

/// Installed tools, at fixed versions. Not below `CARGO_TARGET_DIR`: they outlive any build.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

/// The `.wasm` files that ship.
pub(crate) fn wasm() -> PathBuf {
    root().join("target/wasm")
}

/// `path` as seen from the workspace root, for messages.
pub(crate) fn relative(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}
