//! Scenarios in a real Envoy.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::bootstrap::{LISTENER, Resource, bootstrap};
use super::callouts::CalloutServers;
use super::{Envoy, EnvoyOptions, Upstream, find_binary, logs};
use crate::backend::{Backend, Findings};
use crate::callout::{Callout, Server};
use crate::config::Rejected;
use crate::host::{Cost, Log};
use crate::plugin::Plugin;
use crate::proxy::HostKind;
use crate::{Reply, Request, UpstreamReply};

/// One Envoy and one upstream for one scenario. It starts with the first configuration.
pub(crate) struct EnvoyHost {
    plugin: Plugin,
    module: PathBuf,
    env: Vec<(String, String)>,
    dir: TempDir,
    upstream: Upstream,
    pub(super) servers: CalloutServers,
    violations: Vec<String>,
    envoy: Option<Envoy>,
    version: u64,
    /// Traps that a refused configuration accounts for.
    excused_traps: usize,
}

/// The host for a plugin.
///
/// # Panics
///
/// If the module or Envoy is missing; the message says how to get it.
pub(crate) fn host(plugin: &Plugin) -> EnvoyHost {
    EnvoyHost {
        module: crate::places::module(plugin).unwrap_or_else(|error| panic!("{error}")),
        plugin: plugin.clone(),
        env: Vec::new(),
        dir: TempDir::with_prefix("sdk-tests-").expect("a temporary directory"),
        upstream: Upstream::echo().expect("a free port for the upstream"),
        servers: CalloutServers::default(),
        violations: Vec::new(),
        envoy: None,
        version: 0,
        excused_traps: 0,
    }
}

/// What became of the configurations so far.
#[derive(Default)]
struct Updates {
    accepted: u64,
    refused: u64,
}

impl EnvoyHost {
    /// Puts the configuration where Envoy looks for it, in one step.
    fn publish(&self, configuration: &str) -> std::io::Result<()> {
        let resource = Resource {
            version: self.version,
            plugin: &self.plugin.name,
            root_id: &self.plugin.root_id,
            module: &self.module,
            env: &self.env,
            configuration,
            reloads: self.plugin.reloads,
        };
        let (draft, file) = (self.dir.path().join("draft.json"), self.resource_file());
        fs::write(&draft, resource.discovery_response())?;
        fs::rename(draft, file)
    }

    fn resource_file(&self) -> PathBuf {
        self.dir.path().join("plugin.json")
    }

    fn start(&self) -> Envoy {
        let resource_file = self.resource_file();
        let bootstrap = bootstrap(
            &self.plugin.name,
            &resource_file,
            self.upstream.addr(),
            self.servers.endpoints(),
        );
        let binary = find_binary().unwrap_or_else(|error| panic!("{error}"));
        let mut options = EnvoyOptions::new(binary, &bootstrap);
        options.dir = Some(self.dir.path().to_owned());
        options.extra_args = vec!["--component-log-level".to_owned(), "wasm:trace".to_owned()];
        Envoy::start(&options).unwrap_or_else(|error| panic!("{error}"))
    }

    fn updates(&self, admin: SocketAddr) -> Updates {
        let prefix = format!(
            "extension_config_discovery.http_filter.{}.",
            self.plugin.name
        );
        let stats = super::admin::stats(admin, "extension_config_discovery").unwrap_or_default();
        let stat = |name: &str| {
            stats
                .get(&format!("{prefix}{name}"))
                .copied()
                .unwrap_or_default()
        };
        Updates {
            // Both: received, and applied on every thread.
            accepted: stat("update_success").min(stat("config_reload")),
            refused: stat("update_rejected") + stat("config_fail"),
        }
    }

    pub(super) fn log(&self) -> String {
        self.envoy.as_ref().map(Envoy::log).unwrap_or_default()
    }

