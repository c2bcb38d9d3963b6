//! The stream, the clock, the log, and other functions of the host.

use std::time::{Duration, SystemTime};

use proxy_wasm::types::{LogLevel, StreamType};

use super::{Result, Returned, abi, check};

/// Writes a line to the proxy's log.
pub fn log(level: LogLevel, message: &str) -> Result<()> {
    // SAFETY: the length of a live slice.
    let status = unsafe { abi::proxy_log(level as u32, message.as_ptr(), message.len()) };
    check("proxy_log", status)
}

/// The level at which the proxy logs now: 0 is trace, 5 critical.
pub fn get_log_level() -> Result<u32> {
    let mut level = 0;
    // SAFETY: the pointer is valid for writes.
    let status = unsafe { abi::proxy_get_log_level(&mut level) };
    check("proxy_get_log_level", status).map(|()| level)
}

/// The wall-clock time of the host.
pub fn current_time() -> Result<SystemTime> {
    let mut nanoseconds = 0;
    // SAFETY: the pointer is valid for writes.
    let status = unsafe { abi::proxy_get_current_time_nanoseconds(&mut nanoseconds) };
    check("proxy_get_current_time_nanoseconds", status)?;
    let since_epoch = Duration::from_nanos(nanoseconds);
    Ok(SystemTime::UNIX_EPOCH
        .checked_add(since_epoch)
        .unwrap_or(SystemTime::UNIX_EPOCH))
}

/// Asks for `on_tick` every `period` (millisecond resolution); zero ends it.
pub fn set_tick_period(period: Duration) -> Result<()> {
    let milliseconds = u32::try_from(period.as_millis()).unwrap_or(u32::MAX);
    // SAFETY: no pointers.
    let status = unsafe { abi::proxy_set_tick_period_milliseconds(milliseconds) };
    check("proxy_set_tick_period_milliseconds", status)
}

/// Lets a paused request, response or connection go on.
pub fn continue_stream(stream: StreamType) -> Result<()> {
    // SAFETY: no pointers.
    let status = unsafe { abi::proxy_continue_stream(stream as u32) };
    check("proxy_continue_stream", status)
}

/// Resets a request, response or connection.
pub fn close_stream(stream: StreamType) -> Result<()> {
    // SAFETY: no pointers.
    let status = unsafe { abi::proxy_close_stream(stream as u32) };
    check("proxy_close_stream", status)
}

/// Answers the request here; prefer [`crate::reply::LocalReply`], which validates.
///
/// `headers` is a serialized map, `details` becomes `%RESPONSE_CODE_DETAILS%`, and a negative
/// `grpc_status` leaves the gRPC status to the host.
pub fn send_local_response(
    status: u32,
    details: &str,
    body: &[u8],
    headers: &[u8],
    grpc_status: i32,
) -> Result<()> {
    // SAFETY: lengths of live slices.
    let status = unsafe {
        abi::proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status,
        )
    };
    check("proxy_send_local_response", status)
}

/// The status of the last callout: a gRPC code and its message.
pub fn get_status() -> Result<(u32, Vec<u8>)> {
    let mut code = 0;
    let mut returned = Returned::new();
    // SAFETY: all pointers are valid for writes.
    let status =
        unsafe { abi::proxy_get_status(&mut code, &mut returned.data, &mut returned.size) };
    check("proxy_get_status", status)?;
    Ok((code, returned.into_bytes()))
}

/// Makes the following host calls act on another context.
pub fn set_effective_context(context_id: u32) -> Result<()> {
    // SAFETY: no pointers.
    let status = unsafe { abi::proxy_set_effective_context(context_id) };
    check("proxy_set_effective_context", status)
}

/// Calls a function that the host offers by name.
///
/// # Errors
/// [`NOT_FOUND`](super::HostError::NOT_FOUND) where the host does not have it.
pub fn call_foreign_function(name: &str, arguments: &[u8]) -> Result<Vec<u8>> {
    let mut returned = Returned::new();
    // SAFETY: valid pointers, lengths of live slices.
    let status = unsafe {
        abi::proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            arguments.as_ptr(),
            arguments.len(),
            &mut returned.data,
            &mut returned.size,
        )
    };
    check("proxy_call_foreign_function", status)?;
    Ok(returned.into_bytes())
}

/// Ends a context whose `on_done` answered false.
pub fn done() -> Result<()> {
    // SAFETY: no pointers.
    let status = unsafe { abi::proxy_done() };
    check("proxy_done", status)
}
