//! The configuration of the older C++ filter.

use extension_common::config::{ConfigError, ProtoDuration};
use serde::Deserialize;

use super::{ConfigJson, cache::CacheJson, input::InputJson, server::ServerJson};

/// Seconds as a number, or as text, which the older filter took too.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "Number")]
#[cfg_attr(test, schemars(with = "u64"))]
pub(super) struct Seconds(u64);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number of seconds")]
enum Number {
    Number(u64),
    Text(String),
}

impl TryFrom<Number> for Seconds {
    type Error = &'static str;

    fn try_from(number: Number) -> Result<Self, Self::Error> {
        match number {
            Number::Number(seconds) => Ok(Self(seconds)),
            Number::Text(text) => text
                .parse()
                .map(Self)
                .map_err(|_| "expected a number of seconds"),
        }
    }
}

/// Longer made no sense, and overflowed in the older filter.
const MAX_CACHE_SECONDS: u64 = 24 * 60 * 60;

impl ConfigJson {
    pub(super) fn is_older(&self) -> bool {
        self.opa_service_host.is_some()
            || self.opa_cluster_name.is_some()
            || self.check_result_cache_valid_sec.is_some()
            || self.cache_valid_for_sec.is_some()
    }

    /// Writes the older fields as today's.
    pub(super) fn translate_older(&mut self) -> Result<(), ConfigError> {
        let news = [
            ("server", self.server.is_some()),
            ("policy", self.policy.is_some()),
            ("input", self.input.is_some()),
            ("cache", self.cache.is_some()),
        ];
        if let Some((field, _)) = news.into_iter().find(|(_, is_there)| *is_there) {
            let expected = "either this or the older filter's `opa_service_host`, \
                            `opa_cluster_name` and `check_result_cache_valid_sec`";
            return Err(ConfigError::expected(field, expected));
        }
        let (Some(authority), Some(cluster)) =
            (self.opa_service_host.take(), self.opa_cluster_name.take())
        else {
            return Err(ConfigError::expected(
                "configuration",
                "both `opa_service_host` and `opa_cluster_name`",
            ));
        };
        if self.check_result_cache_valid_sec.is_some() && self.cache_valid_for_sec.is_some() {
            return Err(ConfigError::expected(
                "cache_valid_for_sec",
                "this or `check_result_cache_valid_sec`: they mean the same",
            ));
        }
        self.server = Some(ServerJson {
            cluster,
            authority: Some(authority),
            path: "/v1/data/test/allow".to_owned(),
            timeout: ProtoDuration(std::time::Duration::from_secs(5)),
        });
        self.input = Some(InputJson::legacy());
        let seconds = self
            .check_result_cache_valid_sec
            .take()
            .or(self.cache_valid_for_sec.take());
        // None and zero: no cache, as before.
        if let Some(Seconds(seconds @ 1..)) = seconds {
            self.cache = Some(CacheJson::for_seconds(seconds.min(MAX_CACHE_SECONDS)));
        }
        Ok(())
    }
}
