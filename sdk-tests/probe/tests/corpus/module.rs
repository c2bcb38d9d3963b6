//! The probe as a plugin.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

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
    MODULE.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe");
        let status = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args([
                "build",
                "--quiet",
                "--release",
                "--package",
                "sdk-tests-probe",
            ])
            .args(["--target", "wasm32-wasip1", "--target-dir"])
            .arg(&target)
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the probe does not build");
        target.join("wasm32-wasip1/release/sdk_tests_probe.wasm")
    })
}
