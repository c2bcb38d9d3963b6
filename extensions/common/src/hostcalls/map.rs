//! Header and trailer maps.

use proxy_wasm::types::MapType;

use super::{Result, Returned, abi, check, found};

/// The whole map, still in the ABI's serialized form (see [`crate::headers::HeaderView`]).
///
/// One call costs little more than the look-up of a single header. In a phase in which the map
/// cannot be read, Envoy answers with no bytes at all.
pub fn get_map(map: MapType) -> Result<Vec<u8>> {
    let mut returned = Returned::new();
    // SAFETY: both pointers are valid for writes.
    let status = unsafe {
        abi::proxy_get_header_map_pairs(map as u32, &mut returned.data, &mut returned.size)
    };
    check("proxy_get_header_map_pairs", status)?;
    Ok(returned.into_bytes())
}

/// Replaces the whole map by `serialized` (see [`crate::headers::serialize`]).
pub fn set_map(map: MapType, serialized: &[u8]) -> Result<()> {
    // SAFETY: the pointer and the length are those of a live slice.
    let status = unsafe {
        abi::proxy_set_header_map_pairs(map as u32, serialized.as_ptr(), serialized.len())
    };
    check("proxy_set_header_map_pairs", status)
}

/// The first value of header `name`, or `None` where there is none.
pub fn get_map_value(map: MapType, name: &str) -> Result<Option<Vec<u8>>> {
    let mut returned = Returned::new();
    // SAFETY: valid pointers, lengths of live slices.
    let status = unsafe {
        abi::proxy_get_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            &mut returned.data,
            &mut returned.size,
        )
    };
    Ok(found("proxy_get_header_map_value", status)?.then(|| returned.into_bytes()))
}

/// Sets header `name` to `value` alone, whatever it had before.
pub fn replace_map_value(map: MapType, name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: lengths of live slices.
    let status = unsafe {
        abi::proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("proxy_replace_header_map_value", status)
}

/// Appends a header, beside those of the same name.
pub fn add_map_value(map: MapType, name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: lengths of live slices.
    let status = unsafe {
        abi::proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("proxy_add_header_map_value", status)
}

/// Removes every header of that name; one that is not there is no error.
pub fn remove_map_value(map: MapType, name: &[u8]) -> Result<()> {
    // SAFETY: the length of a live slice.
    let status =
        unsafe { abi::proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) };
    found("proxy_remove_header_map_value", status).map(drop)
}
