//! One Envoy with every extension, each behind a listener of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sdk_tests::envoy::{Envoy, EnvoyOptions, Upstream, client};
use sdk_tests::{Reply, Request, UpstreamReply, UpstreamRequest};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::case::Case;
use crate::opa::Opa;
use crate::{envoy_config, workspace};

/// An extension that the demo shows.
pub(super) struct Extension {
    /// The package's name; also that of its listener.
    pub(super) name: &'static str,
    /// The module, without `.wasm`. Its metrics begin with it.
    pub(super) artifact: &'static str,
    pub(super) config: fn() -> Value,
    /// Envoy's own filters before it.
    pub(super) before: fn() -> Vec<Value>,
    /// Where requests go after it.
    pub(super) routes: fn() -> Vec<Value>,
    /// What else its listener has; files may be in the folder.
    pub(super) finish: fn(&mut Value, &Path),
    /// A server that it calls out to: the cluster's name, and what it says.
    pub(super) server: Option<(&'static str, Answer)>,
    /// Sends the requests.
    pub(super) cases: fn(&mut Scene<'_>) -> Result<Vec<Case>>,
    /// What to try by hand: a remark, and curl's arguments with `{address}`.
    pub(super) curl: &'static [(&'static str, &'static str)],
}

/// What a server says to a request.
pub(super) type Answer = fn(&UpstreamRequest) -> UpstreamReply;

/// Nothing stands before it.
pub(super) fn nothing() -> Vec<Value> {
    Vec::new()
}

/// Its listener has nothing else.
pub(super) fn as_it_is(_: &mut Value, _: &Path) {}

/// Everything goes to the upstream.
pub(super) fn to_upstream() -> Vec<Value> {
    vec![json!({ "match": { "prefix": "/" }, "route": { "cluster": "upstream" } })]
}

pub(super) struct Stage {
    // Envoy goes first when this is dropped.
    envoy: Envoy,
    upstream: Upstream,
    _servers: Vec<Upstream>,
    folder: TempDir,
    /// The server that opa asks; why there is none, if there is none.
    opa: Result<Opa>,
}

impl Stage {
    pub(super) fn start(binary: &Path, extensions: &[Extension]) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let upstream = Upstream::echo().context("cannot start the upstream")?;
        let mut listeners = Vec::new();
        let mut clusters = vec![("upstream", upstream.addr())];
        let mut servers = Vec::new();
        for extension in extensions {
            if let Some((cluster, answer)) = extension.server {
                let server = Upstream::start(move |request| Some(answer(request)))
                    .with_context(|| format!("cannot start the server of {cluster}"))?;
                clusters.push((cluster, server.addr()));
                servers.push(server);
            }
            let file = file(folder.path(), extension);
            publish(&file, extension, 1, &(extension.config)())?;
            let filter = envoy_config::discovered(extension.name, &file);
            let mut filters = (extension.before)();
            filters.push(filter);
            let routes = (extension.routes)();
            let mut listener = envoy_config::routing_listener(extension.name, &filters, &routes);
            (extension.finish)(&mut listener, folder.path());
            listeners.push(listener);
        }
        let opa = super::opa::start();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        clusters.push((
            super::opa::CLUSTER,
            opa.as_ref().map_or(nowhere, Opa::address),
        ));
        clusters.push((super::opa::GONE, nowhere));
        let config = envoy_config::with_clusters(&listeners, &clusters).to_string();
        let mut options = EnvoyOptions::new(binary, &config);
        // Nobody waits ten seconds for a line of an access log.
        options.extra_args = ["--file-flush-interval-msec", "50"]
            .map(str::to_owned)
            .to_vec();
        let envoy = Envoy::start(&options)?;
        Ok(Self {
            envoy,
            upstream,
            _servers: servers,
            folder,
            opa,
        })
    }

    /// Why there is no server that opa could ask.
    pub(super) fn lacks_opa(&self) -> Option<String> {
        let error = self.opa.as_ref().err()?;
        Some(format!("{error:#}"))
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

    /// Where the stage keeps its files.
    pub(super) fn folder(&self) -> &Path {
        self.stage.folder.path()
    }

    /// One of the extensions' own metrics.
    pub(super) fn metric(&self, name: &str) -> u64 {
        let name = format!("wasmcustom.{name}");
        let stats = self.stage.envoy.stats_matching(&name);
        stats.get(&name).copied().unwrap_or_default()
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
    folder.join(format!("{}.json", extension.name))
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
