//! A mock host for Proxy-Wasm extensions: one scenario, three hosts.
//!
//! A scenario configures a plugin, sends requests and looks at what the client, the upstream and
//! the operator see. It runs natively in milliseconds; with the feature `wasm` also on Wasmtime
//! with the module that ships, where instructions are counted; with the feature `envoy` also in
//! a real Envoy. The mock treats the plugin as Envoy does, dead VMs included, and is strict: a
//! host call in the wrong phase, an unexpected error in the log, a panic or a leaked context
//! fails the test.
//!
//! ```
//! use proxy_wasm::traits::{Context, HttpContext, RootContext};
//! use proxy_wasm::types::{Action, ContextType};
//! use sdk_tests::{Plugin, Proxy, Request, json, scenario};
//!
//! struct Root;
//! impl Context for Root {}
//! impl RootContext for Root {
//!     fn get_type(&self) -> Option<ContextType> {
//!         Some(ContextType::HttpContext)
//!     }
//!     fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
//!         Some(Box::new(Greeter))
//!     }
//! }
//!
//! struct Greeter;
//! impl Context for Greeter {}
//! impl HttpContext for Greeter {
//!     fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
//!         self.set_http_response_header("x-hello", Some("world"));
//!         Action::Continue
//!     }
//! }
//!
//! fn plugin() -> Plugin {
//!     Plugin::new("greeter", || Box::new(Root))
//! }
//!
//! #[scenario(native)]
//! fn greets(proxy: &mut Proxy) {
//!     proxy.configure(json!({})).unwrap();
//!     let reply = proxy.send(Request::get("/"));
//!     assert_eq!(reply.status(), 200);
//!     assert_eq!(reply.header("x-hello"), Some(&b"world"[..]));
//! }
//! # sdk_tests::__private::run(sdk_tests::HostKind::Native, &plugin(), greets);
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test kit: its panics are test failures and never run inside a proxy"
)]

mod backend;
pub mod budget;
mod callout;
mod config;
mod connections;
mod grpc;
#[allow(
    unreachable_pub,
    reason = "what is public in there is public to the engines"
)]
mod host;
pub mod native;
#[cfg(any(feature = "harness", feature = "wasm"))]
mod places;
mod plugin;
mod proxy;
mod reply;
mod request;
mod rules;
mod run;
mod story;

#[cfg(feature = "harness")]
pub mod envoy;
#[cfg(feature = "wasm")]
mod wasm;

pub use callout::{Callout, Fault};
pub use config::{Config, Rejected};
pub use grpc::{GrpcCall, GrpcEnd, GrpcEvent, GrpcReply, GrpcRequest};
pub use host::{Cost, HostCall, Level, Log, Status};
pub use plugin::Plugin;
pub use proxy::{Connection, Histogram, HostKind, Proxy, Started, Surroundings};
pub use reply::{Reply, UpstreamReply, UpstreamRequest};
pub use request::Request;
pub use rules::{Rule, Violation};
/// Makes one test a host of a function that says how a plugin behaves.
///
/// ```
/// # use sdk_tests_fixture as my_extension;
/// use sdk_tests::{Plugin, Proxy, Request, scenario};
///
/// fn plugin() -> Plugin {
///     Plugin::new("my_extension", my_extension::root_context)
/// }
///
/// #[scenario]
/// fn the_client_gets_an_answer(proxy: &mut Proxy) {
///     proxy.configure("hello").unwrap();
///     assert_eq!(proxy.send(Request::get("/")).status(), 200);
/// }
///
/// #[scenario(native, wasm)]
/// fn an_answer_takes_no_more_than_six_callbacks(proxy: &mut Proxy) {
///     proxy.configure("hello").unwrap();
///     proxy.send(Request::get("/"));
///     assert!(proxy.costs().len() <= 6);
/// }
/// # use sdk_tests::{HostKind, __private::run};
/// # run(HostKind::Native, &plugin(), the_client_gets_an_answer);
/// # run(HostKind::Native, &plugin(), an_answer_takes_no_more_than_six_callbacks);
/// ```
pub use sdk_tests_macros::scenario;
pub use serde_json::json;

/// What `#[scenario]` writes calls to.
#[doc(hidden)]
pub mod __private {
    pub use crate::run::{Outcome, built, example, network_example, run};
}

/// Expands to its input, since the feature `wasm` is on.
#[cfg(feature = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_wasm {
    ($($item:tt)*) => { $($item)* };
}

/// Expands to nothing, since the feature `wasm` is off.
#[cfg(not(feature = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_wasm {
    ($($item:tt)*) => {};
}

/// Expands to its input, since the feature `envoy` is on.
#[cfg(feature = "envoy")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_envoy {
    ($($item:tt)*) => { $($item)* };
}

/// Expands to nothing, since the feature `envoy` is off.
#[cfg(not(feature = "envoy"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_envoy {
    ($($item:tt)*) => {};
}
