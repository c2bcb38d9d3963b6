//! One Envoy with every extension, each behind a listener of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sdk_tests::envoy::{Envoy, EnvoyOptions, Upstream, client};
use sdk_tests::{Reply, Request, UpstreamRequest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{envoy_config, workspace};

/// An extension that the demo shows.
pub(super) struct Extension {
    /// The package's name; also that of its listener.
    pub(super) name: &'static str,
    /// The module, without `.wasm`. Its metrics begin with it.
    pub(super) artifact: &'static str,
    pub(super) config: fn() -> Value,
    /// Sends the requests.
    pub(super) cases: fn(&mut Scene<'_>) -> Result<Vec<Case>>,
    /// What to try by hand: a remark, and curl's arguments with `{address}`.
    pub(super) curl: &'static [(&'static str, &'static str)],
}

/// One request and what became of it.
pub(super) struct Case {
    pub(super) request: String,
    pub(super) expected: String,
    pub(super) got: String,
}

pub(super) struct Stage {
    // Envoy goes first when this is dropped.
    envoy: Envoy,
    upstream: Upstream,
    folder: TempDir,
}

impl Stage {
    pub(super) fn start(binary: &Path, extensions: &[Extension]) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let upstream = Upstream::echo().context("cannot start the upstream")?;
        let mut listeners = Vec::new();
        for extension in extensions {
            let file = file(folder.path(), extension);
            publish(&file, extension, 1, &(extension.config)())?;
            let filter = envoy_config::discovered(extension.name, &file);
            let to_upstream = envoy_config::to_upstream();
            listeners.push(envoy_config::listener(
                extension.name,
                &[filter],
                &to_upstream,
            ));
        }
        let config = envoy_config::bootstrap(&listeners, upstream.addr()).to_string();
        let envoy = Envoy::start(&EnvoyOptions::new(binary, &config))?;
        Ok(Self {
            envoy,
            upstream,
            folder,
        })
    }

    pub(super) fn of<'a>(&'a self, extension: &'a Extension) -> Scene<'a> {
        Scene {
            stage: self,
            extension,
            address: self.address(extension),
            version: 1,
        }
    }

    /// Where the extension's listener is.
    pub(super) fn address(&self, extension: &Extension) -> SocketAddr {
        self.envoy.listener(extension.name)
    }

    pub(super) fn admin(&self) -> SocketAddr {
        self.envoy.admin()
    }

    pub(super) fn is_up(&self) -> bool {
        self.envoy.admin_page("/ready").is_ok()
    }

    /// The extension's own metrics that are not zero.
    pub(super) fn metrics(&self, extension: &Extension) -> BTreeMap<String, u64> {
        let mut metrics = self
            .envoy
            .stats_matching(&format!("wasmcustom.{}", extension.artifact));
        metrics.retain(|_, value| *value > 0);
        metrics
    }
}

/// One extension on the stage.
pub(super) struct Scene<'a> {
    stage: &'a Stage,
    extension: &'a Extension,
    address: SocketAddr,
    version: u32,
}

/// What Envoy made of a new config.
#[derive(Debug, PartialEq)]
pub(super) enum Update {
    Accepted,
    Refused,
}

impl Scene<'_> {
    /// Sends a request; returns the reply, and what the upstream saw if it saw anything.
    pub(super) fn send(&mut self, request: &Request) -> Result<(Reply, Option<UpstreamRequest>)> {
        self.stage.upstream.take_requests();
        let reply = client::send(self.address, request).context("Envoy did not answer")?;
        Ok((reply, self.stage.upstream.take_requests().pop()))
    }

    /// Puts a new config in place and waits for what Envoy does with it.
    pub(super) fn update(&mut self, config: &Value) -> Result<Update> {
        let before = self.updates();
        self.version += 1;
        let file = file(self.stage.folder.path(), self.extension);
        publish(&file, self.extension, self.version, config)?;
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            let now = self.updates();
            if now.0 > before.0 {
                return Ok(Update::Accepted);
            }
            if now.1 > before.1 {
                return Ok(Update::Refused);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("Envoy did not take notice of the new config")
    }

    /// How many configs Envoy accepted and refused.
    fn updates(&self) -> (u64, u64) {
        let prefix = format!(
            "extension_config_discovery.http_filter.{}.",
            self.extension.name
        );
        let stats = self
            .stage
            .envoy
            .stats_matching("extension_config_discovery");
        let stat = |name: &str| {
            stats
                .get(&format!("{prefix}{name}"))
                .copied()
                .unwrap_or_default()
        };
        // Accepted: received, and applied on every worker.
        let accepted = stat("update_success").min(stat("config_reload"));
        (accepted, stat("update_rejected") + stat("config_fail"))
    }
}

fn file(folder: &Path, extension: &Extension) -> PathBuf {
    folder.join(format!("{}.json", extension.artifact))
}

/// By rename: Envoy looks at the file when it is replaced, and must find all of it.
fn publish(file: &Path, extension: &Extension, version: u32, config: &Value) -> Result<()> {
    let module = workspace::wasm().join(format!("{}.wasm", extension.artifact));
    let plugin = envoy_config::plugin(extension.name, &module, &json!({}), config);
    let response = envoy_config::discovery_response(extension.name, version, &plugin);
    let draft = file.with_extension("draft");
    fs::write(&draft, response.to_string())?;
    fs::rename(&draft, file)?;
    Ok(())
}
