//! One Envoy whose filter comes from a file or from a server, in front of an upstream.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use sdk_tests::envoy::{Envoy, EnvoyOptions, Upstream, client};
use sdk_tests::{Request, UpstreamReply};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::release::{CREDENTIALS, FILTER, Release, version_of};
use super::server::Server;
use crate::{envoy_config, workspace};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// So many connections go to every worker, as good as certainly.
const CONNECTIONS: u32 = 12;

/// How a config reaches Envoy.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// Envoy reads the file.
    File,
    /// This server reads the file, and Envoy asks the server.
    Server(&'a Path),
}

/// What became of an update, as Envoy's stats count it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// The same, as the filter counts it.
    pub(super) failed: u64,
}

pub(super) struct Site {
    // Envoy goes first when this is dropped.
    envoy: Envoy,
    server: Option<Server>,
    /// Serves modules to whoever wants to fetch one.
    modules: Upstream,
    upstream: Upstream,
    folder: TempDir,
}

impl Site {
    /// Starts it with `first` in place, on two workers.
    pub(super) fn start(envoy: &Path, source: Source<'_>, first: &Release) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let file = folder.path().join(format!("{FILTER}.json"));
        first.publish(&file)?;
        let server = match source {
            Source::File => None,
            Source::Server(binary) => Some(Server::start(binary, &file, 0)?),
        };
        let upstream = Upstream::echo().context("cannot start the upstream")?;
        let module = fs::read(workspace::wasm().join("basic_auth.wasm"))?;
        let modules = Upstream::start(move |_| Some(UpstreamReply::new(200).body(&module)))
            .context("cannot start the server of modules")?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let control_plane = server.as_ref().map_or(nowhere, Server::address);

        let mut filter = envoy_config::discovered(FILTER, &file);
        if server.is_some() {
            filter["config_discovery"]["config_source"] = from_server();
        }
        let to_upstream = json!({ "route": { "cluster": "upstream" } });
        let listener = envoy_config::listener("site", &[filter], &to_upstream);
        let mut config = envoy_config::with_clusters(
            &[listener],
            &[
                ("upstream", upstream.addr()),
                ("modules", modules.addr()),
                ("control-plane", control_plane),
            ],
        );
        envoy_config::speak_http2(&mut config, "control-plane");
        let config = config.to_string();
        let mut options = EnvoyOptions::new(envoy, &config);
        options.extra_args = vec!["--concurrency".to_owned(), "2".to_owned()];
        Ok(Self {
            envoy: Envoy::start(&options)?,
            server,
            modules,
            upstream,
            folder,
        })
    }

    /// The file that the filter comes from.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join(format!("{FILTER}.json"))
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Another module that does the same: basic-auth with one more custom section.
    pub(super) fn other_module(&self) -> Result<PathBuf> {
        let mut module = fs::read(workspace::wasm().join("basic_auth.wasm"))?;
        module.extend(b"\x00\x05\x04note");
        let file = self.folder().join("other.wasm");
        fs::write(&file, module)?;
        Ok(file)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.envoy.listener("site")
    }

    pub(super) fn envoy(&self) -> &Envoy {
        &self.envoy
    }

    /// How often Envoy has asked the server of modules.
    pub(super) fn fetched(&self) -> usize {
        self.modules.requests().len()
    }

    /// What Envoy counts of fetched modules.
    pub(super) fn remote(&self, name: &str) -> u64 {
        let name = format!("wasm.remote_load_{name}");
        let stats = self.envoy.stats_matching(&name);
        stats.get(&name).copied().unwrap_or_default()
    }

    /// What Envoy tells the control plane about a version, the last time. Nothing where there is none.
    pub(super) fn told_to_server(&self, version: u32) -> Result<Option<String>> {
        let Some(server) = &self.server else {
            return Ok(None);
        };
        let begin = format!("{FILTER}: version {version} ");
        let mut told = None;
        self.wait_until("tell the server", || {
            let lines = server.lines();
            let last = lines
                .iter()
                .rev()
                .find_map(|line| line.strip_prefix(&begin));
            told = last.map(str::to_owned);
            told.is_some()
        })?;
        Ok(told)
    }

    /// Ends the control plane, if there is one.
    pub(super) fn ends_server(&mut self) -> bool {
        self.server.take().is_some()
    }

    /// How many updates Envoy has taken and refused.
    pub(super) fn counts(&self) -> Counts {
        let prefix = format!("extension_config_discovery.http_filter.{FILTER}.");
        let stats = self.envoy.stats_matching("extension_config_discovery");
        let stat = |name: &str| {
            stats
                .get(&format!("{prefix}{name}"))
                .copied()
                .unwrap_or_default()
        };
        Counts {
            accepted: stat("update_success"),
            refused: stat("update_rejected"),
            failed: stat("config_fail"),
        }
    }

