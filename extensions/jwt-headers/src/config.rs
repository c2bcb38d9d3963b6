//! The configuration: JSON in, a validated [`Config`] out.

mod claims;
mod fields;
mod jwks;
mod provider;
mod rule;
mod source;

use extension_common::{
    config::{ConfigError, Remarks},
    path::EscapedSeparators,
};
use extension_jwt::signature::HostCrypto;
use serde::Deserialize;

use crate::{
    authenticator::{Authenticator, Requirement, Rules},
    cache::TokenCache,
    provider::Provider,
};

use fields::Named;
pub use {provider::ProviderJson, rule::RuleJson};

/// The JSON configuration.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfigJson {
    /// Who issues tokens, by a name of your choice: letters, digits, `-` and `_`.
    #[cfg_attr(
        test,
        schemars(with = "std::collections::BTreeMap<String, ProviderJson>")
    )]
    providers: Named<ProviderJson>,

    /// Where which tokens are required. A request that no rule covers passes unchecked. Left out:
    /// every request requires a token of one of the providers.
    rules: Option<Vec<RuleJson>>,

    /// The realm that a client is shown (RFC 6750, section 3). Default: `jwt`.
    #[serde(default = "default_realm")]
    realm: String,

    /// Whether a CORS preflight request passes without a token. Default: false.
    #[serde(default)]
    bypass_cors_preflight: bool,

    /// Whether the proxy is asked to choose the route again once claims have changed headers. Envoy
    /// does so by itself. Default: false.
    #[serde(default)]
    clear_route_cache: bool,

    /// What to do with an encoded slash or backslash in the path of a host that a rule speaks of.
    /// Default: `reject`.
    #[serde(default)]
    escaped_separators: EscapedSeparatorsJson,

    /// How verified tokens are remembered.
    #[serde(default)]
    token_cache: TokenCacheJson,
}

/// See `ConfigJson::escaped_separators`.
#[derive(Clone, Copy, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum EscapedSeparatorsJson {
    /// Answer 400.
    #[default]
    Reject,
    /// Match the path both as it is and decoded.
    Match,
}

/// See `ConfigJson::token_cache`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct TokenCacheJson {
    /// At most this many per worker, up to 100000; 0 turns the cache off. Default: 1000.
    max_entries: usize,
}

impl Default for TokenCacheJson {
    fn default() -> Self {
        Self { max_entries: 1000 }
    }
}

fn default_realm() -> String {
    "jwt".into()
}

const MAX_CACHE_ENTRIES: usize = 100_000;

/// A validated configuration.
pub struct Config {
    /// Decides on requests.
    pub authenticator: Authenticator,
    /// What every `WWW-Authenticate` begins with.
    pub challenge: String,
    /// Whether to ask for a new route.
    pub clear_route_cache: bool,
    /// What an operator should know, for the log.
    pub remarks: Remarks,
    /// How many rules are active.
    pub rule_count: usize,
}

impl ConfigJson {
    /// Validates. `env` reads an environment variable of the VM; `host` verifies signatures.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(
        self,
        env: impl Fn(&str) -> Option<String>,
        host: Option<HostCrypto>,
    ) -> Result<Config, ConfigError> {
        let challenge = challenge(&self.realm)?;
        if self.token_cache.max_entries > MAX_CACHE_ENTRIES {
            return Err(ConfigError::invalid(
                "token_cache.max_entries",
                self.token_cache.max_entries,
                format!("at most {MAX_CACHE_ENTRIES}"),
            ));
        }
        let mut remarks = Remarks::default();
        let mut providers: Vec<Provider> = Vec::new();
        for (name, provider) in self.providers.0 {
            providers.push(provider.validate(name, &env, &mut remarks)?);
        }
        if providers.is_empty() {
            return Err(ConfigError::expected("providers", "at least one provider"));
        }
        check_headers(&providers)?;
        let rule_count = self.rules.as_ref().map_or(1, Vec::len);
        let rules = match self.rules {
            None => Rules::Everything(Requirement::Any((0..providers.len()).collect())),
            Some(rules) => rule::validate(rules, &providers, &mut remarks)?,
        };
        Ok(Config {
            authenticator: Authenticator {
                providers,
                rules,
                separators: match self.escaped_separators {
                    EscapedSeparatorsJson::Reject => EscapedSeparators::Reject,
                    EscapedSeparatorsJson::Match => EscapedSeparators::Match,
                },
                bypass_cors_preflight: self.bypass_cors_preflight,
                cache: TokenCache::new(self.token_cache.max_entries),
                host,
            },
            challenge,
            clear_route_cache: self.clear_route_cache,
            remarks,
            rule_count,
        })
    }
}

/// A header that claims produce is removed from what clients send: it cannot be where they send
/// their token.
fn check_headers(providers: &[Provider]) -> Result<(), ConfigError> {
    let mut sources = providers.iter().flat_map(|provider| {
        provider
            .token_headers()
            .map(move |header| (&provider.name, header))
    });
    let clash = sources.find(|(_, source)| {
        providers
            .iter()
            .flat_map(|provider| provider.using.produced())
            .any(|produced| produced.is_spelled(source.as_str().as_bytes()))
    });
    match clash {
        None => Ok(()),
        Some((name, header)) => Err(ConfigError::invalid(
            format!("providers.{name}.sources"),
            header.as_str(),
            "a header that no claim is written to",
        )),
    }
}

/// The challenge of RFC 6750, section 3, with the realm as a quoted string (RFC 9110, section 5.6.4).
fn challenge(realm: &str) -> Result<String, ConfigError> {
    if realm.chars().any(char::is_control) {
        return Err(ConfigError::invalid(
            "realm",
            realm,
            "a text without control characters",
        ));
    }
    let escaped = realm.replace('\\', r"\\").replace('"', "\\\"");
    Ok(format!("Bearer realm=\"{escaped}\""))
}

#[cfg(test)]
mod tests;
