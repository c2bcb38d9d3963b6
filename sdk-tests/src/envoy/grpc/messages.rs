//! gRPC messages on the wire: a byte that says whether they are compressed, four for the length, and
//! the bytes.

use bytes::{Buf, BufMut, Bytes, BytesMut};

const HEAD: usize = 5;

/// A message as it goes out.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("a message of less than 4 GiB"));
    frame.put_slice(message);
    frame.freeze()
}

/// The messages in what came in, however it was cut.
#[derive(Default)]
pub(super) struct Messages {
    bytes: BytesMut,
}

impl Messages {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that is whole.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        let length = self.bytes.get(1..HEAD)?.get_u32() as usize;
        if self.bytes.len() < HEAD + length {
            return None;
        }
        self.bytes.advance(HEAD);
        Some(self.bytes.split_to(length).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in_however_they_are_cut() {
        let wire = [frame(b"one"), frame(b""), frame(b"three")].concat();
        let mut messages = Messages::default();
        let mut whole = Vec::new();
        for byte in wire {
            messages.push(&[byte]);
            whole.extend(messages.next());
        }
        assert_eq!(whole, [&b"one"[..], b"", b"three"]);
    }
}
