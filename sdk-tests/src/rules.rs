//! What a plugin is held to although all assertions of a scenario hold.

use std::fmt;

/// A rule that fails a scenario when the plugin breaks it, unless
/// [`Proxy::allow`](crate::Proxy::allow) says that it may.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// // This plugin logs an error, and that is what the scenario is about.
/// proxy.allow(Rule::ErrorLogs);
/// proxy.configure("hello").unwrap();
/// proxy.send(Request::get("/error"));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The plugin logs no errors.
    ErrorLogs,
    /// Host calls come in a phase that allows them, and with functions that the host has. The SDK
    /// panics over most of the others.
    WrongPhase,
    /// Whatever a request waits for comes: callouts are answered, pauses end.
    Unanswered,
    /// Every context is deleted when its stream is over.
    Leaks,
    /// gRPC calls and streams are over when the scenario is. Those of a root context may well live as
    /// long as it does.
    OpenStreams,
}

/// A rule that was broken, and how.
///
/// ```
/// use proxy_wasm::{hostcalls, types::MapType};
/// use sdk_tests::{Rule, native::with_host};
///
/// let (_, host) = with_host(|_| {}, || hostcalls::get_map(MapType::HttpResponseHeaders));
/// assert_eq!(host.violations()[0].rule, Rule::WrongPhase);
/// assert!(host.violations()[0].to_string().contains("ResponseHeaders"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// In which phase, by which call, and why.
    pub message: String,
}

impl Violation {
    pub(crate) fn open_stream(message: String) -> Self {
        Self {
            rule: Rule::OpenStreams,
            message,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}
