//! What a plugin is held to although all assertions of a scenario hold.

use std::fmt;

/// A rule that fails a scenario when the plugin breaks it, unless
/// [`Proxy::allow`](crate::Proxy::allow) says that it may.
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
}

/// A rule that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// In which phase, by which call, and why.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}
