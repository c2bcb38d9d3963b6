//! Archives whose bytes depend on their contents and nothing else.

use anyhow::Result;
use flate2::Crc;
use tar::{Builder, EntryType, Header};

/// How hard miniz tries: the most that zlib's own scale has.
const LEVEL: u8 = 9;

/// A tar archive of these files, in this order: no times, no owners, one mode.
pub(super) fn tar(files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_path(name)?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, *bytes)?;
    }
    Ok(builder.into_inner()?)
}

/// `bytes` in one gzip member with neither name nor time (RFC 1952).
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Deflate, no flags, no time, most compressed, unknown system.
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    member.extend(miniz_oxide::deflate::compress_to_vec(bytes, LEVEL));
    let mut crc = Crc::new();
    crc.update(bytes);
    member.extend(crc.sum().to_le_bytes());
    member.extend(crc.amount().to_le_bytes());
    member
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::digest::sha256;

    #[test]
    fn what_goes_in_comes_out() {
        let files: [(&str, &[u8]); 2] = [("plugin.wasm", b"\0asm"), ("a/b.txt", b"text")];
        let packed = gzip(&tar(&files).unwrap());
        let mut archive = tar::Archive::new(GzDecoder::new(&packed[..]));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 0);
            found.push((name, bytes));
        }
        let files = files.map(|(name, bytes)| (name.to_owned(), bytes.to_owned()));
        assert_eq!(found, files);
    }

    /// Another compressor, or another version of this one, would change every image's digest.
    #[test]
    fn the_bytes_are_those_of_every_machine() {
        let text: Vec<u8> = (0..100_000_u32)
            .map(|n| (n.wrapping_mul(n) >> 7) as u8)
            .collect();
        let packed = gzip(&tar(&[("plugin.wasm", &text)]).unwrap());
        assert_eq!(
            sha256(&packed),
            "4b44795ef711dddceb3e9c694daad4d25b01d580fde2755cdf5bec2d7979c6f1"
        );
    }
}
