//! Where a provider's tokens are.

use extension_common::{config::ConfigError, headers::HeaderName};
use serde::Deserialize;

use crate::source::Source;

/// A place that a token may be in. Exactly one of `header`, `query` and `cookie` is required.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct SourceJson {
    /// A header.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    header: Option<HeaderName>,
    /// The scheme before the token, such as `Bearer`; its case does not count. Left out: the token is
    /// the whole value.
    scheme: Option<String>,
    /// A parameter of the query.
    query: Option<String>,
    /// A cookie.
    cookie: Option<String>,
}

impl SourceJson {
    pub(super) fn validate(self, field: &str) -> Result<Source, ConfigError> {
        let is_token = |text: &str| HeaderName::new(text).is_some();
        match (self.header, self.query, self.cookie) {
            (Some(name), None, None) => {
                if name.is_reserved() || name.as_str() == "cookie" {
                    return Err(ConfigError::invalid(
                        format!("{field}.header"),
                        name.as_str(),
                        "a header that can hold a token",
                    ));
                }
                if let Some(scheme) = &self.scheme
                    && !is_token(scheme)
                {
                    return Err(ConfigError::invalid(
                        format!("{field}.scheme"),
                        scheme,
                        "a scheme such as \"Bearer\"",
                    ));
                }
                Ok(Source::Header {
                    name,
                    scheme: self.scheme,
                })
            }
            (None, Some(query), None) if self.scheme.is_none() && !query.is_empty() => {
                Ok(Source::Query(query))
            }
            (None, None, Some(cookie)) if self.scheme.is_none() && is_token(&cookie) => {
                Ok(Source::Cookie(cookie))
            }
            _ => Err(ConfigError::expected(
                field,
                "exactly one of `header` (with an optional `scheme`), `query` and `cookie`, not empty",
            )),
        }
    }
}
