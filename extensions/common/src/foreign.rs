//! Functions that Envoy offers to plugins by name, beside the ABI.
//!
//! Other hosts answer [`NOT_FOUND`](crate::hostcalls::HostError::NOT_FOUND) to all of them. Arguments
//! and results are protobuf messages (`foreign_function.proto` of Envoy's Wasm extension), written
//! here by hand: each has a few fields.

use crate::hostcalls::{self, HostError};

/// Verifies a signature: RSASSA-PKCS1-v1_5, or ECDSA where `signature` is DER. About a fifteenth of
/// the time that the same takes in a guest.
///
/// `hash` is `sha256`, `sha384` or `sha512`; `public_key` a DER `SubjectPublicKeyInfo` (RFC 5280,
/// section 4.1.2.7).
///
/// # Errors
/// [`BAD_ARGUMENT`](HostError::BAD_ARGUMENT) where the host cannot read the key.
pub fn verify_signature(
    hash: &str,
    public_key: &[u8],
    signature: &[u8],
    text: &[u8],
) -> Result<bool, HostError> {
    let length = [hash.len(), public_key.len(), signature.len(), text.len()]
        .iter()
        .fold(32_usize, |sum, part| sum.saturating_add(*part));
    let mut arguments = Vec::with_capacity(length);
    write_bytes(&mut arguments, 1, hash.as_bytes());
    write_bytes(&mut arguments, 2, public_key);
    write_bytes(&mut arguments, 3, signature);
    write_bytes(&mut arguments, 4, text);
    let result = hostcalls::call_foreign_function("verify_signature", &arguments)?;
    // `{ bool result = 1; string error = 2; }`: nothing but this is a success.
    Ok(result == [0x08, 0x01])
}

/// Makes the proxy choose the route again, by the headers as they are now.
pub fn clear_route_cache() -> Result<(), HostError> {
    hostcalls::call_foreign_function("clear_route_cache", &[]).map(drop)
}

/// Declares that the property `name` is text, so that access logs and RBAC rules can read
/// `wasm.<name>` from the filter state as such. From the root context, once: a second declaration
/// is [`BAD_ARGUMENT`](HostError::BAD_ARGUMENT).
pub fn declare_text_property(name: &str) -> Result<(), HostError> {
    const TYPE_STRING: u64 = 1;
    let mut arguments = Vec::new();
    write_bytes(&mut arguments, 1, name.as_bytes());
    write_number(&mut arguments, 3, TYPE_STRING);
    hostcalls::call_foreign_function("declare_property", &arguments).map(drop)
}

/// Declares that the property `name` is a serialized Protobuf message of the type with this URL, so
/// that expressions and access logs can look into it. From the root context, once.
///
/// # Errors
/// [`BAD_ARGUMENT`](HostError::BAD_ARGUMENT) to a second declaration.
pub fn declare_message_property(name: &str, type_url: &str) -> Result<(), HostError> {
    const TYPE_PROTOBUF: u64 = 3;
    let mut arguments = Vec::new();
    write_bytes(&mut arguments, 1, name.as_bytes());
    write_number(&mut arguments, 3, TYPE_PROTOBUF);
    write_bytes(&mut arguments, 4, type_url.as_bytes());
    hostcalls::call_foreign_function("declare_property", &arguments).map(drop)
}

/// A field of wire type 2: a length and bytes.
fn write_bytes(message: &mut Vec<u8>, field: u64, value: &[u8]) {
    write_varint(message, field.wrapping_shl(3) | 2);
    write_varint(message, u64::try_from(value.len()).unwrap_or(u64::MAX));
    message.extend_from_slice(value);
}

/// A field of wire type 0: a number or an enum.
fn write_number(message: &mut Vec<u8>, field: u64, value: u64) {
    write_varint(message, field.wrapping_shl(3));
    write_varint(message, value);
}

fn write_varint(message: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value = value.wrapping_shr(7);
        if value == 0 {
            message.push(low);
            return;
        }
        message.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_protobuf_does() {
        let mut message = Vec::new();
        write_bytes(&mut message, 1, b"sha256");
        write_number(&mut message, 3, 1);
        assert_eq!(message, b"\x0a\x06sha256\x18\x01");
        let mut message = Vec::new();
        write_bytes(&mut message, 4, &[7; 300]);
        assert_eq!(&message[..4], [0x22, 0xac, 0x02, 7]);
        assert_eq!(message.len(), 303);
    }
}
