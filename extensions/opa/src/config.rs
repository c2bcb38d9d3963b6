//! The configuration: JSON in, a validated [`Config`] out.

mod cache;
mod input;
mod older;
mod policy;
mod server;

use extension_common::config::ConfigError;
use serde::Deserialize;

pub(crate) use cache::MAX_TTL;
pub use cache::{Cache, KeyField};
pub use input::{BodyRules, Form, HeaderChoice, InputRules};
pub use policy::{Policy, Poll};
pub use server::Server;

/// The JSON configuration.
///
/// `opa_service_host`, `opa_cluster_name`, `check_result_cache_valid_sec` and
/// `cache_valid_for_sec` are those of the older C++ filter; they go with `on_error`,
/// `status_on_error` and `mode`, and with nothing else.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ConfigJson {
    /// The OPA server to ask. This or `policy`; both where `on_error` is `embedded`.
    server: Option<server::ServerJson>,

    /// The policy to evaluate in the proxy itself; needs `opa_embedded.wasm`.
    policy: Option<policy::PolicyJson>,

    /// What a policy gets to know of a request.
    input: Option<input::InputJson>,

    /// Remembers decisions. Without it every request is decided anew.
    cache: Option<cache::CacheJson>,

    /// What becomes of a request when there is no decision: the server does not answer, answers
    /// something else, or the evaluation fails. Default: `deny`.
    on_error: OnError,

    /// The status of the answer where `on_error` denies: 400 to 599. Default: 403.
    status_on_error: Option<u16>,

    /// Whether decisions count. Default: `enforce`.
    mode: Mode,

    /// The older filter's: the server's authority.
    opa_service_host: Option<String>,
    /// The older filter's: the server's cluster.
    opa_cluster_name: Option<String>,
    /// The older filter's: for how many seconds decisions are remembered.
    check_result_cache_valid_sec: Option<older::Seconds>,
    /// The older filter's, as its README spelt it.
    cache_valid_for_sec: Option<older::Seconds>,
}

/// See `ConfigJson::on_error`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Refuse the request with `status_on_error`.
    #[default]
    Deny,
    /// Let the request pass.
    Allow,
    /// Let `policy` decide instead of the server.
    Embedded,
}

/// See `ConfigJson::mode`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Decisions are carried out.
    #[default]
    Enforce,
    /// Decisions are made, counted and logged, and every request passes as it is.
    Shadow,
}

/// A validated configuration.
#[derive(Debug)]
pub struct Config {
    /// The server to ask; without one, `policy` decides.
    pub server: Option<Server>,
    /// The policy to evaluate here: instead of a server, or when it fails.
    pub policy: Option<Policy>,
    /// What a policy gets to know.
    pub input: InputRules,
    /// Which parts of the input tell requests apart.
    pub key: Vec<KeyField>,
    /// How decisions are remembered, if they are.
    pub cache: Option<Cache>,
    /// What becomes of a request without a decision.
    pub on_error: OnError,
    /// The status where that is a refusal.
    pub status_on_error: u16,
    /// Whether decisions count.
    pub mode: Mode,
    /// What is probably not meant, for the log.
    pub warnings: Vec<String>,
}

/// Whether this build can evaluate policies.
const HAS_ENGINE: bool = cfg!(feature = "embedded");

impl ConfigJson {
    /// Validates.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(self) -> Result<Config, ConfigError> {
        self.validate_for(HAS_ENGINE)
    }

    /// The same for a build with or without an engine.
    fn validate_for(mut self, has_engine: bool) -> Result<Config, ConfigError> {
        if !has_engine {
            self.refuse_engine()?;
        }
        let is_older = self.is_older();
        if is_older {
            self.translate_older()?;
        }
        let server = self.server.map(server::ServerJson::validate).transpose()?;
        let policy = self.policy.map(policy::PolicyJson::validate).transpose()?;
        match (&server, &policy, self.on_error) {
            (None, None, _) => {
                return Err(ConfigError::expected(
                    "configuration",
                    "`server` or `policy`",
                ));
            }
            (Some(_), Some(_), OnError::Deny | OnError::Allow) => {
                return Err(ConfigError::expected(
                    "policy",
                    "`server` or `policy`, not both; \
                     a `policy` beside a `server` needs `on_error`: \"embedded\"",
                ));
            }
            (Some(_), None, OnError::Embedded) => {
                return Err(ConfigError::invalid(
                    "on_error",
                    "embedded",
                    "a `policy` that decides when the server does not",
                ));
            }
            (None, Some(_), OnError::Embedded) => {
                return Err(ConfigError::invalid(
                    "on_error",
                    "embedded",
                    "\"deny\" or \"allow\": without a `server` the policy decides anyway",
                ));
            }
            _ => {}
        }
        let input = self.input.unwrap_or_default().validate()?;
        let (cache, key) = match self.cache {
            Some(cache) => {
                let (cache, key) = cache.validate(&input)?;
                (Some(cache), key)
            }
            None => (None, cache::default_key(input.form)),
        };
        let status_on_error = self
            .status_on_error
            .unwrap_or(if is_older { 500 } else { 403 });
        if !(400..=599).contains(&status_on_error) {
            return Err(ConfigError::invalid(
                "status_on_error",
                status_on_error,
                "a status from 400 to 599",
            ));
        }
        let mut warnings = Vec::new();
        if self.on_error == OnError::Allow && self.mode == Mode::Enforce {
            warnings.push(
                "on_error: while there is no decision, every request passes; \
                 whoever can overload the server can switch the policy off"
                    .to_owned(),
            );
        }
        Ok(Config {
            server,
            policy,
            input,
            key,
            cache,
            on_error: self.on_error,
            status_on_error,
            mode: self.mode,
            warnings,
        })
    }

    /// What only `opa_embedded.wasm` can do.
    fn refuse_engine(&self) -> Result<(), ConfigError> {
        const EXPECTED: &str =
            "a `server`: opa.wasm cannot evaluate policies, opa_embedded.wasm can";
        if self.policy.is_some() {
            return Err(ConfigError::expected("policy", EXPECTED));
        }
        if self.on_error == OnError::Embedded {
            let expected = "\"deny\" or \"allow\": opa.wasm cannot evaluate policies, \
                            opa_embedded.wasm can";
            return Err(ConfigError::invalid("on_error", "embedded", expected));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
