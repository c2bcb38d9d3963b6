//! The host functions: arguments in, status out, for any engine.
//!
//! [`FUNCTIONS`] lists them all with their Wasm types; an engine links that list. A function reads
//! its arguments from the guest's memory, asks the host and hands the results back.

use super::{HostCall, HostState, SharedHost, Status};

mod callouts;
mod foreign;
mod grpc;
mod maps;
mod properties;
mod queues;
mod values;

/// The guest's memory. Addresses are as wide as the guest's own.
pub(crate) trait Memory {
    /// Copies bytes out of the guest. `None`: not the guest's memory.
    fn read(&self, address: u64, length: u64) -> Option<Vec<u8>>;

    /// Copies bytes to a place in the guest.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Option<()>;

    /// Gives the guest bytes of its own and writes their address and length to the two places.
    /// No bytes are a null address and the length 0.
    fn give(&mut self, bytes: &[u8], address_to: u64, length_to: u64) -> Option<()> {
        match bytes.is_empty() {
            true => self.give_nothing(address_to, length_to),
            false => self.give_allocated(bytes, address_to, length_to),
        }
    }

    /// Writes a null address and the length 0 to the two places.
    fn give_nothing(&mut self, address_to: u64, length_to: u64) -> Option<()>;

    /// Gives the guest bytes of its own, and an address even for none.
    fn give_allocated(&mut self, bytes: &[u8], address_to: u64, length_to: u64) -> Option<()>;
}

/// One host call that is being made.
pub(crate) struct Call<'a> {
    host: &'a SharedHost,
    memory: &'a mut dyn Memory,
    arguments: &'a [u64],
    bytes_in: usize,
    bytes_out: usize,
}

