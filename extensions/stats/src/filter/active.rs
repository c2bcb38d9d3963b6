//! A configuration in force.

use std::time::Duration;

use extension_common::{
    config::{self, ConfigError},
    hostcalls,
};

use super::{
    Counters, REFRESH, RefCell, Streams,
    ask::get,
    compiled::{Compiled, Condition},
    reader::Reader,
    remembered::{Connections, Services},
    report::Reports,
};
use crate::{
    config::ConfigJson, encoding::build_name, labels::UNKNOWN, observation::Reporter, peer::Peer,
    plan::Plan, series::SeriesTable,
};

/// Shared by the streams that began under it.
pub(super) struct Active {
    pub(super) streams: Streams,
    pub(super) plan: Plan,
    pub(super) expressions: Vec<Compiled>,
    pub(super) conditions: Vec<Condition>,
    pub(super) reports: RefCell<Reports>,
    pub(super) services: RefCell<Services>,
    pub(super) connections: RefCell<Connections>,
    /// The proxy's own workload.
    pub(super) local: Peer,
    pub(super) reader: Reader,
    pub(super) counters: Counters,
    period: Duration,
}

impl Active {
    pub(super) fn configure(counters: Counters) -> Result<Self, ConfigError> {
        let config = config::read::<ConfigJson>()?.validate()?;
        let plan = Plan::new(&config.definitions, &config.overrides);
        let expressions = plan.expressions.written.iter();
        let expressions = expressions.map(|(written, field)| Compiled::new(written, field));
        let expressions = expressions.collect::<Result<Vec<_>, _>>()?;
        let conditions = plan.conditions.iter();
        let conditions = conditions.map(|(written, field)| Condition::new(written, field));
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        config.remarks.log();
        set_build();
        log::info!(
            "stats is on: {} series per worker, {} of its own expressions",
            config
                .max_series
                .map_or("unlimited".to_owned(), |max| max.to_string()),
            expressions.len()
        );
        Ok(Self {
            streams: Streams::default(),
            plan,
            expressions,
            conditions,
            reports: RefCell::new(Reports::new(SeriesTable::new(
                config.encoding,
                config.max_series,
            ))),
            services: RefCell::default(),
            connections: RefCell::default(),
            local: Peer::of_node(node_metadata),
            reader: Reader::new(reporter(config.is_waypoint), config.host_fallback),
            counters,
            period: config.reporting_period,
        })
    }

    /// How often to look whether something is due.
    pub(super) fn tick(&self) -> Duration {
        self.period.min(REFRESH)
    }

    /// How often to report open streams.
    pub(super) fn reporting_period(&self) -> Duration {
        self.period
    }

    /// Forgets what may have changed: clusters, and what was made of them.
    pub(super) fn forget(&self) {
        if let Ok(mut services) = self.services.try_borrow_mut() {
            services.clear();
        }
        if let Ok(mut reports) = self.reports.try_borrow_mut() {
            reports.forget();
        }
    }
}

/// The older plugin was told its side by its root id.
fn reporter(is_waypoint: bool) -> Option<Reporter> {
    if is_waypoint {
        return Some(Reporter::Waypoint);
    }
    match get(&["plugin_root_id"]).as_deref() {
        Some(b"stats_outbound") => Some(Reporter::Source),
        Some(b"stats_inbound") => Some(Reporter::Destination),
        _ => None,
    }
}

fn node_metadata(path: &[&str]) -> Option<Vec<u8>> {
    let path: Vec<_> = ["xds", "node", "metadata"]
        .iter()
        .chain(path)
        .copied()
        .collect();
    get(&path).filter(|value| !value.is_empty())
}

/// `istio_build`: which Istio this proxy is of.
fn set_build() {
    let version = node_metadata(&["ISTIO_VERSION"]);
    let version = version.map_or(UNKNOWN.to_owned(), |version| {
        String::from_utf8_lossy(&version).into_owned()
    });
    let name = build_name(&version);
    let gauge = hostcalls::define_metric(proxy_wasm::types::MetricType::Gauge, &name);
    if let Ok(gauge) = gauge {
        let _ = hostcalls::record_metric(gauge, 1);
    }
}
