//! The configuration: `{"header": "x-powered-by", "value": "wasm"}`.

use extension_common::{
    config::ConfigError,
    headers::{self, HeaderName},
};
use serde::Deserialize;

/// The JSON configuration; any other field is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name of the header. What the upstream sends under this name is replaced.
    pub header: HeaderName,
    /// Its value.
    pub value: String,
}

impl Config {
    /// Checks what the types cannot.
    pub fn validate(self) -> Result<Self, ConfigError> {
        if !headers::is_valid_value(self.value.as_bytes()) {
            return Err(ConfigError::invalid(
                "value",
                &self.value,
                "a text without control characters",
            ));
        }
        Ok(self)
    }
}
