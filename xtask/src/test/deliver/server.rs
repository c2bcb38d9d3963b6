//! `examples/ecds-server`: built by plain cargo, in its own folder, and started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// Lints, tests and builds the server; returns its binary.
pub(super) fn build() -> Result<PathBuf> {
    let folder = workspace::root().join("examples/ecds-server");
    for arguments in [
        &["fmt", "--check"][..],
        &["clippy", "--all-targets", "--", "-D", "warnings"],
        &["test"],
        &["build"],
    ] {
        process::run(process::cargo_in(&folder)?.args(arguments))?;
    }
    Ok(workspace::target()?.join("debug/ecds-server"))
}

/// A server that runs; it ends when this is dropped.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    /// What it has printed.
    lines: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one that serves `file`, on a free port unless one is given.
    pub(super) fn start(binary: &Path, file: &Path, port: u16) -> Result<Self> {
        let child = Command::new(binary)
            .arg("--until-stdin-closes")
            .arg(SocketAddr::from(([127, 0, 0, 1], port)).to_string())
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the ecds-server")?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            lines: Arc::default(),
        };
        let (address, output) =
            process::listening(&mut server.child).context("the ecds-server does not listen")?;
        server.address = address;
        let lines = Arc::clone(&server.lines);
        std::thread::spawn(move || {
            for line in output.map_while(Result::ok) {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(line);
            }
        });
        Ok(server)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has printed so far.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
