//! Bodies, configurations and other buffers.

use proxy_wasm::types::BufferType;

use super::{Result, Returned, abi, check, found};

/// At most `max_size` bytes of `buffer` from `start` on; `None` where there is no such buffer.
pub fn get_buffer(buffer: BufferType, start: usize, max_size: usize) -> Result<Option<Vec<u8>>> {
    let mut returned = Returned::new();
    // SAFETY: both pointers are valid for writes.
    let status = unsafe {
        abi::proxy_get_buffer_bytes(
            buffer as u32,
            start,
            max_size,
            &mut returned.data,
            &mut returned.size,
        )
    };
    Ok(found("proxy_get_buffer_bytes", status)?.then(|| returned.into_bytes()))
}

/// Replaces `length` bytes of `buffer` from `start` on by `value`.
pub fn set_buffer(buffer: BufferType, start: usize, length: usize, value: &[u8]) -> Result<()> {
    // SAFETY: the length of a live slice.
    let status = unsafe {
        abi::proxy_set_buffer_bytes(buffer as u32, start, length, value.as_ptr(), value.len())
    };
    check("proxy_set_buffer_bytes", status)
}
