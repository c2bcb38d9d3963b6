//! JSON Web Tokens (RFC 7519) as a Proxy-Wasm extension: verifies, and turns claims into headers.
//!
//! What it does and how it is configured is in the `README.md` beside this crate. Inside:
//!
//! * [`config`]: JSON in, validated configuration out.
//! * [`source`]: where a token is in a request; [`remote`]: keys that come from a server.
//! * [`claim`], [`rendering`], [`grant`]: what becomes of claims; [`metadata`]: claims that another
//!   filter has verified.
//! * [`authenticator`], [`provider`], [`cache`], [`failure`]: the decision.
//! * [`filter`]: the Proxy-Wasm callbacks.
//!
//! Tokens, keys, signatures and registered claims are read and checked by [`extension_jwt`].

pub mod authenticator;
pub mod cache;
pub mod claim;
pub mod config;
pub mod failure;
pub mod filter;
pub mod grant;
pub mod metadata;
pub mod provider;
pub mod remote;
pub mod rendering;
pub mod source;

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
