//! Reading and writing a piece of a buffer, by Envoy's rules.

use super::Status;

/// The bytes from `start`, at most `length`: none if it starts behind the end.
pub fn slice(buffer: &[u8], start: u64, length: u64) -> &[u8] {
    let size = buffer.len() as u64;
    let (start, end) = (start.min(size), start.saturating_add(length).min(size));
    &buffer[start as usize..end as usize]
}

/// Writes into a body, in the place of its first `length` bytes (`start` 0) or behind its end
/// (`start` at or past it). Envoy knows no other way.
///
/// # Errors
///
/// `BadArgument`: anything else.
pub fn splice(buffer: &mut Vec<u8>, start: u64, length: u64, data: &[u8]) -> Result<(), Status> {
    let size = buffer.len() as u64;
    if start == 0 {
        let first = length.min(size) as usize;
        buffer.splice(..first, data.iter().copied());
    } else if start >= size {
        buffer.extend_from_slice(data);
    } else {
        return Err(Status::BadArgument);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_ends_with_the_buffer() {
        assert_eq!(slice(b"abcd", 1, 2), b"bc");
        assert_eq!(slice(b"abcd", 3, 100), b"d");
        assert_eq!(slice(b"abcd", 5, 1), b"");
        assert_eq!(slice(b"abcd", 0, u64::MAX), b"abcd");
        assert_eq!(slice(b"abcd", 1, u64::MAX), b"bcd");
    }

    #[test]
    fn envoy_writes_at_the_start_and_behind_the_end_only() {
        let spliced = |start, length| {
            let mut buffer = b"abcd".to_vec();
            splice(&mut buffer, start, length, b"-").map(|()| buffer)
        };
        assert_eq!(spliced(0, 0), Ok(b"-abcd".to_vec()));
        assert_eq!(spliced(0, 4), Ok(b"-".to_vec()));
        assert_eq!(spliced(4, 0), Ok(b"abcd-".to_vec()));
        assert_eq!(spliced(0, 2), Ok(b"-cd".to_vec()));
        assert_eq!(spliced(1, 1), Err(Status::BadArgument));
    }
}
