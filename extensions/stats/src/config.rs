//! The configuration: JSON in, a validated [`Config`] out.
//!
//! It is Istio's `stats.PluginConfig`, as the older Wasm plugin took it.

mod lenient;
mod metric;

use std::time::Duration;

use extension_common::config::{ConfigError, Remarks};
use serde::Deserialize;

use crate::encoding::{Encoding, is_separator};
use lenient::{Flag, Period};
pub use metric::{Definition, DefinitionJson, Kind, MetricJson, Override};

/// The JSON configuration. Fields may be written in camel case too.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ConfigJson {
    /// Changes of the standard metrics: of one, or of all where there is no name.
    metrics: Vec<MetricJson>,

    /// Metrics beside the standard ones, or in their place.
    definitions: Vec<DefinitionJson>,

    /// Whether the `Host` header may not stand in for a destination service that is not known.
    /// Default: true on inbound listeners and waypoints, false elsewhere.
    #[serde(alias = "disableHostHeaderFallback")]
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    disable_host_header_fallback: Option<Flag>,

    /// How often open TCP connections and gRPC streams are reported, from 1s to 3600s.
    /// Default: `5s`.
    #[serde(alias = "tcpReportingDuration")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    tcp_reporting_duration: Option<Period>,

    /// `SERVER_GATEWAY` for a waypoint. Default: `UNSPECIFIED`.
    reporter: ReporterJson,

    /// What stands behind a label's value. Default: `;.;`.
    #[serde(alias = "fieldSeparator")]
    field_separator: Option<String>,

    /// What stands between a label and its value. Default: `=.=`.
    #[serde(alias = "valueSeparator")]
    value_separator: Option<String>,

    /// Whether labels come before a metric's name, as the older plugin wrote it. Then Istio's
    /// histogram buckets cannot be told apart by metric. Default: false.
    #[serde(alias = "legacyNameOrder")]
    legacy_name_order: bool,

    /// So many sets of labels are kept apart per worker; the streams of all others are counted
    /// under labels that say `other`. 0: no limit. Up to 1000000. Default: 2000.
    #[serde(alias = "maxSeries")]
    max_series: Option<usize>,

    /// Obsolete, and ignored.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    debug: Option<Flag>,
    /// Obsolete, and ignored: metadata-exchange remembers peers.
    #[serde(alias = "maxPeerCacheSize")]
    #[cfg_attr(test, schemars(with = "Option<i64>"))]
    max_peer_cache_size: Option<serde::de::IgnoredAny>,
    /// Obsolete, and ignored: it is `istio`.
    #[serde(alias = "statPrefix")]
    stat_prefix: Option<String>,
    /// Of Istio's native filter, where it is obsolete too; ignored.
    #[serde(alias = "rotationInterval")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    rotation_interval: Option<Period>,
    /// Of Istio's native filter, where it is obsolete too; ignored.
    #[serde(alias = "gracefulDeletionInterval")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    graceful_deletion_interval: Option<Period>,
}

/// See `ConfigJson::reporter`.
#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum ReporterJson {
    /// By the listener.
    #[default]
    #[serde(rename = "UNSPECIFIED")]
    Unspecified,
    /// A waypoint.
    #[serde(rename = "SERVER_GATEWAY")]
    ServerGateway,
}

/// The validated configuration.
#[derive(Debug)]
pub struct Config {
    /// Changes of metrics, in their order.
    pub overrides: Vec<Override>,
    /// Metrics of the operator's own.
    pub definitions: Vec<Definition>,
    /// Whether the `Host` header may stand in; by the listener where nothing is said.
    pub host_fallback: Option<bool>,
    /// How often open connections are reported.
    pub reporting_period: Duration,
    /// Whether this is a waypoint.
    pub is_waypoint: bool,
    /// How names are put together.
    pub encoding: Encoding,
    /// So many label sets; none: no limit.
    pub max_series: Option<usize>,
    /// For the log.
    pub remarks: Remarks,
}

impl ConfigJson {
    /// Checks everything but what only the host can check: expressions.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(self) -> Result<Config, ConfigError> {
        let mut remarks = Remarks::default();
        for (field, is_there) in [
            ("debug", self.debug.is_some()),
            ("max_peer_cache_size", self.max_peer_cache_size.is_some()),
            ("stat_prefix", self.stat_prefix.is_some()),
            ("rotation_interval", self.rotation_interval.is_some()),
            (
                "graceful_deletion_interval",
                self.graceful_deletion_interval.is_some(),
            ),
        ] {
            if is_there {
                remarks.warn(format!("{field} is obsolete and ignored"));
            }
        }
        let period = self
            .tcp_reporting_duration
            .map_or(Duration::from_secs(5), |period| period.0);
        if !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&period) {
            let expected = "a duration from 1s to 3600s";
            let value = format!("{}s", period.as_secs_f64());
            return Err(ConfigError::invalid(
                "tcp_reporting_duration",
                value,
                expected,
            ));
        }
        let max_series = self.max_series.unwrap_or(2000);
        if max_series > 1_000_000 {
            let expected = "a number from 0 to 1000000";
            return Err(ConfigError::invalid("max_series", max_series, expected));
        }
        let default = Encoding::default();
        let encoding = Encoding {
            value_separator: self.value_separator.unwrap_or(default.value_separator),
            field_separator: self.field_separator.unwrap_or(default.field_separator),
            legacy_order: self.legacy_name_order,
        };
        for (field, separator) in [
            ("value_separator", &encoding.value_separator),
            ("field_separator", &encoding.field_separator),
        ] {
            if !is_separator(separator) {
                let expected = "2 to 8 punctuation characters, without _";
                return Err(ConfigError::invalid(field, separator, expected));
            }
        }
        let definitions = metric::definitions(self.definitions)?;
        let overrides = metric::overrides(self.metrics, &definitions, &mut remarks)?;
        Ok(Config {
            overrides,
            definitions,
            host_fallback: self.disable_host_header_fallback.map(|flag| !flag.0),
            reporting_period: period,
            is_waypoint: self.reporter == ReporterJson::ServerGateway,
            encoding,
            max_series: (max_series > 0).then_some(max_series),
            remarks,
        })
    }
}

#[cfg(test)]
mod tests;