    /// Envoy answers before it logs a stream and ends its context: wait for that, and for the
    /// answers of callouts.
    fn settle(&mut self) {
        let Some(envoy) = &mut self.envoy else { return };
        let admin = envoy.admin();
        let name = format!("http.{LISTENER}.downstream_rq_active");
        let servers = &self.servers;
        let idle = || {
            let stats = super::admin::stats(admin, &name).ok()?;
            let idle = stats.get(&name) == Some(&0) && servers.are_idle(admin);
            idle.then_some(())
        };
        // The gauge falls just before the callbacks: a second look is after them.
        for _ in 0..2 {
            envoy
                .wait_for("end the streams and callouts", idle)
                .unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

impl Backend for EnvoyHost {
    fn kind(&self) -> HostKind {
        HostKind::Envoy
    }

    fn env(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    fn property(&mut self, _path: &[&str], _value: &[u8]) {}

    fn upstream_replies(&mut self, reply: UpstreamReply) {
        self.upstream.reply_with(Some(reply));
    }

    fn serve(&mut self, cluster: &str, server: Server) {
        self.servers.add(cluster, server);
    }

    fn callouts(&mut self) -> Vec<Callout> {
        self.servers.seen()
    }

    fn configure(&mut self, config: &[u8]) -> Result<(), Rejected> {
        let config = std::str::from_utf8(config).expect("Envoy takes UTF-8 configurations only");
        let logged = self.logs().len();
        let before = self
            .envoy
            .as_ref()
            .map(|envoy| self.updates(envoy.admin()))
            .unwrap_or_default();
        self.version += 1;
        self.publish(config)
            .expect("a place for the plugin's configuration");
        let mut envoy = match self.envoy.take() {
            Some(envoy) => envoy,
            None => self.start(),
        };
        let admin = envoy.admin();
        let outcome = envoy.wait_for("take the configuration", || {
            let now = self.updates(admin);
            if now.accepted > before.accepted {
                Some(true)
            } else {
                (now.refused > before.refused).then_some(false)
            }
        });
        self.envoy = Some(envoy);
        if outcome.unwrap_or_else(|error| panic!("{error}")) {
            self.settle();
            return Ok(());
        }
        let logs = self.logs().split_off(logged);
        let traps = logs::traps(&self.log());
        let trap = traps
            .get(self.excused_traps..)
            .and_then(<[_]>::first)
            .cloned();
        self.excused_traps = traps.len();
        Err(Rejected::new(logs, trap))
    }

    fn send(&mut self, request: &Request) -> Reply {
        let Some(envoy) = &self.envoy else {
            // As an Envoy that has no configuration yet.
            return Reply {
                status: 500,
                ..Reply::default()
            };
        };
        let address = envoy.listener(LISTENER);
        self.upstream.take_requests();
        let mut reply = match self.patiently(address, request) {
            Ok(reply) => reply,
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                self.violations.push(error.to_string());
                Reply::default()
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Reply::default(),
            Err(error) => panic!("Envoy did not answer: {error}"),
        };
        self.settle();
        reply.upstream = self.upstream.take_requests().pop();
        reply
    }

    fn send_and_leave(&mut self, request: &Request) {
        let address = self.envoy.as_ref().map(|envoy| envoy.listener(LISTENER));
        if let Some(address) = address {
            self.visit(address, request)
                .unwrap_or_else(|error| panic!("Envoy takes no request: {error}"));
        }
        self.settle();
        self.upstream.take_requests();
    }

    fn metrics(&mut self) -> BTreeMap<String, u64> {
        let stats = self
            .envoy
            .as_ref()
            .map(|envoy| envoy.stats_matching("^wasmcustom%5C."));
        let own = |(name, value): (String, u64)| {
            Some((name.strip_prefix("wasmcustom.")?.to_owned(), value))
        };
        stats
            .unwrap_or_default()
            .into_iter()
            .filter_map(own)
            .collect()
    }

    fn logs(&mut self) -> Vec<Log> {
        let (name, root_id) = (&self.plugin.name, &self.plugin.root_id);
        let prefix = if root_id.is_empty() {
            name.clone()
        } else {
            format!("{name} {root_id}")
        };
        logs::of_plugin(&self.log(), &prefix)
    }

    fn advance(&mut self, by: Duration) {
        std::thread::sleep(by);
        self.settle();
    }

    fn costs(&self) -> Vec<Cost> {
        Vec::new()
    }

    fn finish(&mut self) -> Findings {
        let trap = logs::traps(&self.log()).into_iter().nth(self.excused_traps);
        self.violations.extend(self.servers.panics());
        Findings {
            violations: std::mem::take(&mut self.violations),
            trap,
        }
    }
}
