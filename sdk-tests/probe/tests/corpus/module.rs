//! The probe as a plugin.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sdk_tests::__private::built;
use sdk_tests::Plugin;

/// The probe. Where it traps, the next request finds it alive again.
pub(crate) fn plugin() -> Plugin {
    Plugin::new("sdk_tests_probe", sdk_tests_probe::root_context)
        .reload_after_a_panic()
        .wasm_file(file())
}

/// The probe as a module, built the first time that a test asks for it.
fn file() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| built("sdk-tests-probe", env!("CARGO_TARGET_TMPDIR")))
}
