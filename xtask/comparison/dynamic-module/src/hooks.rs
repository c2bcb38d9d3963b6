//! The hooks that Envoy 1.40 asks of every HTTP filter, and that this one has no use for.
//!
//! Envoy refuses a module that lacks one of them, and calls those of the request and the response for
//! each stream.

use std::ffi::c_void;

use crate::abi::{self, Buffer, Header, Stream};

/// A filter of ours, which these hooks do not look at.
type Filter = *const c_void;

macro_rules! hooks {
    ($($name:ident ( $($argument:ty),* ) $(-> $result:expr)?;)*) => {
        $(hooks!(@one $name ( $($argument),* ) $(-> $result)?);)*
    };
    (@one $name:ident ( $($argument:ty),* )) => {
        /// A hook that does nothing.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(_: Stream, _: Filter, $(_: $argument),*) {}
    };
    (@one $name:ident ( $($argument:ty),* ) -> $result:expr) => {
        /// A hook that lets pass.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(_: Stream, _: Filter, $(_: $argument),*) -> u32 {
            $result
        }
    };
}

hooks! {
    envoy_dynamic_module_on_http_filter_request_body(bool) -> abi::CONTINUE;
    envoy_dynamic_module_on_http_filter_request_trailers() -> abi::CONTINUE;
    envoy_dynamic_module_on_http_filter_response_headers(bool) -> abi::CONTINUE;
    envoy_dynamic_module_on_http_filter_response_body(bool) -> abi::CONTINUE;
    envoy_dynamic_module_on_http_filter_response_trailers() -> abi::CONTINUE;
    envoy_dynamic_module_on_http_filter_stream_complete();
    envoy_dynamic_module_on_http_filter_http_callout_done(
        u64, u32, *const Header, usize, *const Buffer, usize
    );
    envoy_dynamic_module_on_http_filter_http_stream_headers(u64, *const Header, usize, bool);
    envoy_dynamic_module_on_http_filter_http_stream_data(u64, *const Buffer, usize, bool);
    envoy_dynamic_module_on_http_filter_http_stream_trailers(u64, *const Header, usize);
    envoy_dynamic_module_on_http_filter_http_stream_complete(u64);
    envoy_dynamic_module_on_http_filter_http_stream_reset(u64, u32);
    envoy_dynamic_module_on_http_filter_scheduled(u64);
    envoy_dynamic_module_on_http_filter_downstream_above_write_buffer_high_watermark();
    envoy_dynamic_module_on_http_filter_downstream_below_write_buffer_low_watermark();
}
