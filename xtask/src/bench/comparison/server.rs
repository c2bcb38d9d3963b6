//! `xtask/comparison/server`, started.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::bench::subject;
use crate::process;

/// A server that runs; it ends when this is dropped.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts one that lets requests with this header pass, as this user.
    pub(super) fn start(binary: &Path, authorization: &str, user: &str) -> Result<Self> {
        let child = Command::new(binary)
            .args([authorization, user])
            // It ends when this is closed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server of the comparison")?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        (server.address, _) = process::listening(&mut server.child)
            .context("the server of the comparison does not listen")?;
        Ok(server)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl subject::Server for Server {
    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
