//! `server`: where the OPA server is.

use std::time::Duration;

use extension_common::{
    config::{ConfigError, ProtoDuration},
    headers,
};
use serde::Deserialize;

/// See `ConfigJson::server`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ServerJson {
    /// The name of the proxy's cluster.
    pub(super) cluster: String,
    /// The `Host` that the server is asked under. Default: the cluster's name.
    pub(super) authority: Option<String>,
    /// The path of the rule in OPA's Data API. Default: `/v1/data/envoy/authz/allow`.
    #[serde(default = "default_path")]
    pub(super) path: String,
    /// How long an answer may take: 1 ms to a minute. Default: `0.2s`.
    #[cfg_attr(test, schemars(with = "String"))]
    #[serde(default = "default_timeout")]
    pub(super) timeout: ProtoDuration,
}

fn default_path() -> String {
    "/v1/data/envoy/authz/allow".into()
}

fn default_timeout() -> ProtoDuration {
    ProtoDuration(Duration::from_millis(200))
}

/// An OPA server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The proxy's cluster.
    pub cluster: String,
    /// The `:authority` of the requests to it.
    pub authority: String,
    /// Their `:path`.
    pub path: String,
    /// How long an answer may take: whole milliseconds.
    pub timeout: Duration,
}

impl ServerJson {
    pub(super) fn validate(self) -> Result<Server, ConfigError> {
        let authority = self.authority.unwrap_or_else(|| self.cluster.clone());
        Ok(Server {
            cluster: cluster("server.cluster", self.cluster)?,
            authority: authority_of("server.authority", authority)?,
            path: path("server.path", self.path)?,
            timeout: timeout("server.timeout", self.timeout)?,
        })
    }
}

/// A name that a callout can be sent to.
pub(super) fn cluster(field: &str, name: String) -> Result<String, ConfigError> {
    if name.is_empty() || !headers::is_valid_value(name.as_bytes()) {
        return Err(ConfigError::invalid(field, name, "the name of a cluster"));
    }
    Ok(name)
}

pub(super) fn authority_of(field: &str, authority: String) -> Result<String, ConfigError> {
    if authority.is_empty() || !authority.bytes().all(|byte| byte.is_ascii_graphic()) {
        let expected = "a host name, with a port or without";
        return Err(ConfigError::invalid(field, authority, expected));
    }
    Ok(authority)
}

pub(super) fn path(field: &str, path: String) -> Result<String, ConfigError> {
    if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        let expected = "a path that begins with a slash, such as \"/v1/data/envoy/authz/allow\"";
        return Err(ConfigError::invalid(field, path, expected));
    }
    Ok(path)
}

/// The host counts in milliseconds, and takes 0 for no timeout at all.
pub(super) fn timeout(field: &str, timeout: ProtoDuration) -> Result<Duration, ConfigError> {
    const RANGE: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(1)..=Duration::from_secs(60);
    if !RANGE.contains(&timeout.0) || !timeout.0.subsec_nanos().is_multiple_of(1_000_000) {
        let got = format!("{}s", timeout.0.as_secs_f64());
        let expected = "whole milliseconds from \"0.001s\" to \"60s\"";
        return Err(ConfigError::invalid(field, got, expected));
    }
    Ok(timeout.0)
}
