//! The configs in `deploy/` that get their filter by ECDS, each in a real Envoy: `--mode validate`
//! would not look at the filter.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sdk_tests::envoy::{Envoy, EnvoyOptions};

use super::server::Server;
use crate::test::deploy::{ENVIRONMENT, stage};
use crate::{deploy, workspace};

/// Modules are compiled at the start; the largest takes some seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tries both configs of every extension.
pub(super) fn check(envoy: &Path, server: &Path) -> Result<()> {
    for (extension, filter) in deploy::extensions()? {
        let staged = tempfile::tempdir().context("cannot create a temporary folder")?;
        let folder = extension.join("deploy");
        stage(&folder, &workspace::wasm(), staged.path())?;
        let server = Server::start(server, &staged.path().join(format!("{filter}.yaml")), 0)?;
        for name in ["envoy-ecds.yaml", "envoy-ecds-grpc.yaml"] {
            let file = folder.join(name);
            let config = fs::read_to_string(staged.path().join(name))?
                .replace("port_value: 8000", "port_value: 0")
                .replace("port_value: 9901", "port_value: 0")
                .replace(
                    "port_value: 18000",
                    &format!("port_value: {}", server.address().port()),
                );
            let shown = workspace::relative(&file);
            takes_its_filter(envoy, &config, &filter).with_context(|| shown.to_string())?;
            eprintln!("  {shown}: the filter is there");
        }
    }
    Ok(())
}

fn takes_its_filter(envoy: &Path, config: &str, filter: &str) -> Result<()> {
    let mut options = EnvoyOptions::new(envoy, config);
    options.env = ENVIRONMENT
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    options.extra_args = ["--service-node", "me", "--service-cluster", "me"]
        .map(str::to_owned)
        .to_vec();
    let envoy = Envoy::start(&options)?;
    let stat = |name: &str| {
        let name = format!("extension_config_discovery.http_filter.{filter}.{name}");
        let stats = envoy.stats_matching(&name);
        stats.get(&name).copied().unwrap_or_default()
    };
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if stat("update_rejected") > 0 {
            let log = envoy.log();
            let said: Vec<_> = log.lines().rev().take(5).collect();
            bail!("refused:\n{}", said.join("\n"));
        }
        if stat("update_success") > 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!("no filter came")
}
