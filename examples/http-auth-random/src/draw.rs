//! What a server's answer means. Nothing here knows of a proxy.

/// As long as the longest number; more of an answer is not read.
pub(crate) const MAX_SIZE: usize = 10;

/// The number in an answer; `None` if it is no answer to rely on.
pub(crate) fn number(status: &[u8], body: &[u8]) -> Option<u32> {
    if status != b"200" {
        return None;
    }
    std::str::from_utf8(body).ok()?.trim().parse().ok()
}

/// Whether the request gets in.
pub(crate) fn lets_in(number: u32) -> bool {
    number.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one() {
        assert_eq!(number(b"200", b"17\n"), Some(17));
        assert_eq!(number(b"200", b"4294967295"), Some(u32::MAX));
    }

    #[test]
    fn anything_else_is_none() {
        for body in [&b""[..], b"-2", b"4294967296", b"2 or so", b"\xff"] {
            assert_eq!(number(b"200", body), None, "{body:?}");
        }
        assert_eq!(number(b"503", b"2"), None);
        assert_eq!(number(b"", b"2"), None);
    }
}
