//! Properties: Envoy's attributes and the filter state of the stream.

use std::borrow::Cow;

use super::{Result, Returned, abi, check, found};

/// A path in the ABI's form: the segments, with a NUL between two.
fn serialize_path<'a>(path: &[&'a str]) -> Cow<'a, [u8]> {
    let [first, rest @ ..] = path else {
        return Cow::Borrowed(&[]);
    };
    if rest.is_empty() {
        return Cow::Borrowed(first.as_bytes());
    }
    let length = path.iter().map(|segment| segment.len().saturating_add(1));
    // `join` takes some hundred instructions more for a path that is no constant.
    let mut serialized = Vec::with_capacity(length.sum());
    serialized.extend_from_slice(first.as_bytes());
    for segment in rest {
        serialized.push(0);
        serialized.extend_from_slice(segment.as_bytes());
    }
    Cow::Owned(serialized)
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
