//! `cache`: how decisions are remembered.

use std::time::Duration;

use extension_common::config::{ConfigError, ProtoDuration};
use serde::Deserialize;

use super::input::{Form, HeaderChoice, InputRules, header_name};

/// See `ConfigJson::cache`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct CacheJson {
    /// How long an `allow` is good for, up to a day; `0s` remembers none. Default: `10s`.
    #[cfg_attr(test, schemars(with = "String"))]
    ttl: ProtoDuration,
    /// The same for a denial. Default: `2s`.
    #[cfg_attr(test, schemars(with = "String"))]
    negative_ttl: ProtoDuration,
    /// At most this many per worker: 1 to 100000. Default: 1000.
    max_entries: usize,
    /// The parts of the input in which requests must be equal to share a decision: `method`,
    /// `path` (with the query), `host`, `scheme`, `protocol`, `source_address`, `source_port`,
    /// `source_principal`, `destination_address`, `sni`, `body`, `headers` or single ones as in
    /// `headers.x-user`. Default: all but `source_port` and headers that hold request and trace ids.
    key: Option<Vec<String>>,
}

impl Default for CacheJson {
    fn default() -> Self {
        Self {
            ttl: ProtoDuration(Duration::from_secs(10)),
            negative_ttl: ProtoDuration(Duration::from_secs(2)),
            max_entries: 1000,
            key: None,
        }
    }
}

/// How decisions are remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// How long an `allow` is good for.
    pub ttl: Duration,
    /// How long a denial is.
    pub negative_ttl: Duration,
    /// How many of both.
    pub max_entries: usize,
}

/// A part of the input that tells requests apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyField {
    /// The method.
    Method,
    /// The path with its query, as it was sent.
    Path,
    /// The path without its query.
    UrlPath,
    /// The `:authority`.
    Host,
    /// `http` or `https`.
    Scheme,
    /// The HTTP version.
    Protocol,
    /// The client's address without its port.
    SourceAddress,
    /// The client's port.
    SourcePort,
    /// Who the client's certificate says it is.
    SourcePrincipal,
    /// Where the request came in.
    DestinationAddress,
    /// The workload that the proxy stands before.
    DestinationWorkload,
    /// The TLS server name.
    Sni,
    /// As much of the body as the policy sees.
    Body,
    /// Every header that the policy sees, but for those with request and trace ids.
    Headers,
    /// One header, in lower case.
    Header(String),
}

/// The longest that a decision may be remembered.
pub(crate) const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_ENTRIES: usize = 100_000;

impl CacheJson {
    /// The older filter's: one time for both kinds of decisions.
    pub(super) fn for_seconds(seconds: u64) -> Self {
        let ttl = ProtoDuration(Duration::from_secs(seconds));
        Self {
            ttl,
            negative_ttl: ttl,
            ..Self::default()
        }
    }

    pub(super) fn validate(
        self,
        input: &InputRules,
    ) -> Result<(Cache, Vec<KeyField>), ConfigError> {
        let times = [
            ("cache.ttl", self.ttl),
            ("cache.negative_ttl", self.negative_ttl),
        ];
        for (field, time) in times {
            if time.0 > MAX_TTL {
                let got = format!("{}s", time.0.as_secs_f64());
                let expected = "at most a day, \"86400s\"";
                return Err(ConfigError::invalid(field, got, expected));
            }
        }
        if !(1..=MAX_ENTRIES).contains(&self.max_entries) {
            let expected = format!("1 to {MAX_ENTRIES}");
            return Err(ConfigError::invalid(
                "cache.max_entries",
                self.max_entries,
                expected,
            ));
        }
        let key = match &self.key {
            Some(names) => key(names, input)?,
            None => default_key(input.form),
        };
        let cache = Cache {
            ttl: self.ttl.0,
            negative_ttl: self.negative_ttl.0,
            max_entries: self.max_entries,
        };
        Ok((cache, key))
    }
}

/// The whole input but for what differs on every request.
pub(super) fn default_key(form: Form) -> Vec<KeyField> {
    match form {
        Form::Envoy => vec![
            KeyField::Method,
            KeyField::Path,
            KeyField::Host,
            KeyField::Scheme,
            KeyField::Protocol,
            KeyField::SourceAddress,
            KeyField::SourcePrincipal,
            KeyField::DestinationAddress,
            KeyField::Sni,
            KeyField::Headers,
            KeyField::Body,
        ],
        Form::Legacy => vec![
            KeyField::Method,
            KeyField::UrlPath,
            KeyField::SourcePrincipal,
            KeyField::DestinationWorkload,
        ],
    }
}

fn key(names: &[String], input: &InputRules) -> Result<Vec<KeyField>, ConfigError> {
    if names.is_empty() {
        return Err(ConfigError::expected(
            "cache.key",
            "at least one part of the input",
        ));
    }
    if input.form == Form::Legacy {
        return Err(ConfigError::expected(
            "cache.key",
            "nothing: the form \"legacy\" is remembered by all its four fields",
        ));
    }
    let mut fields = Vec::new();
    for (index, name) in names.iter().enumerate() {
        fields.push(field(&format!("cache.key[{index}]"), name, input)?);
    }
    Ok(fields)
}

fn field(place: &str, name: &str, input: &InputRules) -> Result<KeyField, ConfigError> {
    Ok(match name {
        "method" => KeyField::Method,
        "path" => KeyField::Path,
        "host" => KeyField::Host,
        "scheme" => KeyField::Scheme,
        "protocol" => KeyField::Protocol,
        "source_address" => KeyField::SourceAddress,
        "source_port" => KeyField::SourcePort,
        "source_principal" => KeyField::SourcePrincipal,
        "destination_address" => KeyField::DestinationAddress,
        "sni" => KeyField::Sni,
        "headers" => KeyField::Headers,
        "body" if input.body.is_some() => KeyField::Body,
        "body" => {
            let expected = "`input.body`: the policy sees no body";
            return Err(ConfigError::invalid(place, name, expected));
        }
        _ => {
            let Some(header) = name.strip_prefix("headers.") else {
                let expected = "method, path, host, scheme, protocol, source_address, source_port, \
                                source_principal, destination_address, sni, body, headers or \
                                headers.<name>";
                return Err(ConfigError::invalid(place, name, expected));
            };
            let header = header_name(place, header)?;
            if let HeaderChoice::Listed(listed) = &input.headers
                && !listed.contains(&header)
            {
                let expected = "a header of `input.headers`: the policy does not see this one";
                return Err(ConfigError::invalid(place, name, expected));
            }
            KeyField::Header(header)
        }
    })
}
