//! Host calls that never panic.
//!
//! The SDK's own wrappers panic on every status that they do not expect: a header read in the wrong
//! phase, a second write of a read-only property. These return a [`HostError`] instead, and values
//! are bytes, never text that might not be UTF-8.
//!
//! Callouts are the exception: `proxy_wasm::hostcalls::dispatch_http_call` and its gRPC siblings
//! register their token with the SDK's dispatcher, which no other crate can do.

mod abi;
mod buffer;
mod control;
mod map;
mod metric;
mod property;
mod shared;

pub use buffer::{get_buffer, set_buffer};
pub use control::{
    call_foreign_function, close_stream, continue_stream, current_time, done, get_log_level,
    get_status, log, send_local_response, set_effective_context, set_tick_period,
};
pub use map::{
    add_map_value, get_map, get_map_value, remove_map_value, replace_map_value, set_map,
};
pub use metric::{define_metric, get_metric, increment_metric, record_metric};
pub use property::{get_property, set_property};
pub use shared::{
    dequeue_shared_queue, enqueue_shared_queue, get_shared_data, register_shared_queue,
    resolve_shared_queue, set_shared_data,
};

use std::fmt;

/// What a host call answered when it did not answer Ok.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostError {
    call: &'static str,
    status: u32,
}

impl HostError {
    /// `proxy_status_t` of a key that does not exist.
    pub const NOT_FOUND: u32 = 1;
    /// `proxy_status_t` of a call in the wrong phase, or with a bad argument.
    pub const BAD_ARGUMENT: u32 = 2;
    /// `proxy_status_t` of an empty queue.
    pub const EMPTY: u32 = 7;
    /// `proxy_status_t` of a shared-data write whose compare-and-swap number is stale.
    pub const CAS_MISMATCH: u32 = 8;

    /// The ABI's number (`proxy_status_t`).
    pub fn status(self) -> u32 {
        self.status
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.status {
            1 => "not found",
            2 => "bad argument",
            3 => "serialization failure",
            4 => "parse failure",
            5 => "bad expression",
            6 => "invalid memory access",
            7 => "empty",
            8 => "compare-and-swap mismatch",
            9 => "result mismatch",
            10 => "internal failure",
            11 => "broken connection",
            12 => "unimplemented",
            _ => "unknown status",
        };
        write!(f, "{} answered {} ({name})", self.call, self.status)
    }
}

impl std::error::Error for HostError {}

type Result<T> = std::result::Result<T, HostError>;

/// Turns the status of `call` into a result.
fn check(call: &'static str, status: u32) -> Result<()> {
    match status {
        0 => Ok(()),
        status => Err(HostError { call, status }),
    }
}

/// Like [`check`], with "not found" as an ordinary answer.
fn found(call: &'static str, status: u32) -> Result<bool> {
    match status {
        0 => Ok(true),
        HostError::NOT_FOUND => Ok(false),
        status => Err(HostError { call, status }),
    }
}

/// Receives a value that the host writes into memory it asks this guest to allocate.
struct Returned {
    data: *mut u8,
    size: usize,
}

impl Returned {
    fn new() -> Self {
        Self {
            data: std::ptr::null_mut(),
            size: 0,
        }
    }

    /// Takes the value; a null pointer is the ABI's empty value.
    fn into_bytes(self) -> Vec<u8> {
        if self.data.is_null() {
            return Vec::new();
        }
        // SAFETY: the host wrote `size` bytes into a block that the SDK's
        // `proxy_on_memory_allocate(size)` took from this guest's global allocator, and gives it up.
        unsafe { Vec::from_raw_parts(self.data, self.size, self.size) }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests;
