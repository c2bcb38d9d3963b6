//! Istio's standard metrics as a Proxy-Wasm extension, for any Envoy.
//!
//! What it does and how it is configured is in the `README.md` beside this crate. Inside:
//!
//! * [`config`]: JSON in, validated configuration out; [`expression`]: the expressions in it.
//! * [`observation`]: what is known about a stream; [`peer`] and [`destination`]: about its ends.
//! * [`resolve`]: the standard [`labels`]; [`flags`]: one of them.
//! * [`plan`]: which metrics are reported; [`series`]: under which labels, bounded; [`encoding`]: as
//!   which names.
//! * [`filter`]: the Proxy-Wasm callbacks.
#![cfg_attr(
    feature = "metadata-exchange",
    doc = "* [`telemetry`]: this and metadata-exchange in one module."
)]

pub mod config;
pub mod destination;
pub mod encoding;
pub mod expression;
pub mod filter;
pub mod flags;
pub mod labels;
pub mod observation;
pub mod peer;
pub mod plan;
pub mod resolve;
pub mod series;
#[cfg(feature = "metadata-exchange")]
pub mod telemetry;

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
        #[cfg(not(feature = "metadata-exchange"))]
        proxy_wasm::set_root_context(|_| super::root_context());
        #[cfg(feature = "metadata-exchange")]
        proxy_wasm::set_root_context(|_| super::telemetry::root_context());
    }}
}

// Links the mock host, which the unit tests run on.
#[cfg(test)]
use sdk_tests as _;
