//! Adds a response header: the smallest extension that is worth forking.
//!
//! [`config`] parses, [`filter`] acts. Logic that is more than a line deserves a module of its own
//! that knows nothing of `proxy_wasm`.

pub mod config;
pub mod filter;

pub use filter::root_context;

#[cfg(target_family = "wasm")]
mod start {
    proxy_wasm::main! {{
        extension_common::logger::init();
        proxy_wasm::set_root_context(|_| super::root_context());
    }}
}
