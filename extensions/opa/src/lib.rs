//! Policy decisions by Open Policy Agent, as a Proxy-Wasm extension: by a server that is asked, or
//! by Rego that is evaluated in the proxy.
//!
//! What it does and how it is configured is in the `README.md` beside this crate. Inside:
//!
//! * [`config`]: JSON in, validated configuration out.
//! * [`input`]: the document that a policy decides on, and the key of the cache.
//! * [`decision`]: what a policy decided; [`answer`]: what a server answers.
//! * [`cache`], [`flights`]: decisions that were made, and those on their way.
//! * [`evaluator`]: policies that are evaluated here (with the feature `embedded`).
//! * [`poll`]: policies that are fetched.
//! * [`query`]: changes to a request's query.
//! * [`filter`]: the Proxy-Wasm callbacks.

pub mod answer;
pub mod cache;
pub mod config;
pub mod decision;
pub mod evaluator;
pub mod filter;
pub mod flights;
pub mod input;
pub mod poll;
pub mod query;

pub use filter::root_context;

#[cfg(target_family = "wasm")]
#[allow(
    missing_docs,
    unreachable_pub,
    reason = "the macro writes a public function"
)]
mod start {
    #[cfg(not(feature = "embedded"))]
    use extension_common::pool::Pool;

    /// The other variant has one that counts.
    #[cfg(not(feature = "embedded"))]
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
