//! A registry of images and the tool that copies them, for the trial of what `dist` writes: those on
//! the PATH, or Debian's packages.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::debian::{self, Package};
use super::digest::Digest;
use super::install::Tool;
use crate::process;

const REGISTRY: Package = package(
    "docker-registry",
    "2.8.2+ds1-1",
    "a9bd06c0e006854608f8469b4371743f40604ad90975532bb3b7ceeb72fe2913",
    4_954_916,
);

const SKOPEO: Package = package(
    "skopeo",
    "1.9.3+ds1-1+b10",
    "5c1978f6a95577b143be772bbe50c247a28132a5cc961c74d4d2a6f2b1ab4f3d",
    4_761_288,
);

/// Libraries that skopeo needs and a small system does not have.
const LIBRARIES: [Package; 4] = [
    package(
        "libgpgme11",
        "1.18.0-3+deb12u1",
        "a93427c0083c3b8dae9dbad875e78e0da6a8a51f7d191d4f5ad745717d1e19d3",
        299_816,
    ),
    package(
        "libassuan0",
        "2.5.5-5",
        "5912430927da16ccc831459679207fdbb9dfc5a206f2bab8d6f36d5a1ab53e25",
        48_464,
    ),
    package(
        "libgpg-error0",
        "1.46-1",
        "89944ee11d7370ce6ef46fc52f094c4a6512eff8943ec4c6ebefeae6360ceada",
        76_888,
    ),
    package(
        "libdevmapper1.02.1",
        "2:1.02.185-2",
        "aaa78ca236055fedccf637eacf7bda02bf1980b2db668dccd202b04d0d2cfe04",
        132_796,
    ),
];

const fn package(
    name: &'static str,
    version: &'static str,
    sha256: &'static str,
    bytes: u64,
) -> Package {
    Package {
        name,
        tool: Tool {
            name,
            version,
            digest: Digest::Sha256(sha256),
            bytes,
        },
    }
}

/// Both programs.
pub(crate) struct Registry {
    /// CNCF Distribution's server, called `docker-registry` or `registry`.
    #[cfg_attr(
        not(feature = "dist"),
        expect(dead_code, reason = "its user needs the feature")
    )]
    pub(crate) server: PathBuf,
    #[cfg_attr(
        not(feature = "dist"),
        expect(dead_code, reason = "its user needs the feature")
    )]
    skopeo: Skopeo,
}

struct Skopeo {
    program: PathBuf,
    libraries: Vec<PathBuf>,
}

impl Registry {
    /// A command that runs `skopeo`, arguments to be added.
    #[cfg(feature = "dist")]
    pub(crate) fn skopeo(&self) -> Command {
        self.skopeo.command()
    }
}

impl Skopeo {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Ok(libraries) = std::env::join_paths(&self.libraries)
            && libraries != OsString::new()
        {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }

    fn runs(&self) -> bool {
        process::succeeds(self.command().arg("--version"))
    }
}

/// The programs, unpacked if they were missing, or why there are none here.
pub(super) fn ensure() -> Result<Registry> {
    Ok(Registry {
        server: server()?,
        skopeo: skopeo()?,
    })
}

fn server() -> Result<PathBuf> {
    for name in ["docker-registry", "registry"] {
        let mut command = Command::new(name);
        // Another program may have the second name.
        if process::output(command.arg("--version")).is_ok_and(|out| out.contains("distribution")) {
            return Ok(name.into());
        }
    }
    debian::demand("docker-registry")?;
    let program = REGISTRY.ensure()?.join("usr/bin/docker-registry");
    if !process::succeeds(Command::new(&program).arg("--version")) {
        bail!("{} does not start on this system", program.display());
    }
    Ok(program)
}

fn skopeo() -> Result<Skopeo> {
    let on_path = Skopeo {
        program: "skopeo".into(),
        libraries: Vec::new(),
    };
    if on_path.runs() {
        return Ok(on_path);
    }
    debian::demand("skopeo")?;
    let mut skopeo = Skopeo {
        program: SKOPEO.ensure()?.join("usr/bin/skopeo"),
        libraries: Vec::new(),
    };
    for library in LIBRARIES {
        if skopeo.runs() {
            break;
        }
        let folder = library.ensure()?;
        for below in ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"] {
            skopeo.libraries.push(folder.join(below));
        }
    }
    if !skopeo.runs() {
        bail!("{} does not start on this system", skopeo.program.display());
    }
    Ok(skopeo)
}
