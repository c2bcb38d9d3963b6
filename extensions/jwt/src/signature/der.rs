//! The few DER structures (X.690) that the host's function wants.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
const NULL: [u8; 2] = [0x05, 0];
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// 1.2.840.113549.1.1.1
pub(crate) const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// 1.2.840.10045.2.1
pub(crate) const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// 1.2.840.10045.3.1.7
pub(crate) const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// 1.3.132.0.34
pub(crate) const P384: [u8; 5] = [0x2b, 0x81, 0x04, 0, 0x22];

/// The `SubjectPublicKeyInfo` of an RSA key (RFC 8017, appendix A.1.1).
pub(super) fn rsa_key(n: &[u8], e: &[u8]) -> Vec<u8> {
    let algorithm = [element(OBJECT_IDENTIFIER, &RSA_ENCRYPTION), NULL.to_vec()].concat();
    let key = element(SEQUENCE, &[integer(n), integer(e)].concat());
    key_info(&algorithm, &key)
}

/// The `SubjectPublicKeyInfo` of an uncompressed point (RFC 5480, section 2); `None` where its
/// length is that of no curve.
pub(super) fn point(point: &[u8]) -> Option<Vec<u8>> {
    let curve: &[u8] = match point.len() {
        65 => &P256,
        97 => &P384,
        _ => return None,
    };
    let algorithm = [
        element(OBJECT_IDENTIFIER, &EC_PUBLIC_KEY),
        element(OBJECT_IDENTIFIER, curve),
    ];
    Some(key_info(&algorithm.concat(), point))
}

/// An ECDSA signature (RFC 3279, section 2.2.3) from its two numbers side by side (RFC 7518,
/// section 3.4), each `length` bytes long; `None` where the length is another, or a number is zero.
pub(super) fn ecdsa_signature(raw: &[u8], length: usize) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(length)?;
    let is_zero = |number: &[u8]| number.iter().all(|&byte| byte == 0);
    if s.len() != length || is_zero(r) || is_zero(s) {
        return None;
    }
    Some(element(SEQUENCE, &[integer(r), integer(s)].concat()))
}

fn key_info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let no_unused_bits = [&[0][..], key].concat();
    let parts = [
        element(SEQUENCE, algorithm),
        element(BIT_STRING, &no_unused_bits),
    ];
    element(SEQUENCE, &parts.concat())
}

/// A positive number, in as few bytes as it needs.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    // A leading bit that is set, or no byte at all, asks for a zero in front.
    match number.first() {
        Some(0..=0x7f) => element(INTEGER, number),
        _ => element(INTEGER, &[&[0][..], number].concat()),
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = Vec::with_capacity(content.len().saturating_add(6));
    element.push(tag);
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => element.push(short),
        _ => {
            let bytes = u32::try_from(content.len())
                .unwrap_or(u32::MAX)
                .to_be_bytes();
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            let bytes = bytes.get(zeros..).unwrap_or_default();
            element.push(0x80 | u8::try_from(bytes.len()).unwrap_or_default());
            element.extend_from_slice(bytes);
        }
    }
    element.extend_from_slice(content);
    element
}
