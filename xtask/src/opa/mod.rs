//! A real OPA server on loopback: `opa` from the PATH, or the engine of the PyPI package behind a
//! small server of ours.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::{process, tools};

/// A server; it ends when this is dropped.
pub(crate) struct Opa {
    child: Child,
    address: SocketAddr,
    // With the file that the address is in.
    _folder: TempDir,
}

const SERVER: &str = include_str!("server.py");

impl Opa {
    /// Starts a server without policies.
    pub(crate) fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let opa = match process::succeeds(Command::new("opa").arg("version")) {
            true => Self::from_path(folder)?,
            false => Self::from_engine(folder)?,
        };
        opa.wait()?;
        Ok(opa)
    }

    fn from_path(folder: TempDir) -> Result<Self> {
        // `opa` does not tell which port it took; one that was just free most probably still is.
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut command = Command::new("opa");
        command.args(["run", "--server", "--log-level", "error", "--addr"]);
        let child = silent(command.arg(address.to_string())).context("cannot start `opa`")?;
        Ok(Self {
            child,
            address,
            _folder: folder,
        })
    }

    fn from_engine(folder: TempDir) -> Result<Self> {
        let engine = tools::opa_engine()?;
        let (script, file) = (
            folder.path().join("server.py"),
            folder.path().join("address"),
        );
        fs::write(&script, SERVER)?;
        let mut command = Command::new("python3");
        command.arg(&script).arg(&file).env("PYTHONPATH", engine);
        let mut child = silent(&mut command).context("cannot start python3")?;
        let address = address(&file, &mut child).inspect_err(|_| drop(child.kill()))?;
        Ok(Self {
            child,
            address,
            _folder: folder,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    #[cfg(feature = "bench")]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Puts a policy in place.
    pub(crate) fn put_policy(&self, name: &str, text: &str) -> Result<()> {
        let path = format!("/v1/policies/{name}");
        let answer = self.request("PUT", &path, text)?;
        ensure!(answer.contains(" 200 "), "OPA refuses the policy: {answer}");
        Ok(())
    }

    fn wait(&self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            if self
                .request("GET", "/health", "")
                .is_ok_and(|answer| answer.contains(" 200 "))
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the OPA server does not answer")
    }

    /// One request on a connection of its own; the whole answer.
    fn request(&self, method: &str, path: &str, body: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: opa\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Opa {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn silent(command: &mut Command) -> std::io::Result<Child> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
}

/// Waits for the server to write where it listens.
fn address(file: &Path, child: &mut Child) -> Result<SocketAddr> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Ok(text) = fs::read_to_string(file) {
            return text.parse().context("the OPA server wrote no address");
        }
        if let Some(status) = child.try_wait()? {
            bail!("the OPA server has ended ({status})");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("the OPA server does not start")
}
