//! The Wasmtime host: the module that ships, with its instructions counted.

mod guest;
mod link;
mod memory;
mod module;
mod wasi;

use crate::host::SharedHost;
use crate::host::mock::Mock;
use crate::plugin::Plugin;

/// What host functions find in the store.
pub(crate) struct State {
    host: SharedHost,
    env: Vec<String>,
    random: u64,
}

/// The host for a plugin.
///
/// # Panics
///
/// If the module is missing or not Wasm; the message says how to get it.
pub(crate) fn mock(plugin: &Plugin) -> Mock<guest::WasmEngine> {
    Mock::new(plugin, |plugin| {
        let path = crate::places::module(plugin).unwrap_or_else(|error| panic!("{error}"));
        guest::WasmEngine::new(module::load(&path))
    })
}
