//! Lets a request in if a server draws an even number for it.
//!
//! A request waits for its draw; where there is none, it does not get in.

mod config;
mod draw;
mod gate;

pub use gate::root_context;

#[cfg(target_family = "wasm")]
mod start {
    proxy_wasm::main! {{
        proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
        proxy_wasm::set_root_context(|_| super::root_context());
    }}
}
