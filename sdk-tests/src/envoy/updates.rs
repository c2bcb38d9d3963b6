//! Configurations on their way into Envoy: files that it watches, and what its statistics say of them.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::backend::EnvoyHost;
use super::bootstrap::{Resource, filter_kind};
use super::logs;
use crate::config::Rejected;

/// What became of the configurations so far.
#[derive(Default)]
struct Updates {
    accepted: u64,
    refused: u64,
}

impl EnvoyHost {
    /// Gives the first plugin a configuration. The first one of all starts Envoy, and comes with those
    /// of the plugins behind it.
    pub(super) fn update(&mut self, config: &[u8]) -> Result<(), Rejected> {
        let logged = self.log_size();
        let before = self
            .admin()
            .map(|admin| self.updates(admin, 0))
            .unwrap_or_default();
        let is_first = self.envoy.is_none();
        self.version += 1;
        self.publish(0, config);
        if is_first {
            for at in 1..self.plugins.len() {
                let config = self.plugins[0].0.next[at - 1].1.0.clone();
                self.publish(at, &config);
            }
        }
        let accepted = self.outcome(0, &before);
        if is_first {
            for at in 1..self.plugins.len() {
                let name = self.plugins[at].0.name.clone();
                let accepted = self.outcome(at, &Updates::default());
                assert!(accepted, "{name} refuses its configuration: {}", self.log());
            }
        }
        if accepted {
            self.settle();
            return Ok(());
        }
        let logs = logs::of_plugins(&self.log_from(logged), &self.log_prefixes());
        let traps = logs::traps(&self.log());
        let trap = traps
            .get(self.excused_traps..)
            .and_then(<[_]>::first)
            .cloned();
        self.excused_traps = traps.len();
        Err(Rejected::new(logs, trap))
    }

    /// Puts a plugin's configuration where Envoy looks for it, in one step.
    fn publish(&self, at: usize, configuration: &[u8]) {
        let (plugin, module) = &self.plugins[at];
        let configuration = std::str::from_utf8(configuration);
        let resource = Resource {
            version: self.version,
            plugin,
            module,
            env: &self.env,
            configuration: configuration.expect("Envoy takes UTF-8 configurations only"),
        };
        let (draft, file) = (self.dir.path().join("draft.json"), self.resource_file(at));
        fs::write(&draft, resource.discovery_response())
            .and_then(|()| fs::rename(draft, file))
            .expect("a place for the plugin's configuration");
    }

    pub(super) fn resource_file(&self, at: usize) -> PathBuf {
        self.dir.path().join(format!("plugin-{at}.json"))
    }

    fn updates(&self, admin: SocketAddr, at: usize) -> Updates {
        let name = &self.plugins[at].0.name;
        let kind = filter_kind(self.network.is_some());
        let prefix = format!("extension_config_discovery.{kind}.{name}.");
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

    /// Waits until Envoy has taken a plugin's configuration, or refused it.
    fn outcome(&mut self, at: usize, before: &Updates) -> bool {
        let mut envoy = self.envoy.take().unwrap_or_else(|| self.start_envoy());
        let admin = envoy.admin();
        let outcome = envoy.wait_for("take the configuration", || {
            let now = self.updates(admin, at);
            if now.accepted > before.accepted {
                Some(true)
            } else {
                (now.refused > before.refused).then_some(false)
            }
        });
        self.envoy = Some(envoy);
        outcome.unwrap_or_else(|error| panic!("{error}"))
    }
}
