//! The configuration, such as `{"cluster": "draws", "timeout_ms": 500}`.

use std::time::Duration;

use serde::Deserialize;

/// The JSON configuration; any other field is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The cluster of the server that draws.
    pub(crate) cluster: String,
    /// How long a request waits for its draw.
    #[serde(default = "one_second")]
    timeout_ms: u16,
}

fn one_second() -> u16 {
    1_000
}

impl Config {
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let config: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if config.timeout_ms == 0 {
            return Err("timeout_ms: got 0, which would be no limit at all".to_owned());
        }
        Ok(config)
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_long_enough_unless_told_otherwise() {
        let timeout = |json: &str| Config::read(json.as_bytes()).unwrap().timeout();
        let one = Duration::from_secs(1);
        assert_eq!(timeout(r#"{"cluster": "a"}"#), one);
        assert_eq!(timeout(r#"{"cluster": "a", "timeout_ms": 20}"#), one / 50);
    }

    #[test]
    fn errors_name_the_field() {
        let error = |json: &str| Config::read(json.as_bytes()).unwrap_err();
        assert!(error("{}").contains("missing field `cluster`"));
        assert!(error(r#"{"clusters": "a"}"#).contains("unknown field `clusters`"));
        assert!(error(r#"{"cluster": "a", "timeout_ms": 0}"#).starts_with("timeout_ms: got 0"));
    }
}
