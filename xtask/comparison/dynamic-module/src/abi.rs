//! The part of Envoy's ABI for dynamic modules that one HTTP filter needs.
//!
//! Written by hand after `source/extensions/dynamic_modules/abi/abi.h` of Envoy 1.40: its SDK for
//! Rust is not on crates.io. Names are those of the header, without `envoy_dynamic_module_`.

use std::ffi::{CStr, c_char, c_void};

/// What Envoy 1.40 calls its ABI. It logs a warning when a module tells another version.
pub(crate) const VERSION: &CStr = c"v0.2.0";

/// `type_http_header_type_RequestHeader`
pub(crate) const REQUEST_HEADER: u32 = 0;

/// `type_on_http_filter_request_headers_status_Continue`
pub(crate) const CONTINUE: u32 = 0;
/// `type_on_http_filter_request_headers_status_StopIteration`
pub(crate) const STOP_ITERATION: u32 = 1;

/// Envoy's object for one filter of one stream.
pub(crate) type Stream = *mut c_void;

/// `type_envoy_buffer` and `type_module_buffer`: bytes that the other side owns.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Buffer {
    ptr: *const c_char,
    length: usize,
}

/// `type_module_http_header`
#[repr(C)]
pub struct Header {
    key: Buffer,
    value: Buffer,
}

unsafe extern "C" {
    fn envoy_dynamic_module_callback_http_get_header(
        stream: Stream,
        kind: u32,
        key: Buffer,
        result: *mut Buffer,
        index: usize,
        count: *mut usize,
    ) -> bool;

    fn envoy_dynamic_module_callback_http_set_header(
        stream: Stream,
        kind: u32,
        key: Buffer,
        value: Buffer,
    ) -> bool;

    fn envoy_dynamic_module_callback_http_send_response(
        stream: Stream,
        status: u32,
        headers: *const Header,
        headers_size: usize,
        body: Buffer,
        details: Buffer,
    );
}

impl Buffer {
    const EMPTY: Self = Self {
        ptr: std::ptr::null(),
        length: 0,
    };

    fn of(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr().cast(),
            length: bytes.len(),
        }
    }

    /// # Safety
    ///
    /// The bytes must be there, and stay as they are, for all of `'a`.
    pub(crate) unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() {
            return &[];
        }
        // SAFETY: what the caller promises.
        unsafe { std::slice::from_raw_parts(self.ptr.cast(), self.length) }
    }
}

/// The value of a request header that is there once.
///
/// # Safety
///
/// `stream` is what Envoy gave to the hook that runs; the value ends with the hook, or with the next
/// change of a header.
pub(crate) unsafe fn only_header<'a>(stream: Stream, key: &[u8]) -> Option<&'a [u8]> {
    let (mut value, mut count) = (Buffer::EMPTY, 0);
    // SAFETY: the pointers are those of live variables, and Envoy copies none of them.
    let is_there = unsafe {
        envoy_dynamic_module_callback_http_get_header(
            stream,
            REQUEST_HEADER,
            Buffer::of(key),
            &raw mut value,
            0,
            &raw mut count,
        )
    };
    // SAFETY: Envoy has written the value's place, and keeps it for as long as the caller knows.
    (is_there && count == 1).then(|| unsafe { value.bytes() })
}

/// Sets a request header, instead of all those of its name.
///
/// # Safety
///
/// `stream` is what Envoy gave to the hook that runs, and no value of a header is held.
pub(crate) unsafe fn set_header(stream: Stream, key: &[u8], value: &[u8]) -> bool {
    // SAFETY: Envoy copies the bytes.
    unsafe {
        envoy_dynamic_module_callback_http_set_header(
            stream,
            REQUEST_HEADER,
            Buffer::of(key),
            Buffer::of(value),
        )
    }
}

/// Answers instead of the upstream.
///
/// # Safety
///
/// `stream` is what Envoy gave to the hook that runs.
pub(crate) unsafe fn send_response(stream: Stream, status: u32, header: (&[u8], &[u8])) {
    let header = Header {
        key: Buffer::of(header.0),
        value: Buffer::of(header.1),
    };
    // SAFETY: Envoy copies the bytes.
    unsafe {
        envoy_dynamic_module_callback_http_send_response(
            stream,
            status,
            &raw const header,
            1,
            Buffer::EMPTY,
            Buffer::EMPTY,
        );
    }
}
