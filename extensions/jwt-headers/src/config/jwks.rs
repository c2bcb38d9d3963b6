//! Where a provider's keys come from.

use std::time::Duration;

use extension_common::{
    config::{ConfigError, ProtoDuration, Remarks},
    json::{Tree, Value},
};
use extension_jwt::{
    algorithm::Algorithm,
    jwks::{KeySet, Origin},
};
use serde::Deserialize;

use crate::{
    provider::Keys,
    remote::{Remote, Settings},
};

/// A set of keys (RFC 7517). Exactly one of the fields is required.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct JwksJson {
    /// The set itself: an object, or JSON as a text.
    #[cfg_attr(test, schemars(with = "Option<InlineJwks>"))]
    inline: Option<Tree>,

    /// A server that publishes the set.
    remote: Option<RemoteJson>,

    /// The name of an environment variable of the VM that holds the set as JSON.
    env: Option<String>,
}

/// An object, or JSON as a text.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "for the schema")]
enum InlineJwks {
    Object(std::collections::BTreeMap<String, serde_json::Value>),
    Text(String),
}

/// See `JwksJson::remote`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RemoteJson {
    /// The proxy's cluster for the server.
    cluster: String,

    /// The server's name, which goes into the request's `:authority`.
    authority: String,

    /// The path of the set, such as `/.well-known/jwks.json`.
    path: String,

    /// How long an answer may take, and a request may wait for it; up to 60 s. Default: `5s`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    timeout: Option<ProtoDuration>,

    /// How often the set is fetched again, from a second to a day. Default: `600s`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    refresh_interval: Option<ProtoDuration>,

    /// How much longer the last good set is used while the server fails; up to a week. Default:
    /// `3600s`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    stale_for: Option<ProtoDuration>,
}

impl JwksJson {
    pub(super) fn validate(
        self,
        field: &str,
        algorithms: &[Algorithm],
        env: impl Fn(&str) -> Option<String>,
        remarks: &mut Remarks,
    ) -> Result<Keys, ConfigError> {
        let is_secret = algorithms.iter().any(|algorithm| algorithm.is_symmetric());
        match (self.inline, self.remote, self.env) {
            (Some(inline), None, None) => {
                let text = match inline.0 {
                    Value::String(text) => text.into_owned(),
                    other => other.to_json(),
                };
                let field = format!("{field}.inline");
                fixed(&field, &text, algorithms, remarks).map(Keys::Fixed)
            }
            (None, Some(_), None) if is_secret => Err(ConfigError::expected(
                field,
                "`inline` or `env`: a secret for HS256, HS384 or HS512 is not published",
            )),
            (None, Some(remote), None) => {
                let settings = remote.validate(&format!("{field}.remote"))?;
                Ok(Keys::Remote(Box::new(Remote::new(settings))))
            }
            (None, None, Some(name)) => {
                let field = format!("{field}.env");
                // Anything else may be the keys themselves, in the wrong place.
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                if name.is_empty() || !name.bytes().all(is_name) {
                    return Err(ConfigError::expected(
                        field,
                        "the name of an environment variable: letters, digits and `_`",
                    ));
                }
                let text = env(&name).filter(|text| !text.is_empty()).ok_or_else(|| {
                    ConfigError::invalid(
                        field.clone(),
                        &name,
                        "the name of an environment variable that holds a JSON Web Key Set",
                    )
                })?;
                fixed(&field, &text, algorithms, remarks).map(Keys::Fixed)
            }
            _ => Err(ConfigError::expected(
                field,
                "exactly one of `inline`, `remote` and `env`",
            )),
        }
    }
}

/// The operator's own set.
fn fixed(
    field: &str,
    text: &str,
    algorithms: &[Algorithm],
    remarks: &mut Remarks,
) -> Result<KeySet, ConfigError> {
    let (keys, left_out) = KeySet::parse(text.as_bytes(), Origin::Operator).map_err(|error| {
        ConfigError::expected(field, format!("a JSON Web Key Set, but {error}"))
    })?;
    for (index, unusable) in left_out {
        remarks.warn(format!("{field}: keys[{index}] is not used: {unusable}"));
    }
    if keys.is_empty() {
        remarks.warn(format!(
            "{field}: there is no key, so every token is refused"
        ));
        return Ok(keys);
    }
    if keys.is_secret() != algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
        return Err(ConfigError::expected(
            field,
            "secrets (`oct`) for HS256, HS384 and HS512, and public keys for all other algorithms",
        ));
    }
    for algorithm in algorithms {
        if !keys.has_key_for(*algorithm) {
            remarks.warn(format!("{field}: there is no key for {}", algorithm.name()));
        }
    }
    Ok(keys)
}

impl RemoteJson {
    fn validate(self, field: &str) -> Result<Settings, ConfigError> {
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        for (name, text) in [("cluster", &self.cluster), ("authority", &self.authority)] {
            if !is_word(text) {
                return Err(ConfigError::invalid(
                    format!("{field}.{name}"),
                    text,
                    "a name without blanks",
                ));
            }
        }
        if !self.path.starts_with('/') || !is_word(&self.path) {
            return Err(ConfigError::invalid(
                format!("{field}.path"),
                self.path,
                "a path such as \"/.well-known/jwks.json\"",
            ));
        }
        let within = |name, given: Option<ProtoDuration>, default, min, max| {
            let duration = given.map_or(Duration::from_secs(default), |given| given.0);
            if duration < Duration::from_millis(min) || duration > Duration::from_secs(max) {
                return Err(ConfigError::invalid(
                    format!("{field}.{name}"),
                    format!("{}s", duration.as_secs_f64()),
                    format!(
                        "from \"{}s\" to \"{max}s\"",
                        Duration::from_millis(min).as_secs_f64()
                    ),
                ));
            }
            Ok(duration)
        };
        const DAY: u64 = 24 * 60 * 60;
        let timeout = within("timeout", self.timeout, 5, 1, 60)?;
        let refresh_interval = within("refresh_interval", self.refresh_interval, 600, 1_000, DAY)?;
        let stale_for = within("stale_for", self.stale_for, 3_600, 0, 7 * DAY)?;
        Ok(Settings {
            cluster: self.cluster,
            authority: self.authority,
            path: self.path,
            timeout,
            refresh_interval,
            stale_for,
        })
    }
}
