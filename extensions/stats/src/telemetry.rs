//! stats and metadata-exchange in one module, `telemetry.wasm`, so that they can share a VM.
//!
//! A plugin's root id says which of the two it is. They share code and memory, and no data: stats
//! reads what metadata-exchange found from the stream's filter state, as everybody else does.

use extension_common::hostcalls;
use proxy_wasm::traits::{Context, RootContext};

/// The root id of metadata-exchange.
pub const METADATA_EXCHANGE: &str = "metadata_exchange";

/// Those of stats: the latter two are the ones that Istio's plugin had, and say who reports.
pub const STATS: [&str; 3] = ["stats", "stats_inbound", "stats_outbound"];

/// The plugin that the root id names, as the SDK wants it.
pub fn root_context() -> Box<dyn RootContext> {
    let id = hostcalls::get_property(&["plugin_root_id"]);
    let id = id.ok().flatten().unwrap_or_default();
    match str::from_utf8(&id) {
        Ok(METADATA_EXCHANGE) => metadata_exchange::root_context(),
        Ok(id) if STATS.contains(&id) => crate::root_context(),
        _ => Box::new(Nobody { id }),
    }
}

/// Refuses its configuration, since nothing says what it is.
struct Nobody {
    id: Vec<u8>,
}

impl Context for Nobody {}

impl RootContext for Nobody {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        log::error!(
            "telemetry is not configured: `root_id` is `{}`, expected `{METADATA_EXCHANGE}`, or one of `{}`",
            self.id.escape_ascii(),
            STATS.join("`, `")
        );
        false
    }
}
