//! A client that makes up hosts: the labels stay few, the totals exact, the memory bounded.

use std::path::Path;

use anyhow::{Context as _, Result};
use sdk_tests::Request;
use sdk_tests::envoy::{Envoy, EnvoyOptions, client::Client};
use serde_json::{Value, json};

use super::proxies::{self, Modules};
use super::questions::case;
use crate::demo::case::Case;

const HOSTS: u32 = 100_000;

/// As `proxies` configures it.
const MAX_SERIES: usize = 1000;

/// Twelve kilobytes a series, and as much again for what the plugin remembers.
const MAX_GROWTH: u64 = 40 << 20;

pub(super) fn cases(binary: &Path) -> Result<Vec<Case>> {
    let routes = json!([{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }]);
    let listener = proxies::http_listener("flood", "OUTBOUND", Modules::Apart, &routes);
    let node = json!({ "id": "flood", "cluster": "flood" });
    let config = proxies::config(&node, &[listener], &[])?;
    let envoy = Envoy::start(&EnvoyOptions::new(binary, &config))?;
    let mut connection = Client::connect(envoy.listener("flood"))?;
    let before = allocated(&envoy)?;
    for number in 0..HOSTS {
        let request = Request::get("/").authority(format!("host-{number}.example"));
        let reply = connection.send(&request).context("Envoy did not answer")?;
        anyhow::ensure!(reply.status() == 200, "got {}", reply.status());
    }
    // The last one is logged when it is answered.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let grown = allocated(&envoy)?.saturating_sub(before);
    let series = envoy.stats_matching("^wasmcustom.istio_requests_total");
    let total: u64 = series.values().sum();
    let other = |of: &str| format!("{of}, after {HOSTS} requests to as many hosts");
    let fits = |fits: bool, expected: &str, got: String| {
        let got = if fits { expected.to_owned() } else { got };
        (expected.to_owned(), got)
    };
    let limit = format!("{}, and one for all others", MAX_SERIES);
    let (expected, got) = fits(
        series.len() == MAX_SERIES + 1,
        &limit,
        series.len().to_string(),
    );
    let mut cases = vec![
        case(
            other("requests counted"),
            HOSTS.to_string(),
            total.to_string(),
        ),
        case(other("series"), expected, got),
    ];
    let limit = format!("less than {} MiB", MAX_GROWTH >> 20);
    let (expected, got) = fits(grown < MAX_GROWTH, &limit, format!("{} MiB", grown >> 20));
    cases.push(case(other("memory more"), expected, got));
    Ok(cases)
}

/// The bytes that Envoy has allocated.
fn allocated(envoy: &Envoy) -> Result<u64> {
    let memory: Value = serde_json::from_str(&envoy.admin_page("/memory")?)?;
    let allocated = memory["allocated"].as_str();
    allocated
        .and_then(|bytes| bytes.parse().ok())
        .context("Envoy does not tell its memory")
}
