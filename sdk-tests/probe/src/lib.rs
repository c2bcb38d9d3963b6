//! A plugin that makes any host call in any phase: what it does is in a script that it gets in its
//! configuration or in the request header `x-probe`, and what came of it is in its log.
//!
//! `script` says how a script is written, `operations` what it may ask for. The corpus in `tests`
//! is the list of scripts, and compares what the hosts make of each.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "it is never shipped, and its numbers are those of a table"
)]

mod abi;
mod actor;
mod arguments;
mod context;
#[cfg(target_family = "wasm")]
mod exports;
#[cfg(not(target_family = "wasm"))]
mod native;
mod operations;
mod results;
mod script;

#[cfg(not(target_family = "wasm"))]
pub use native::root_context;

// It has the host functions that the unit tests would miss.
#[cfg(test)]
use sdk_tests as _;
