//! A registry process with a storage of its own.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Server {
    process: Child,
    /// Host and port.
    address: String,
    _folder: TempDir,
}

impl Server {
    pub(super) fn start(binary: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let config = json!({
            "version": "0.1",
            "log": { "level": "info", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": folder.path().join("data") } },
            "http": { "addr": "127.0.0.1:0" },
        });
        let (file, log) = (folder.path().join("config.yml"), folder.path().join("log"));
        // JSON is YAML.
        fs::write(&file, config.to_string())?;
        let output = fs::File::create(&log)?;
        let process = Command::new(binary)
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot run {}", binary.display()))?;
        let mut server = Self {
            process,
            address: String::new(),
            _folder: folder,
        };
        server.address = server.wait(&log)?;
        Ok(server)
    }

    /// Waits until the log says where it listens.
    fn wait(&mut self, log: &Path) -> Result<String> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let text = fs::read_to_string(log).unwrap_or_default();
            if let Some(address) = address(&text) {
                return Ok(address);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the registry ended ({status}):\n{text}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the registry did not start within {} s", PATIENCE.as_secs())
    }

    /// `image` in this registry, such as `127.0.0.1:5000/proxy-wasm/basic-auth:0.1.0`.
    pub(super) fn reference(&self, image: &str) -> String {
        format!("{}/{image}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in a whole line of the log.
fn address(log: &str) -> Option<String> {
    let lines = log
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let after = lines
        .filter_map(|line| line.split_once("listening on "))
        .map(|(_, after)| after)
        .next()?;
    let end = after.find(|c: char| c != '.' && c != ':' && !c.is_ascii_digit())?;
    after.get(..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_address_is_read_from_a_whole_line() {
        let log = "level=info msg=\"redis not configured\"\nlevel=info msg=\"listening on 127.0.0.1:39221\" version=2\n";
        assert_eq!(address(log).as_deref(), Some("127.0.0.1:39221"));
        assert_eq!(address(log.trim_end()), None);
    }
}
