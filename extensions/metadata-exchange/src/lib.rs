//! Istio's metadata exchange as a Proxy-Wasm extension: two proxies tell each other, in HTTP headers,
//! which workloads they serve.
//!
//! What it does and how it is configured is in the `README.md` beside this crate. Inside:
//!
//! * [`config`]: JSON in, validated configuration out.
//! * [`node`]: what this proxy tells of itself.
//! * [`peer`]: what others tell, read and remembered.
//! * [`direction`]: which side of an exchange a listener is on.
//! * [`filter`]: the Proxy-Wasm callbacks.

pub mod config;
pub mod direction;
pub mod filter;
pub mod node;
pub mod peer;

pub use filter::root_context;

/// The header that carries a workload's metadata.
pub const METADATA_HEADER: &str = "x-envoy-peer-metadata";

/// The header that carries a proxy's node id.
pub const ID_HEADER: &str = "x-envoy-peer-metadata-id";

#[cfg(all(feature = "module", target_family = "wasm"))]
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
