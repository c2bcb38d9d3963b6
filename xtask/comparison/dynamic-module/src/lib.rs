//! Basic authentication for one user, as a dynamic module: a shared library that Envoy loads.
//!
//! It is compared with the other ways of extending Envoy, and does no more than they: one header is
//! compared with one value. Its configuration is that value, and on a second line the name that the
//! upstream is told in `x-user`.

mod abi;
mod hooks;

use std::ffi::{c_char, c_void};

use abi::{Buffer, Stream};

/// One for each filter of a configuration.
struct Config {
    /// What `authorization` must be.
    right: Vec<u8>,
    /// Whom the upstream is told.
    user: Option<Vec<u8>>,
}

/// One for each stream, as it is for a filter that remembers something.
struct Filter {
    config: *const Config,
}

/// Which ABI this was written for.
#[unsafe(no_mangle)]
pub extern "C" fn envoy_dynamic_module_on_program_init() -> *const c_char {
    abi::VERSION.as_ptr()
}

/// Takes a configuration; null refuses it.
///
/// # Safety
///
/// Envoy calls it, with a name and a configuration that are there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn envoy_dynamic_module_on_http_filter_config_new(
    _: *mut c_void,
    _name: Buffer,
    config: Buffer,
) -> *const c_void {
    // SAFETY: Envoy keeps the bytes until this function returns.
    let config = unsafe { config.bytes() };
    let mut lines = config.split(|byte| *byte == b'\n');
    let right = match lines.next() {
        Some(right) if !right.is_empty() => right.to_vec(),
        _ => return std::ptr::null(),
    };
    let user = lines.next().map(<[u8]>::to_vec);
    Box::into_raw(Box::new(Config { right, user })).cast()
}

/// The end of a configuration.
///
/// # Safety
///
/// Envoy calls it once, with what `config_new` returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn envoy_dynamic_module_on_http_filter_config_destroy(config: *const c_void) {
    // SAFETY: it is a `Config` of ours, and nobody else has it any more.
    drop(unsafe { Box::from_raw(config.cast::<Config>().cast_mut()) });
}

/// A new stream.
///
/// # Safety
///
/// Envoy calls it, with what `config_new` returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn envoy_dynamic_module_on_http_filter_new(
    config: *const c_void,
    _: Stream,
) -> *const c_void {
    let config = config.cast();
    Box::into_raw(Box::new(Filter { config })).cast()
}

/// Decides on a request.
///
/// # Safety
///
/// Envoy calls it, with its own stream and what `filter_new` returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn envoy_dynamic_module_on_http_filter_request_headers(
    stream: Stream,
    filter: *const c_void,
    _end_of_stream: bool,
) -> u32 {
    // SAFETY: it is a `Filter` of ours; its configuration outlives every stream.
    let config = unsafe { &*(*filter.cast::<Filter>()).config };
    // SAFETY: the stream is that of this call; the value is not used any more when a header is set.
    let is_right = unsafe { abi::only_header(stream, b"authorization") }
        .is_some_and(|given| given == config.right);
    if !is_right {
        // SAFETY: the stream is that of this call.
        unsafe { abi::send_response(stream, 401, (b"www-authenticate", b"Basic")) };
        return abi::STOP_ITERATION;
    }
    if let Some(user) = &config.user {
        // SAFETY: the stream is that of this call.
        unsafe { abi::set_header(stream, b"x-user", user) };
    }
    abi::CONTINUE
}

/// The end of a stream.
///
/// # Safety
///
/// Envoy calls it once, with what `filter_new` returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn envoy_dynamic_module_on_http_filter_destroy(filter: *const c_void) {
    // SAFETY: it is a `Filter` of ours, and nobody else has it any more.
    drop(unsafe { Box::from_raw(filter.cast::<Filter>().cast_mut()) });
}