    /// The version that serves, as a stat tells it.
    pub(super) fn version_text(&self) -> Result<String> {
        let page = self
            .envoy
            .admin_page("/stats?filter=version_text&type=TextReadouts")?;
        let (_, text) = page
            .split_once(&format!("http_filter.{FILTER}.version_text: "))
            .context("no version_text")?;
        Ok(text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_matches('"')
            .to_owned())
    }

    /// The version that `/config_dump` shows.
    pub(super) fn dumped_version(&self) -> Result<String> {
        let page = self
            .envoy
            .admin_page("/config_dump?resource=ecds_filters")?;
        let dump: Value = serde_json::from_str(&page)?;
        let version = dump
            .pointer("/configs/0/version_info")
            .and_then(Value::as_str);
        Ok(version.context("no version in the dump")?.to_owned())
    }

    /// Publishes an update and waits until Envoy has taken it.
    pub(super) fn accepts(&self, release: &Release) -> Result<()> {
        let before = self.counts();
        release.publish(&self.file())?;
        self.wait_until("take the update", || {
            self.counts().accepted > before.accepted
        })?;
        let now = self.counts();
        ensure!(
            now.refused == before.refused,
            "counted as refused too: {now:?}"
        );
        self.serves(release.version)
    }

    /// Publishes an update and waits until Envoy has refused it.
    pub(super) fn refuses(&self, release: &Release) -> Result<()> {
        let before = self.counts();
        release.publish(&self.file())?;
        self.wait_until("refuse the update", || {
            self.counts().refused > before.refused
        })?;
        let now = self.counts();
        ensure!(
            now.accepted == before.accepted,
            "counted as taken too: {now:?}"
        );
        Ok(())
    }

    /// Waits until every worker has this version.
    pub(super) fn serves(&self, version: u32) -> Result<()> {
        let address = self.address();
        let mut seen = Vec::new();
        let all = || {
            seen = (0..CONNECTIONS)
                .map(|_| ask(address))
                .collect::<Result<Vec<_>>>()
                .unwrap_or_default();
            !seen.is_empty()
                && seen
                    .iter()
                    .all(|answer| *answer == Answer::Challenge(version))
        };
        let result = self.wait_until("serve the version", all);
        result.with_context(|| format!("version {version} wanted, seen: {seen:?}"))?;
        self.lets_alice_in()
    }

    /// Fails unless every worker has this version now.
    pub(super) fn still_serves(&self, version: u32) -> Result<()> {
        for _ in 0..CONNECTIONS {
            let answer = ask(self.address())?;
            ensure!(
                answer == Answer::Challenge(version),
                "instead of version {version}: {answer:?}"
            );
        }
        self.lets_alice_in()
    }

    /// Who has the password reaches the upstream, which sends back what it gets.
    fn lets_alice_in(&self) -> Result<()> {
        let request = Request::post("/").header("authorization", CREDENTIALS);
        let reply = client::send(self.address(), &request.body("from alice"))?;
        ensure!(reply.status() == 200, "alice gets {}", reply.status());
        ensure!(
            reply.body() == b"from alice",
            "this is not the upstream's answer"
        );
        Ok(())
    }

    /// Fails if a request has reached the upstream without a password.
    pub(super) fn nobody_slipped_through(&self) -> Result<()> {
        let requests = self.upstream.requests();
        let strangers = requests
            .iter()
            .filter(|request| request.header("authorization").is_none());
        let (strangers, all) = (strangers.count(), requests.len());
        ensure!(all > 0, "the upstream has seen nobody");
        ensure!(
            strangers == 0,
            "{strangers} of {all} requests had no password"
        );
        Ok(())
    }

    pub(super) fn wait_until(&self, what: &str, mut done: impl FnMut() -> bool) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if done() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let log = self.envoy.log();
        let log: Vec<_> = log.lines().rev().take(5).collect();
        bail!(
            "Envoy did not {what} in {PATIENCE:?}; it says:\n{}",
            log.join("\n")
        )
    }
}

/// What becomes of a request without a password.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// 401 by this version.
    Challenge(u32),
    /// The upstream answers: nobody has asked for a password.
    Through,
    /// Something else.
    Status(u16),
}

/// Sends a request without a password, over a connection of its own.
pub(super) fn ask(address: SocketAddr) -> Result<Answer> {
    let reply = client::send(address, &Request::get("/"))?;
    let version = reply.header("www-authenticate").and_then(version_of);
    Ok(match (reply.status(), version) {
        (401, Some(version)) => Answer::Challenge(version),
        (200, _) => Answer::Through,
        (status, _) => Answer::Status(status),
    })
}

fn from_server() -> Value {
    json!({
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{ "envoy_grpc": { "cluster_name": "control-plane" } }],
        },
    })
}
