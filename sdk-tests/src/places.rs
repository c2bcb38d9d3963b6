//! Where the things are that a build or a setup has put there.

use std::path::{Path, PathBuf};

use crate::plugin::Plugin;

/// The file at this relative path in the nearest directory, at or above the crate that is being
/// tested, that has it.
pub(crate) fn above_the_tested_crate(relative: &str) -> Option<PathBuf> {
    let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => std::env::current_dir().ok()?,
    };
    start
        .ancestors()
        .map(|dir| dir.join(relative))
        .find(|path| path.is_file())
}

/// The module of a plugin; see [`Plugin::wasm_file`].
///
/// # Errors
///
/// It is not there: the message says where, and how to build it.
pub(crate) fn module(plugin: &Plugin) -> Result<PathBuf, String> {
    let missing = |path: &Path| {
        format!(
            "{} not found: build it with `cargo xtask build`",
            path.display()
        )
    };
    let file = format!("{}.wasm", plugin.name);
    if let Some(path) = &plugin.wasm_file {
        return std::path::absolute(path)
            .ok()
            .filter(|path| path.is_file())
            .ok_or_else(|| missing(path));
    }
    if let Some(dir) = std::env::var_os("SDK_TESTS_WASM_DIR") {
        let path = Path::new(&dir).join(file);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(missing(&path))
        };
    }
    let relative = format!("target/wasm/{file}");
    above_the_tested_crate(&relative).ok_or_else(|| missing(Path::new(&relative)))
}
