//! The `log` crate's macros, to the proxy's log.

use proxy_wasm::types::LogLevel;

use crate::hostcalls;

struct ProxyLogger;

static LOGGER: ProxyLogger = ProxyLogger;

/// Sends `log::info!` and its siblings to the proxy, and panics as critical lines.
///
/// To be called once, from `proxy_wasm::main!`. The proxy's own level decides what is shown, and an
/// operator may change it at any time, so all but trace lines go there: keep the hot path free of
/// logs.
pub fn init() {
    // A second logger is refused; the first one then serves.
    let _ = log::set_logger(&LOGGER);
    log::set_max_level(log::LevelFilter::Debug);
    std::panic::set_hook(Box::new(|panic| {
        let _ = hostcalls::log(LogLevel::Critical, &panic.to_string());
    }));
}

impl log::Log for ProxyLogger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = match record.level() {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        // A log line that the host refuses is no reason to fail a request.
        let _ = match record.args().as_str() {
            Some(text) => hostcalls::log(level, text),
            None => hostcalls::log(level, &record.args().to_string()),
        };
    }

    fn flush(&self) {}
}
