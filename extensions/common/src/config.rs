//! Strict JSON configuration, with errors that say which field is wrong, how, and what is expected.

use std::time::Duration;

use proxy_wasm::types::BufferType;
use serde::{Deserialize, Deserializer, de, de::DeserializeOwned};

use crate::{
    hostcalls::{self, HostError},
    json,
};

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// Not JSON, or JSON of another shape. Values are left out: they may be secrets.
    #[error("{path}: {problem}")]
    Shape {
        /// The JSON path of the field, such as `basic_auth_rules[0].hosts`.
        path: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A value that is out of place.
    #[error("{field}: got {value}, expected {expected}")]
    Invalid {
        /// The JSON path of the field.
        field: String,
        /// The value, as JSON.
        value: String,
        /// What would have been right.
        expected: String,
    },
    /// A field whose value is missing, or is a secret that must not be shown.
    #[error("{field}: expected {expected}")]
    Expected {
        /// The JSON path of the field.
        field: String,
        /// What would have been right.
        expected: String,
    },
    /// The host did not hand over the configuration.
    #[error("the configuration cannot be read: {0}")]
    Host(#[from] HostError),
}

impl ConfigError {
    /// A field with a value that may be shown.
    pub fn invalid(
        field: impl Into<String>,
        value: impl serde::Serialize,
        expected: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            field: field.into(),
            value: serde_json::to_string(&value).unwrap_or_default(),
            expected: expected.into(),
        }
    }

    /// A field with no value, or with a secret one.
    pub fn expected(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Expected {
            field: field.into(),
            expected: expected.into(),
        }
    }
}

/// Reads the plugin's configuration from the host and parses it; none at all counts as `{}`.
pub fn read<T: DeserializeOwned>() -> Result<T, ConfigError> {
    let bytes = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX)?;
    parse(bytes.as_deref().unwrap_or_default())
}

/// Parses `json`; nothing at all counts as `{}`.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, ConfigError> {
    const MAX_DEPTH: usize = 32;
    let json = if json.trim_ascii().is_empty() {
        b"{}"
    } else {
        json
    };
    let value = json::parse(json, MAX_DEPTH).map_err(|error| ConfigError::Shape {
        path: "configuration".into(),
        problem: error.to_string(),
    })?;
    json::deserialize(&value).map_err(|misfit| shape(&misfit.path, &misfit.problem))
}

/// An error of serde's, without what may be a password in the wrong place.
fn shape(path: &str, message: &str) -> ConfigError {
    let unknown_field = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.rsplit_once("`, expected "));
    let (path, problem) = match unknown_field {
        Some((name, expected)) if !is_plain_name(name) => {
            let parent = path.strip_suffix(name).unwrap_or_default();
            let parent = parent.strip_suffix('.').unwrap_or(parent);
            (parent, format!("unknown field, expected {expected}"))
        }
        _ => (path, without_value(message)),
    };
    ConfigError::Shape {
        path: match path {
            "" => "configuration".into(),
            path => path.into(),
        },
        problem,
    }
}

/// Whether `name` can be shown: a field's name, perhaps misspelt, and no credential.
fn is_plain_name(name: &str) -> bool {
    name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Serde quotes the value of a wrong type: keeps only its type.
fn without_value(message: &str) -> String {
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = message.strip_prefix(prefix)
            && let Some((found, expected)) = rest.rsplit_once(", expected ")
        {
            let kind = found.split(['"', '`']).next().unwrap_or_default().trim();
            return format!("{prefix}{kind}, expected {expected}");
        }
    }
    message.to_owned()
}

/// What is found while a configuration is validated and is no error, for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What is probably not meant.
    pub warnings: Vec<String>,
    /// What an operator should know.
    pub notes: Vec<String>,
}

impl Remarks {
    /// Adds a warning.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Adds a note.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Writes all of it to the log.
    pub fn log(&self) {
        for warning in &self.warnings {
            log::warn!("{warning}");
        }
        for note in &self.notes {
            log::info!("{note}");
        }
    }
}

/// A duration in protobuf's JSON form: seconds with up to nine decimals and an `s`, as in `"1.5s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtoDuration(pub Duration);

impl ProtoDuration {
    fn parse(text: &str) -> Option<Duration> {
        let number = text.strip_suffix('s')?;
        let (seconds, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(seconds) || !all_digits(decimals) || decimals.len() > 9 {
            return None;
        }
        let nanoseconds = format!("{decimals:0<9}").parse().ok()?;
        Some(Duration::new(seconds.parse().ok()?, nanoseconds))
    }
}

impl<'de> Deserialize<'de> for ProtoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map(Self).ok_or_else(|| {
            de::Error::custom(format_args!(
                "{text:?} is not a duration in seconds such as \"1.5s\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default)]
        rules: Vec<Rule>,
        ttl: Option<ProtoDuration>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Rule {
        credentials: Vec<String>,
    }

    fn error(json: &str) -> String {
        parse::<Sample>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn nothing_at_all_is_an_empty_object() {
        let empty = Sample {
            rules: Vec::new(),
            ttl: None,
        };
        assert_eq!(parse::<Sample>(b"").unwrap(), empty);
        assert_eq!(parse::<Sample>(b" \n").unwrap(), empty);
    }

    #[test]
    fn errors_name_the_field() {
        assert!(
            error(r#"{"rules": [{"credentials": []}, {"credential": []}]}"#).starts_with(
                "rules[1].credential: unknown field `credential`, expected `credentials`"
            )
        );
        assert!(error("[").starts_with("configuration: "));
        assert_eq!(
            error("{} {}"),
            "configuration: it is not JSON (line 1, column 4)"
        );
        assert!(error(r#"{"rules": [], "rules": []}"#).contains("a member occurs twice"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_shown() {
        let text =
            error(r#"{"rules": [{"credentials": "admin:hunter2, expected \", expected x"}]}"#);
        assert!(
            text.starts_with("rules[0].credentials: invalid type: string, expected a sequence")
        );
        assert!(!text.contains("hunter2"), "{text}");
        let text = error(r#"{"rules": [{"credentials": 4711}]}"#);
        assert!(text.starts_with("rules[0].credentials: invalid type: integer, expected a seq"));
        assert!(!text.contains("4711"), "{text}");
    }

    #[test]
    fn a_field_whose_name_may_be_a_secret_is_not_shown() {
        let text = error(r#"{"rules": [{"admin:hunter2": 1}]}"#);
        assert!(
            text.starts_with("rules[0]: unknown field, expected `credentials`"),
            "{text}"
        );
        let text = error(r#"{"admin:hunter2`, x": 1}"#);
        assert!(
            text.starts_with("configuration: unknown field, expected"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn durations_are_protobuf_json() {
        for (text, nanoseconds) in [
            ("1.5s", 1_500_000_000),
            ("0s", 0),
            ("0.000000001s", 1),
            ("300s", 300_000_000_000),
        ] {
            assert_eq!(
                ProtoDuration::parse(text),
                Some(Duration::from_nanos(nanoseconds)),
                "{text}"
            );
        }
        for bad in [
            "",
            "s",
            "1",
            "1m",
            "-1s",
            "1.s",
            ".5s",
            "1.0000000001s",
            "1e3s",
            "99999999999999999999s",
        ] {
            assert_eq!(ProtoDuration::parse(bad), None, "{bad}");
        }
        assert!(error(r#"{"ttl": "5m"}"#).starts_with("ttl: \"5m\" is not a duration"));
    }
}
