//! What an operator sees of stats, on three hosts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod certificates;
mod configuration;
mod cost;
mod dimensions;
mod grpc;
mod hostile;
mod http;
mod names;
mod peers;
mod reload;
mod tcp;
mod telemetry;

use std::collections::BTreeMap;

use sdk_tests::{Plugin, Proxy, Surroundings, json};

fn plugin() -> Plugin {
    Plugin::new("stats", stats::root_context)
}

/// The node of the workload `shop`.
fn shop() -> Surroundings {
    Surroundings::default().node_metadata(json!({
        "NAME": "shop-v1-abc",
        "NAMESPACE": "store",
        "WORKLOAD_NAME": "shop-v1",
        "CLUSTER_ID": "c1",
        "ISTIO_VERSION": "1.29.0",
        "LABELS": {
            "app": "shop",
            "version": "v1",
            "team": "red",
            "service.istio.io/canonical-name": "shop",
            "service.istio.io/canonical-revision": "r1"
        }
    }))
}

/// The metadata of a cluster that is an Istio service.
fn reviews() -> serde_json::Value {
    json!({ "istio": { "services": [{
        "host": "reviews.books.svc.cluster.local", "name": "reviews", "namespace": "books"
    }] } })
}

/// The metadata of an endpoint of that service.
fn reviews_v2() -> serde_json::Value {
    json!({ "istio": { "workload": "reviews-v2;books;reviews;v2;c2" } })
}

/// A series: its metric, its labels, its value.
#[derive(Clone, Debug)]
struct Series {
    metric: String,
    labels: BTreeMap<String, String>,
    name: String,
    value: u64,
}

impl Series {
    /// What Istio's stats_tags make of a name.
    fn of(name: &str, value: u64) -> Option<Self> {
        let rest = name.strip_prefix("istio_")?;
        let first = rest
            .find("reporter=.=")
            .or_else(|| rest.find("=.=").map(|_| rest.len()))?;
        let (metric, labels) = rest.split_at(first);
        let labels = labels.split(";.;").filter(|label| !label.is_empty());
        let labels = labels.map(|label| {
            let (name, value) = label.split_once("=.=").unwrap();
            (name.to_owned(), value.to_owned())
        });
        Some(Self {
            metric: metric.to_owned(),
            labels: labels.collect(),
            name: name.to_owned(),
            value,
        })
    }

    fn label(&self, name: &str) -> &str {
        self.labels
            .get(name)
            .unwrap_or_else(|| panic!("{name} of {self:?}"))
    }

    #[track_caller]
    fn assert(&self, labels: &[(&str, &str)]) {
        for (name, value) in labels {
            assert_eq!(self.label(name), *value, "{name} of {self:#?}");
        }
    }
}

/// All counters of a metric that are not zero, by its name without `istio_`.
fn counters(proxy: &mut Proxy, metric: &str) -> Vec<Series> {
    let metrics = proxy.metrics();
    let series = metrics.iter().filter(|(_, value)| **value > 0);
    let series = series.filter_map(|(name, value)| Series::of(name, *value));
    series.filter(|series| series.metric == metric).collect()
}

/// The same by some of their labels, in order.
fn counted<const N: usize>(
    proxy: &mut Proxy,
    metric: &str,
    labels: [&str; N],
) -> Vec<([String; N], u64)> {
    let series = counters(proxy, metric);
    let by_labels = |s: &Series| (labels.map(|label| s.label(label).to_owned()), s.value);
    let mut counted: Vec<_> = series.iter().map(by_labels).collect();
    counted.sort_unstable();
    counted
}

/// What `counted` has to give.
#[track_caller]
fn assert_counted<const N: usize>(counted: &[([String; N], u64)], expected: &[([&str; N], u64)]) {
    let owned = |(labels, value): &([&str; N], u64)| (labels.map(str::to_owned), *value);
    assert_eq!(counted, expected.iter().map(owned).collect::<Vec<_>>());
}

/// The only one of them.
#[track_caller]
fn counter(proxy: &mut Proxy, metric: &str) -> Series {
    let series = counters(proxy, metric);
    let [series] = series.as_slice() else {
        panic!("{} series of {metric}: {series:#?}", series.len());
    };
    series.clone()
}

/// What all of them add up to.
fn total(proxy: &mut Proxy, metric: &str) -> u64 {
    counters(proxy, metric)
        .iter()
        .map(|series| series.value)
        .sum()
}