/// A host function.
pub(crate) struct Function {
    /// The name that guests import.
    pub(crate) name: &'static str,
    /// Its parameters: `i` is 32 bits wide in Wasm, `l` 64.
    #[cfg_attr(not(feature = "wasm"), allow(dead_code, reason = "for modules"))]
    pub(crate) parameters: &'static str,
    run: fn(&mut Call<'_>) -> Result<(), Status>,
}

const fn function(
    name: &'static str,
    parameters: &'static str,
    run: fn(&mut Call<'_>) -> Result<(), Status>,
) -> Function {
    Function {
        name,
        parameters,
        run,
    }
}

/// All host functions: the 37 that the Rust SDK imports, and those that only hand-written imports use.
pub(crate) const FUNCTIONS: &[Function] = &[
    function("proxy_log", "iii", values::log),
    function("proxy_get_log_level", "i", values::get_log_level),
    function(
        "proxy_get_current_time_nanoseconds",
        "i",
        values::get_current_time,
    ),
    function(
        "proxy_set_tick_period_milliseconds",
        "i",
        values::set_tick_period,
    ),
    function("proxy_get_buffer_bytes", "iiiii", values::get_buffer),
    function("proxy_get_buffer_status", "iii", values::get_buffer_status),
    function("proxy_set_buffer_bytes", "iiiii", values::set_buffer),
    function("proxy_get_header_map_pairs", "iii", maps::get_pairs),
    function("proxy_set_header_map_pairs", "iii", maps::set_pairs),
    function("proxy_get_header_map_size", "ii", maps::get_size),
    function("proxy_get_header_map_value", "iiiii", maps::get_value),
    function("proxy_remove_header_map_value", "iii", maps::remove_value),
    function(
        "proxy_replace_header_map_value",
        "iiiii",
        maps::replace_value,
    ),
    function("proxy_add_header_map_value", "iiiii", maps::add_value),
    function("proxy_get_property", "iiii", properties::get),
    function("proxy_set_property", "iiii", properties::set),
    function("proxy_get_shared_data", "iiiii", values::get_shared_data),
    function("proxy_set_shared_data", "iiiii", values::set_shared_data),
    function("proxy_register_shared_queue", "iii", queues::register),
    function("proxy_resolve_shared_queue", "iiiii", queues::resolve),
    function("proxy_dequeue_shared_queue", "iii", queues::dequeue),
    function("proxy_enqueue_shared_queue", "iii", queues::enqueue),
    function("proxy_continue_stream", "i", values::continue_stream),
    function("proxy_close_stream", "i", values::close_stream),
    function(
        "proxy_send_local_response",
        "iiiiiiii",
        values::send_local_response,
    ),
    function("proxy_http_call", "iiiiiiiiii", callouts::http_call),
    function("proxy_grpc_call", "iiiiiiiiiiii", grpc::grpc_call),
    function("proxy_grpc_stream", "iiiiiiiii", grpc::grpc_stream),
    function("proxy_grpc_send", "iiii", grpc::grpc_send),
    function("proxy_grpc_cancel", "i", grpc::grpc_cancel),
    function("proxy_grpc_close", "i", grpc::grpc_close),
    function("proxy_get_status", "iii", grpc::get_status),
    function(
        "proxy_set_effective_context",
        "i",
        values::set_effective_context,
    ),
    function("proxy_call_foreign_function", "iiiiii", foreign::call),
    function("proxy_done", "", values::done),
    function("proxy_define_metric", "iiii", values::define_metric),
    function("proxy_get_metric", "ii", values::get_metric),
    function("proxy_record_metric", "il", values::record_metric),
    function("proxy_increment_metric", "il", values::increment_metric),
];

/// Makes a host call. Never panics: native guests could not survive it.
pub(crate) fn call(
    function: &'static Function,
    host: &SharedHost,
    memory: &mut dyn Memory,
    arguments: &[u64],
) -> Status {
    let mut call = Call {
        host,
        memory,
        arguments,
        bytes_in: 0,
        bytes_out: 0,
    };
    let status = match (function.run)(&mut call) {
        Ok(()) => Status::Ok,
        Err(status) => status,
    };
    let (bytes_in, bytes_out) = (call.bytes_in, call.bytes_out);
    if let Ok(mut host) = host.try_borrow_mut() {
        let status = status.code();
        host.calls.push(HostCall {
            name: function.name,
            status,
            bytes_in,
            bytes_out,
        });
    }
    status
}

/// The function with this name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl Call<'_> {
    /// The state, for the time of one statement: the guest may not be called while it is borrowed.
    fn with<T>(&self, read: impl FnOnce(&mut HostState) -> T) -> Result<T, Status> {
        let mut host = self
            .host
            .try_borrow_mut()
            .map_err(|_| Status::InternalFailure)?;
        Ok(read(&mut host))
    }

    /// An argument of 64 bits.
    fn long(&self, index: usize) -> u64 {
        self.arguments.get(index).copied().unwrap_or_default()
    }

    /// An argument of 32 bits.
    fn word(&self, index: usize) -> u32 {
        self.long(index) as u32
    }

    /// The bytes whose address is the argument `index`, and whose length is the next one.
    fn bytes(&mut self, index: usize) -> Result<Vec<u8>, Status> {
        let (address, length) = (self.long(index), self.long(index + 1));
        let bytes = self
            .memory
            .read(address, length)
            .ok_or(Status::InvalidMemoryAccess)?;
        self.bytes_in += bytes.len();
        Ok(bytes)
    }

    /// The same as text.
    fn text(&mut self, index: usize) -> Result<String, Status> {
        Ok(String::from_utf8_lossy(&self.bytes(index)?).into_owned())
    }

    /// Hands bytes to the guest: the arguments `index` and the next say where it wants to know
    /// their address and length.
    fn give(&mut self, index: usize, bytes: &[u8]) -> Result<(), Status> {
        let (address_to, length_to) = (self.long(index), self.long(index + 1));
        self.bytes_out += bytes.len();
        self.memory
            .give(bytes, address_to, length_to)
            .ok_or(Status::InvalidMemoryAccess)
    }

    /// The same for what is there although it may have no bytes.
    fn give_allocated(&mut self, index: usize, bytes: &[u8]) -> Result<(), Status> {
        let (address_to, length_to) = (self.long(index), self.long(index + 1));
        self.bytes_out += bytes.len();
        self.memory
            .give_allocated(bytes, address_to, length_to)
            .ok_or(Status::BadArgument)
    }

    /// Writes a number to where the argument `index` points.
    fn put(&mut self, index: usize, bytes: &[u8]) -> Result<(), Status> {
        let address = self.long(index);
        self.bytes_out += bytes.len();
        self.memory
            .write(address, bytes)
            .ok_or(Status::InvalidMemoryAccess)
    }
}
