//! All host functions of Proxy-Wasm ABI 0.2.1, with their statuses as plain numbers.

/// What a host function returns. Hosts return more numbers than the SDK knows.
pub(crate) type Status = u32;

unsafe extern "C" {
    pub(crate) fn proxy_log(level: u32, message: *const u8, message_size: usize) -> Status;
    pub(crate) fn proxy_get_log_level(level: *mut u32) -> Status;
    pub(crate) fn proxy_get_current_time_nanoseconds(time: *mut u64) -> Status;
    pub(crate) fn proxy_set_tick_period_milliseconds(period: u32) -> Status;
    pub(crate) fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        size: usize,
        to: *mut *mut u8,
        to_size: *mut usize,
    ) -> Status;
    pub(crate) fn proxy_get_buffer_status(kind: u32, size: *mut u32, flags: *mut u32) -> Status;
    pub(crate) fn proxy_set_buffer_bytes(
        kind: u32,
        start: usize,
        size: usize,
        from: *const u8,
        from_size: usize,
    ) -> Status;
    pub(crate) fn proxy_get_header_map_pairs(
        kind: u32,
        to: *mut *mut u8,
        to_size: *mut usize,
    ) -> Status;
    pub(crate) fn proxy_set_header_map_pairs(
        kind: u32,
        from: *const u8,
        from_size: usize,
    ) -> Status;
    pub(crate) fn proxy_get_header_map_size(kind: u32, size: *mut u32) -> Status;
    pub(crate) fn proxy_get_header_map_value(
        kind: u32,
        key: *const u8,
        key_size: usize,
        to: *mut *mut u8,
        to_size: *mut usize,
    ) -> Status;
    pub(crate) fn proxy_remove_header_map_value(
        kind: u32,
        key: *const u8,
        key_size: usize,
    ) -> Status;
    pub(crate) fn proxy_replace_header_map_value(
        kind: u32,
        key: *const u8,
        key_size: usize,
        from: *const u8,
        from_size: usize,
    ) -> Status;
    pub(crate) fn proxy_add_header_map_value(
        kind: u32,
        key: *const u8,
        key_size: usize,
        from: *const u8,
        from_size: usize,
    ) -> Status;
    pub(crate) fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        to: *mut *mut u8,
        to_size: *mut usize,
    ) -> Status;
    pub(crate) fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        from: *const u8,
        from_size: usize,
    ) -> Status;
    pub(crate) fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        to: *mut *mut u8,
        to_size: *mut usize,
        cas: *mut u32,
    ) -> Status;
    pub(crate) fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        from: *const u8,
        from_size: usize,
        cas: u32,
    ) -> Status;
    pub(crate) fn proxy_register_shared_queue(
        name: *const u8,
        name_size: usize,
        id: *mut u32,
    ) -> Status;
    pub(crate) fn proxy_resolve_shared_queue(
        vm: *const u8,
        vm_size: usize,
        name: *const u8,
        name_size: usize,
        id: *mut u32,
    ) -> Status;
    pub(crate) fn proxy_dequeue_shared_queue(
        id: u32,
        to: *mut *mut u8,
        to_size: *mut usize,
    ) -> Status;
    pub(crate) fn proxy_enqueue_shared_queue(id: u32, from: *const u8, from_size: usize) -> Status;
    pub(crate) fn proxy_continue_stream(kind: u32) -> Status;
    pub(crate) fn proxy_close_stream(kind: u32) -> Status;
    pub(crate) fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> Status;
    pub(crate) fn proxy_http_call(
        upstream: *const u8,
        upstream_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> Status;
    pub(crate) fn proxy_grpc_call(
        upstream: *const u8,
        upstream_size: usize,
        service: *const u8,
        service_size: usize,
        method: *const u8,
        method_size: usize,
        metadata: *const u8,
        metadata_size: usize,
        message: *const u8,
        message_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> Status;
    pub(crate) fn proxy_grpc_stream(
        upstream: *const u8,
        upstream_size: usize,
        service: *const u8,
        service_size: usize,
        method: *const u8,
        method_size: usize,
        metadata: *const u8,
        metadata_size: usize,
        token: *mut u32,
    ) -> Status;
    pub(crate) fn proxy_grpc_send(
        token: u32,
        message: *const u8,
        message_size: usize,
        end: bool,
    ) -> Status;
    pub(crate) fn proxy_grpc_cancel(token: u32) -> Status;
    pub(crate) fn proxy_grpc_close(token: u32) -> Status;
    pub(crate) fn proxy_get_status(code: *mut u32, to: *mut *mut u8, to_size: *mut usize)
    -> Status;
    pub(crate) fn proxy_set_effective_context(context: u32) -> Status;
    pub(crate) fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        to: *mut *mut u8,
        to_size: *mut usize,
    ) -> Status;
    pub(crate) fn proxy_done() -> Status;
    pub(crate) fn proxy_define_metric(
        kind: u32,
        name: *const u8,
        name_size: usize,
        id: *mut u32,
    ) -> Status;
    pub(crate) fn proxy_get_metric(id: u32, value: *mut u64) -> Status;
    pub(crate) fn proxy_record_metric(id: u32, value: u64) -> Status;
    pub(crate) fn proxy_increment_metric(id: u32, offset: i64) -> Status;
}
