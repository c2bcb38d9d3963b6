//! A thousand new configs in one Envoy: what the old ones had must be gone.
//!
//! attribute-gen has Envoy parse its expressions. A config with forty of them takes 270 KB there, so
//! that a thousand which stayed would be 270 MB.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sdk_tests::Request;
use sdk_tests::envoy::{Envoy, EnvoyOptions, client};
use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::{envoy_config, tools, workspace};

const NAME: &str = "attribute-gen";

const RELOADS: u32 = 1000;

/// Until every table has the size that it will have.
const BEFORE: u32 = 50;

const EXPRESSIONS: u32 = 40;

/// For all reloads together. Envoy itself keeps some hundred bytes for each.
const MAX_GROWTH: u64 = 16 << 20;

pub(super) fn run(_: &Context) -> Result<Outcome> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let file = folder.path().join("plugin.json");
    publish(&file, 0)?;
    let filters = [envoy_config::discovered(NAME, &file)];
    let answer = json!({ "direct_response": { "status": 200 } });
    let listener = envoy_config::listener(NAME, &filters, &answer);
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let config = envoy_config::bootstrap(&[listener], nowhere).to_string();
    let envoy = Envoy::start(&EnvoyOptions::new(tools::setup()?.envoy, &config))?;
    let mut allocated = 0;
    for version in 1..=BEFORE + RELOADS {
        publish(&file, version)?;
        wait(&envoy, version)?;
        let reply = client::send(envoy.listener(NAME), &Request::get("/"));
        let reply = reply.context("Envoy did not answer")?;
        if reply.status() != 200 {
            bail!("reload {version}: got {}", reply.status());
        }
        if version == BEFORE {
            allocated = memory(&envoy)?;
        }
    }
    let grown = memory(&envoy)?.saturating_sub(allocated);
    eprintln!("{RELOADS} reloads: Envoy has {} KiB more", grown >> 10);
    if grown > MAX_GROWTH {
        bail!("{RELOADS} reloads left {} MiB behind", grown >> 20);
    }
    Ok(Outcome::Passed)
}

/// Each config has other conditions, so that none is a copy of the one before.
fn publish(file: &Path, version: u32) -> Result<()> {
    let matches: Vec<_> = (0..EXPRESSIONS)
        .map(|at| {
            let condition = format!("source.port == {at} && request.size > {version}");
            json!({ "condition": condition, "value": "x" })
        })
        .collect();
    let config = json!({ "attributes": [
        { "output_attribute": "x", "phase": "ON_REQUEST", "match": matches }
    ] });
    let module = workspace::wasm().join("attribute_gen.wasm");
    let plugin = envoy_config::plugin(NAME, &module, &json!({}), &config);
    let response = envoy_config::discovery_response(NAME, version, &plugin);
    // By rename: Envoy looks at the file when it is replaced.
    let draft = file.with_extension("draft");
    fs::write(&draft, response.to_string())?;
    fs::rename(&draft, file)?;
    Ok(())
}

/// Waits until so many configs have come after the first one.
fn wait(envoy: &Envoy, version: u32) -> Result<()> {
    let prefix = format!("extension_config_discovery.http_filter.{NAME}.");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        let stats = envoy.stats_matching("extension_config_discovery");
        let stat = |name: &str| stats.get(&format!("{prefix}{name}")).copied().unwrap_or(0);
        if stat("update_rejected") > 0 {
            bail!("Envoy refuses config {version}:\n{}", envoy.log());
        }
        if stat("config_reload") > u64::from(version) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    bail!("Envoy did not take config {version}")
}

/// The bytes that Envoy has allocated.
fn memory(envoy: &Envoy) -> Result<u64> {
    let memory: Value = serde_json::from_str(&envoy.admin_page("/memory")?)?;
    let allocated = memory["allocated"].as_str();
    allocated
        .and_then(|bytes| bytes.parse().ok())
        .context("Envoy does not tell its memory")
}
