//! HTTP Basic authentication (RFC 7617) as a Proxy-Wasm extension.
//!
//! What it does and how it is configured is in the `README.md` beside this crate. Inside:
//!
//! * [`config`]: JSON in, validated configuration out.
//! * [`credentials`]: the `Authorization` header.
//! * [`plain`]: credentials in clear; [`password`], [`users`]: htpasswd entries and their hashes.
//! * [`authenticator`]: the decision.
//! * [`filter`]: the Proxy-Wasm callbacks.

pub mod authenticator;
mod budget;
mod cache;
pub mod config;
pub mod credentials;
pub mod filter;
pub mod password;
pub mod plain;
pub mod users;

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
