//! What the plugin logged.

use std::fmt;

/// How serious a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Finest detail.
    Trace,
    /// For whoever debugs the plugin.
    Debug,
    /// Normal events.
    Info,
    /// Something odd that the plugin coped with.
    Warn,
    /// Something that needs attention.
    Error,
    /// The plugin cannot go on; panics are logged so.
    Critical,
}

impl Level {
    /// The level with this number in the ABI.
    pub fn from_abi(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Trace,
            1 => Self::Debug,
            2 => Self::Info,
            3 => Self::Warn,
            4 => Self::Error,
            5 => Self::Critical,
            _ => return None,
        })
    }

    /// The level's name in Envoy's log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The level that Envoy's log calls `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Trace,
            Self::Debug,
            Self::Info,
            Self::Warn,
            Self::Error,
            Self::Critical,
        ]
        .into_iter()
        .find(|level| level.name() == name)
    }
}

/// One line that the plugin logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How serious it is.
    pub level: Level,
    /// What it says, without the proxy's own prefix.
    pub message: String,
}

impl fmt::Display for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] {}", self.level.name(), self.message)
    }
}
