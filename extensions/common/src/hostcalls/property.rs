//! Properties: Envoy's attributes and the filter state of the stream.

use super::{Result, Returned, abi, check, found};

/// A path in the ABI's form: the segments, with a NUL between two.
fn serialize_path(path: &[&str]) -> Vec<u8> {
    path.join("\0").into_bytes()
}

/// The value of the attribute at `path`, in its raw encoding (numbers are 8 bytes, little-endian).
///
/// `None` is "no such attribute"; an attribute that exists and is empty is `Some` of nothing.
pub fn get_property(path: &[&str]) -> Result<Option<Vec<u8>>> {
    let path = serialize_path(path);
    let mut returned = Returned::new();
    // SAFETY: valid pointers, the length of a live slice.
    let status = unsafe {
        abi::proxy_get_property(
            path.as_ptr(),
            path.len(),
            &mut returned.data,
            &mut returned.size,
        )
    };
    Ok(found("proxy_get_property", status)?.then(|| returned.into_bytes()))
}

/// Writes `value` into the stream's filter state, as `wasm.<path>`.
///
/// # Errors
/// [`BAD_ARGUMENT`](super::HostError::BAD_ARGUMENT) where it is read-only and has been written;
/// [`NOT_FOUND`](super::HostError::NOT_FOUND) outside of a stream.
pub fn set_property(path: &[&str], value: &[u8]) -> Result<()> {
    let path = serialize_path(path);
    // SAFETY: lengths of live slices.
    let status =
        unsafe { abi::proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) };
    check("proxy_set_property", status)
}
