//! The mistake that everybody makes once: a bootstrap without `stats_tags`.

use std::path::Path;

use anyhow::Result;
use sdk_tests::Request;
use sdk_tests::envoy::{Envoy, EnvoyOptions, client};
use serde_json::{Value, json};

use super::proxies::{self, Modules};
use super::questions;
use crate::demo::case::Case;

/// What a name begins with into which labels went.
const SIGN: &str = "istio_requests_totalreporter___source___";

/// One request through such an Envoy.
pub(super) fn case(binary: &Path) -> Result<Case> {
    let routes = json!([{ "match": { "prefix": "/" }, "direct_response": { "status": 200 } }]);
    let listener = proxies::http_listener("untagged", "OUTBOUND", Modules::Apart, &routes);
    let node = json!({ "id": "untagged", "cluster": "untagged" });
    let config = proxies::config(&node, &[listener], &[])?;
    let mut config: Value = serde_json::from_str(&config)?;
    config["stats_config"] = json!({});
    let envoy = Envoy::start(&EnvoyOptions::new(binary, &config.to_string()))?;
    client::send(envoy.listener("untagged"), &Request::get("/"))?;
    std::thread::sleep(std::time::Duration::from_millis(200));
    let page = envoy.admin_page("/stats/prometheus")?;
    let found = page.lines().any(|line| line.starts_with(SIGN));
    let got = match found {
        true => "shows itself in names",
        false => "does not show itself",
    };
    Ok(questions::case(
        format!("a bootstrap without stats_tags: {SIGN}…"),
        "shows itself in names".to_owned(),
        got.to_owned(),
    ))
}
