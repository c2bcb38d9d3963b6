//! What the plugin logged.

use std::fmt;

/// How serious a log line is.
///
/// ```
/// # use sdk_tests::Level;
/// assert!(Level::Error > Level::Warn);
/// ```
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
    ///
    /// ```
    /// # use sdk_tests::Level;
    /// assert_eq!(Level::from_abi(4), Some(Level::Error));
    /// assert_eq!(Level::from_abi(6), None);
    /// ```
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
    ///
    /// ```
    /// # use sdk_tests::Level;
    /// assert_eq!(Level::Warn.name(), "warning");
    /// ```
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
    ///
    /// ```
    /// # use sdk_tests::Level;
    /// assert_eq!(Level::from_name("warning"), Some(Level::Warn));
    /// ```
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
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// proxy.send(Request::get("/count"));
/// let log: &Log = &proxy.logs()[1];
/// assert_eq!((log.level, &*log.message), (Level::Info, "streams 1"));
/// assert_eq!(log.to_string(), "[info] streams 1");
/// # });
/// ```
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
