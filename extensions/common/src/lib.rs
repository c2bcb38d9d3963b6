//! The guest kit: what several Proxy-Wasm extensions share.
//!
//! * [`hostcalls`]: host calls that return a [`Result`] where the SDK's panic. A panic in a guest
//!   takes down the worker's plugin for every user, so extensions call the host through this.
//! * [`foreign`] and [`expression`]: what Envoy offers beside the ABI; [`vocabulary`]: expressions
//!   that were written for an older Envoy.
//! * [`headers`]: a whole header map in one host call, looked up in place.
//! * [`config`]: strict JSON configuration with errors that name the field; [`json`]: the JSON.
//! * [`path`] and [`host`]: what a request path or host could mean to whoever serves it.
//! * [`rules`]: which rules a request falls under, by host, method and path.
//! * [`reply`]: local replies, prepared once.
//! * [`metric`]: counters and gauges by name and tags.
//! * [`protobuf_struct`]: `google.protobuf.Struct`, bounded.
//! * [`byte_cache`]: a cache whose memory is bounded.
//! * [`pool`]: an allocator.
//! * [`logger`]: the `log` crate's macros, to the proxy's log.
//!
//! Outside a proxy these need a host: `sdk-tests` is one.

pub mod byte_cache;
pub mod config;
pub mod expression;
pub mod foreign;
pub mod headers;
pub mod host;
pub mod hostcalls;
pub mod json;
pub mod logger;
pub mod metric;
pub mod path;
pub mod pool;
pub mod protobuf_struct;
pub mod reply;
pub mod rules;
pub mod vocabulary;

// Links the mock host, which the unit tests run on.
#[cfg(test)]
use sdk_tests as _;
