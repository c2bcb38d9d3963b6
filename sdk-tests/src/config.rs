//! What a plugin is configured with, and how it says no.

use std::fmt;

use crate::host::{Level, Log};

/// A plugin's configuration, as the bytes that it gets.
///
/// ```
/// use sdk_tests::{Config, json};
///
/// let config = Config::from(json!({ "greeting": "hello" }));
/// assert_eq!(config, Config::from(r#"{"greeting":"hello"}"#));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config(pub(crate) Vec<u8>);

impl From<serde_json::Value> for Config {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string().into_bytes())
    }
}

impl From<&serde_json::Value> for Config {
    fn from(value: &serde_json::Value) -> Self {
        Self(value.to_string().into_bytes())
    }
}

impl From<&str> for Config {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Config {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&String> for Config {
    fn from(text: &String) -> Self {
        Self(text.clone().into_bytes())
    }
}

/// A configuration that the plugin refused. What served before goes on serving.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// let rejected: Rejected = proxy.configure("bad").unwrap_err();
/// assert_eq!(
///     rejected.to_string(),
///     r#"the configuration was refused: field `greeting`: "bad" is not a greeting"#
/// );
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Rejected {
    logs: Vec<Log>,
    trap: Option<String>,
}

impl Rejected {
    pub(crate) fn new(logs: Vec<Log>, trap: Option<String>) -> Self {
        Self { logs, trap }
    }

    /// What the plugin logged about it.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// let rejected = proxy.configure("bad").unwrap_err();
    /// assert_eq!(rejected.logs()[0].level, Level::Error);
    /// # });
    /// ```
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The last error that the plugin logged; if there is none, what the proxy says.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// let rejected = proxy.configure("bad").unwrap_err();
    /// assert_eq!(rejected.reason(), r#"field `greeting`: "bad" is not a greeting"#);
    /// # });
    /// ```
    pub fn reason(&self) -> String {
        let error = self.logs.iter().rev().find(|log| log.level >= Level::Error);
        match (error, &self.trap) {
            (Some(log), _) => log.message.clone(),
            (None, Some(trap)) => trap.clone(),
            (None, None) => "the plugin gave no reason".to_owned(),
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the configuration was refused: {}",
            self.reason()
        )
    }
}

impl std::error::Error for Rejected {}
