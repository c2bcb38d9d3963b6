//! `compress` and `uncompress`: the format of zlib, whole buffers at once.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status as Progress};

use crate::host::Status;

/// Compresses. Any zlib reads the bytes, but another implementation may write others.
pub(super) fn compress(bytes: &[u8]) -> Result<Vec<u8>, Status> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes);
    written
        .and_then(|()| encoder.finish())
        .map_err(|_| Status::SerializationFailure)
}

/// Uncompresses. What comes after the end is ignored.
///
/// # Errors
///
/// `SerializationFailure`: not zlib, or not whole.
pub(super) fn uncompress(bytes: &[u8]) -> Result<Vec<u8>, Status> {
    let mut state = Decompress::new(true);
    let mut output = Vec::with_capacity(bytes.len() * 2 + 2);
    loop {
        let consumed = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
        let rest = bytes.get(consumed..).unwrap_or_default();
        let before = state.total_out();
        match state.decompress_vec(rest, &mut output, FlushDecompress::None) {
            Ok(Progress::StreamEnd) => return Ok(output),
            Ok(_) if output.len() == output.capacity() => output.reserve(output.len().max(64)),
            // There is room, and nothing came: the end is missing.
            Ok(_) if state.total_out() == before => return Err(Status::SerializationFailure),
            Ok(_) => {}
            Err(_) => return Err(Status::SerializationFailure),
        }
    }
}
