//! Envoy's log, and the plugin's lines in it.

use crate::host::{Level, Log};

/// Each record starts with a record separator, so that messages may hold line breaks.
pub(super) const FORMAT: &str = "\u{1e}[%Y-%m-%d %T.%e][%l][%n] %v";

/// The log for people.
pub(super) fn readable(log: &str) -> String {
    log.replace('\u{1e}', "")
}

/// The records of the `wasm` component: level and message.
fn records(log: &str) -> impl Iterator<Item = (Level, &str)> {
    log.split('\u{1e}').filter_map(|record| {
        let (head, message) = record.split_once("] ")?;
        let mut fields = head.split("][").skip(1);
        let level = Level::from_name(fields.next()?)?;
        (fields.next()? == "wasm").then_some((level, message.strip_suffix('\n').unwrap_or(message)))
    })
}

/// What the plugins logged. Each prefix is what Envoy calls a plugin's streams (its name, then its
/// root id) or its root context (the root id alone). Without a root id a root context has none.
pub(super) fn of_plugins(log: &str, prefixes: &[String]) -> Vec<Log> {
    let prefixed = prefixes.iter().map(|prefix| format!("wasm log {prefix}: "));
    let starts: Vec<_> = ["wasm log: ".to_owned()]
        .into_iter()
        .chain(prefixed)
        .collect();
    records(log)
        .filter_map(|(level, message)| {
            let message = starts
                .iter()
                .find_map(|start| message.strip_prefix(start.as_str()))?;
            Some(Log {
                level,
                message: message.to_owned(),
            })
        })
        .collect()
}

/// What Envoy says about each callback that trapped.
pub(super) fn traps(log: &str) -> Vec<String> {
    records(log)
        .filter(|(level, message)| {
            *level >= Level::Error
                && message.starts_with("Function: ")
                && message.contains(" failed")
        })
        .map(|(_, message)| message.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\u{1e}[2026-01-01 00:00:00.000][info][main] starting\n\
        \u{1e}[2026-01-01 00:00:00.001][error][wasm] wasm log p r: field `a`: bad\nsecond line\n\
        \u{1e}[2026-01-01 00:00:00.001][info][wasm] wasm log: of the root\n\
        \u{1e}[2026-01-01 00:00:00.001][info][wasm] wasm log other: of another plugin\n\
        \u{1e}[2026-01-01 00:00:00.002][trace][wasm] [host->vm] proxy_on_log(2)\n\
        \u{1e}[2026-01-01 00:00:00.003][critical][wasm] Function: proxy_on_log failed: unreachable\n";

    #[test]
    fn finds_the_plugins_lines_and_keeps_their_line_breaks() {
        let logs = of_plugins(LOG, &["p r".to_owned()]);
        assert_eq!(logs.len(), 2);
        assert_eq!(logs[0].level, Level::Error);
        assert_eq!(logs[0].message, "field `a`: bad\nsecond line");
        assert_eq!(logs[1].message, "of the root");
    }

    #[test]
    fn finds_traps() {
        assert_eq!(traps(LOG), ["Function: proxy_on_log failed: unreachable"]);
        assert!(traps("\u{1e}[t][info][wasm] Function: x failed\n").is_empty());
    }
}
