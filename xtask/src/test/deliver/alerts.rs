//! `examples/prometheus/alerts.yaml`: an alert on a metric that does not exist never fires.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, ensure};

use super::release::FILTER;
use super::site::Site;
use crate::workspace;

/// The filter, and the plugin, that the file speaks of.
const IN_FILE: &str = "_basic_auth_";

/// Fails if Envoy does not tell one of the metrics.
pub(super) fn check(site: &Site) -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("examples/prometheus/alerts.yaml"))?;
    let page = site.envoy().admin_page("/stats/prometheus")?;
    let metrics = metrics(&text);
    for metric in &metrics {
        let metric = metric.replace(IN_FILE, &format!("_{FILTER}_"));
        let there = page.contains(&format!("# TYPE {metric} "));
        ensure!(there, "Envoy has no metric {metric}");
    }
    ensure!(metrics.len() > 5, "only {metrics:?}");
    Ok(())
}

/// The names of Envoy's metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("envoy_")).collect()
}

#[cfg(test)]
mod tests {
    use super::metrics;

    #[test]
    fn names_are_found_in_expressions() {
        let text = "expr: increase(envoy_a_b[5m]) > 0 or envoy_c == 0 # Envoy";
        assert!(metrics(text).into_iter().eq(["envoy_a_b", "envoy_c"]));
    }
}
