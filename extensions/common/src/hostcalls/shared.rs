//! Data and queues that the VMs of one `vm_id` share, across workers.

use super::{HostError, Result, Returned, abi, check, found};

/// The value at `key` and its compare-and-swap number; `None` where there is none.
pub fn get_shared_data(key: &str) -> Result<Option<(Vec<u8>, u32)>> {
    let mut returned = Returned::new();
    let mut cas = 0;
    // SAFETY: valid pointers, the length of a live slice.
    let status = unsafe {
        abi::proxy_get_shared_data(
            key.as_ptr(),
            key.len(),
            &mut returned.data,
            &mut returned.size,
            &mut cas,
        )
    };
    Ok(found("proxy_get_shared_data", status)?.then(|| (returned.into_bytes(), cas)))
}

/// Writes `value` at `key`; with `cas`, only if nobody wrote since that number was read.
///
/// # Errors
/// [`CAS_MISMATCH`](HostError::CAS_MISMATCH) where somebody did.
pub fn set_shared_data(key: &str, value: &[u8], cas: Option<u32>) -> Result<()> {
    // SAFETY: lengths of live slices.
    let status = unsafe {
        abi::proxy_set_shared_data(
            key.as_ptr(),
            key.len(),
            value.as_ptr(),
            value.len(),
            cas.unwrap_or(0),
        )
    };
    check("proxy_set_shared_data", status)
}

/// Creates the queue `name` (or finds it) and asks for `on_queue_ready`; returns its id.
pub fn register_shared_queue(name: &str) -> Result<u32> {
    let mut id = 0;
    // SAFETY: a valid pointer, the length of a live slice.
    let status = unsafe { abi::proxy_register_shared_queue(name.as_ptr(), name.len(), &mut id) };
    check("proxy_register_shared_queue", status).map(|()| id)
}

/// The id of the queue that the VM `vm_id` registered; `None` where there is none.
pub fn resolve_shared_queue(vm_id: &str, name: &str) -> Result<Option<u32>> {
    let mut id = 0;
    // SAFETY: a valid pointer, lengths of live slices.
    let status = unsafe {
        abi::proxy_resolve_shared_queue(
            vm_id.as_ptr(),
            vm_id.len(),
            name.as_ptr(),
            name.len(),
            &mut id,
        )
    };
    Ok(found("proxy_resolve_shared_queue", status)?.then_some(id))
}

/// Takes the oldest value of a queue; `None` where it is empty.
pub fn dequeue_shared_queue(id: u32) -> Result<Option<Vec<u8>>> {
    let mut returned = Returned::new();
    // SAFETY: both pointers are valid for writes.
    let status =
        unsafe { abi::proxy_dequeue_shared_queue(id, &mut returned.data, &mut returned.size) };
    if status == HostError::EMPTY {
        return Ok(None);
    }
    check("proxy_dequeue_shared_queue", status)?;
    Ok(Some(returned.into_bytes()))
}

/// Appends `value` to a queue.
pub fn enqueue_shared_queue(id: u32, value: &[u8]) -> Result<()> {
    // SAFETY: the length of a live slice.
    let status = unsafe { abi::proxy_enqueue_shared_queue(id, value.as_ptr(), value.len()) };
    check("proxy_enqueue_shared_queue", status)
}
