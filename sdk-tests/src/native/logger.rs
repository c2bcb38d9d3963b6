//! The `log` crate's records, on their way into the running mock.

use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

struct Router;

impl Log for Router {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        super::ACTIVE.with(|active| active.try_borrow().is_ok_and(|active| active.is_some()))
    }

    /// As the SDK's logger does, so that a record is a host call here too.
    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            log::Level::Trace => 0,
            log::Level::Debug => 1,
            log::Level::Info => 2,
            log::Level::Warn => 3,
            log::Level::Error => 4,
        };
        let message = record.args().to_string();
        let address = message.as_ptr().expose_provenance() as u64;
        super::answer("proxy_log", &[level, address, message.len() as u64]);
    }

    fn flush(&self) {}
}

/// Installs the logger, once a process. A test binary that brings its own keeps it.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if log::set_logger(&Router).is_ok() {
            log::set_max_level(LevelFilter::Trace);
        }
    });
}
