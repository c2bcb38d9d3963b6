//! `policy`: what is evaluated in the proxy itself.

use std::time::Duration;

use extension_common::config::{ConfigError, ProtoDuration};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::server;

/// See `ConfigJson::policy`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyJson {
    /// The policy's text: Rego, one module.
    inline: Option<String>,
    /// The rule that decides. Default: `data.envoy.authz.allow`.
    #[serde(default = "default_query")]
    query: String,
    /// The base document, `data`. Default: empty.
    #[serde(default)]
    data: Map<String, Value>,
    /// Whether the text is Rego as it was before OPA 1.0. Default: false.
    #[serde(default)]
    rego_v0: bool,
    /// What one evaluation may use.
    #[serde(default)]
    limits: LimitsJson,
    /// Where to fetch the policy, its data or both, again and again.
    poll: Option<PollJson>,
}

fn default_query() -> String {
    "data.envoy.authz.allow".into()
}

/// See `PolicyJson::limits`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct LimitsJson {
    /// Time: 1 ms to 10 s. The worker does nothing else meanwhile. Default: `0.05s`.
    #[cfg_attr(test, schemars(with = "String"))]
    time: ProtoDuration,
    /// Memory: 65536 to 1073741824. Default: 33554432.
    memory_bytes: usize,
}

impl Default for LimitsJson {
    fn default() -> Self {
        Self {
            time: ProtoDuration(Duration::from_millis(50)),
            memory_bytes: 32 * 1024 * 1024,
        }
    }
}

/// See `PolicyJson::poll`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PollJson {
    /// The name of the proxy's cluster.
    cluster: String,
    /// The `Host` that it is asked under. Default: the cluster's name.
    authority: Option<String>,
    /// Where the policy's text is.
    policy_path: Option<String>,
    /// Where the data is: a JSON object.
    data_path: Option<String>,
    /// How often: 1 s to a day. Default: `30s`.
    #[cfg_attr(test, schemars(with = "String"))]
    #[serde(default = "default_interval")]
    interval: ProtoDuration,
    /// How long an answer may take: 1 ms to a minute. Default: `5s`.
    #[cfg_attr(test, schemars(with = "String"))]
    #[serde(default = "default_timeout")]
    timeout: ProtoDuration,
}

fn default_interval() -> ProtoDuration {
    ProtoDuration(Duration::from_secs(30))
}

fn default_timeout() -> ProtoDuration {
    ProtoDuration(Duration::from_secs(5))
}

/// A policy, its data, and what an evaluation may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The policy's text, unless it is only polled.
    pub inline: Option<String>,
    /// The rule that decides.
    pub query: String,
    /// The base document.
    pub data: Value,
    /// Whether the text is Rego as it was before OPA 1.0.
    pub rego_v0: bool,
    /// How long an evaluation may take.
    pub time_limit: Duration,
    /// How much memory it may take.
    pub memory_limit: usize,
    /// Where newer ones come from.
    pub poll: Option<Poll>,
}

/// Where policies and data are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The proxy's cluster.
    pub cluster: String,
    /// The `:authority` of the requests to it.
    pub authority: String,
    /// Where the policy's text is, unless it is inline.
    pub policy_path: Option<String>,
    /// Where the data is, unless it is inline.
    pub data_path: Option<String>,
    /// How often.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl PolicyJson {
    pub(super) fn validate(self) -> Result<Policy, ConfigError> {
        let poll = self.poll.map(PollJson::validate).transpose()?;
        let is_polled = poll.as_ref().is_some_and(|poll| poll.policy_path.is_some());
        match &self.inline {
            None if !is_polled => {
                return Err(ConfigError::expected(
                    "policy",
                    "`inline`, the text of the policy, or `poll.policy_path`",
                ));
            }
            Some(text) if text.trim().is_empty() => {
                return Err(ConfigError::expected(
                    "policy.inline",
                    "the text of a policy",
                ));
            }
            _ => {}
        }
        let is_path = |part: &str| {
            part.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !part.is_empty()
        };
        let mut parts = self.query.split('.');
        if parts.next() != Some("data") || !self.query.contains('.') || !parts.all(is_path) {
            let expected = "the path of a rule, such as \"data.envoy.authz.allow\"";
            return Err(ConfigError::invalid("policy.query", self.query, expected));
        }
        let (time_limit, memory_limit) = self.limits.validate()?;
        Ok(Policy {
            inline: self.inline,
            query: self.query,
            data: Value::Object(self.data),
            rego_v0: self.rego_v0,
            time_limit,
            memory_limit,
            poll,
        })
    }
}

impl LimitsJson {
    fn validate(&self) -> Result<(Duration, usize), ConfigError> {
        let times = Duration::from_millis(1)..=Duration::from_secs(10);
        if !times.contains(&self.time.0) {
            let got = format!("{}s", self.time.0.as_secs_f64());
            let expected = "\"0.001s\" to \"10s\"";
            return Err(ConfigError::invalid("policy.limits.time", got, expected));
        }
        if !(64 * 1024..=1024 * 1024 * 1024).contains(&self.memory_bytes) {
            return Err(ConfigError::invalid(
                "policy.limits.memory_bytes",
                self.memory_bytes,
                "65536 to 1073741824",
            ));
        }
        Ok((self.time.0, self.memory_bytes))
    }
}

impl PollJson {
    fn validate(self) -> Result<Poll, ConfigError> {
        if self.policy_path.is_none() && self.data_path.is_none() {
            return Err(ConfigError::expected(
                "policy.poll",
                "`policy_path`, `data_path` or both",
            ));
        }
        let times = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);
        if !times.contains(&self.interval.0) {
            let got = format!("{}s", self.interval.0.as_secs_f64());
            let expected = "\"1s\" to \"86400s\"";
            return Err(ConfigError::invalid("policy.poll.interval", got, expected));
        }
        let authority = self.authority.unwrap_or_else(|| self.cluster.clone());
        let path = |field: &str, path: Option<String>| {
            path.map(|path| server::path(&format!("policy.poll.{field}"), path))
                .transpose()
        };
        Ok(Poll {
            cluster: server::cluster("policy.poll.cluster", self.cluster)?,
            authority: server::authority_of("policy.poll.authority", authority)?,
            policy_path: path("policy_path", self.policy_path)?,
            data_path: path("data_path", self.data_path)?,
            interval: self.interval.0,
            timeout: server::timeout("policy.poll.timeout", self.timeout)?,
        })
    }
}
