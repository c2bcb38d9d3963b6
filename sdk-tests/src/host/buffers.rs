//! Reading and writing a piece of a buffer, by Envoy's rules.

use super::Status;

/// The bytes from `start`, at most `length`. Both are 32 bits in Wasm, and their sum must not
/// overflow there: reading "all from byte 1" with the largest length is a `BadArgument`.
///
/// # Errors
///
/// `BadArgument`: the sum overflows.
pub fn slice(buffer: &[u8], start: u64, length: u64) -> Result<&[u8], Status> {
    let length = length.min(u64::from(u32::MAX));
    if start
        .checked_add(length)
        .is_none_or(|end| end > u64::from(u32::MAX))
    {
        return Err(Status::BadArgument);
    }
    let start = usize::try_from(start).map_err(|_| Status::BadArgument)?;
    let end = start.saturating_add(length as usize).min(buffer.len());
    Ok(buffer.get(start..end).unwrap_or_default())
}

/// Writes into a body. Envoy knows three ways only: put before (`start` 0, `length` 0), replace
/// all (`start` 0, `length` at least the size) and append (`start` at or past the end).
///
/// # Errors
///
/// `BadArgument`: anything else.
pub fn splice(buffer: &mut Vec<u8>, start: u64, length: u64, data: &[u8]) -> Result<(), Status> {
    let size = buffer.len() as u64;
    if start == 0 && length == 0 {
        buffer.splice(0..0, data.iter().copied());
    } else if start == 0 && length >= size {
        data.clone_into(buffer);
    } else if start != 0 && start >= size {
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
        assert_eq!(slice(b"abcd", 1, 2), Ok(&b"bc"[..]));
        assert_eq!(slice(b"abcd", 3, 100), Ok(&b"d"[..]));
        assert_eq!(slice(b"abcd", 5, 1), Ok(&b""[..]));
        assert_eq!(slice(b"abcd", 0, u64::MAX), Ok(&b"abcd"[..]));
        assert_eq!(slice(b"abcd", 1, u64::MAX), Err(Status::BadArgument));
    }

    #[test]
    fn envoy_writes_before_over_and_after_only() {
        let spliced = |start, length| {
            let mut buffer = b"abcd".to_vec();
            splice(&mut buffer, start, length, b"-").map(|()| buffer)
        };
        assert_eq!(spliced(0, 0), Ok(b"-abcd".to_vec()));
        assert_eq!(spliced(0, 4), Ok(b"-".to_vec()));
        assert_eq!(spliced(4, 0), Ok(b"abcd-".to_vec()));
        assert_eq!(spliced(0, 2), Err(Status::BadArgument));
        assert_eq!(spliced(1, 1), Err(Status::BadArgument));
    }
}
