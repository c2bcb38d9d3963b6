//! Classifies requests and responses into attributes, as a Proxy-Wasm extension.
//!
//! What it does and how it is configured is in the `README.md` beside this crate. Inside:
//!
//! * [`config`]: JSON in, validated configuration out.
//! * [`attribute`]: what conditions speak of; [`condition`]: conditions that need no host;
//!   [`pattern`]: regular expressions.
//! * [`program`]: an attribute, ready to be generated, with as few host calls as can be.
//! * [`filter`]: the Proxy-Wasm callbacks.

pub mod attribute;
pub mod condition;
pub mod config;
pub mod filter;
pub mod pattern;
pub mod program;

pub use filter::root_context;

#[cfg(target_family = "wasm")]
#[allow(
    missing_docs,
    unreachable_pub,
    reason = "the macro writes a public function"
)]
mod start {
    use extension_common::pool::Pool;

    #[global_allocator]
    static ALLOCATOR: Pool = Pool;

    proxy_wasm::main! {{
        extension_common::logger::init();
        proxy_wasm::set_root_context(|_| super::root_context());
    }}
}

// Links the mock host, which the unit tests run on.
#[cfg(test)]
use sdk_tests as _;
