//! What an image is made of: bytes that are named by their digest.

use anyhow::{Context as _, Result};
use oci_spec::image::{Descriptor, MediaType, Sha256Digest};

use crate::digest::sha256;

/// A part of an image.
#[derive(Clone)]
pub(in crate::dist) struct Blob {
    pub(in crate::dist) bytes: Vec<u8>,
    pub(in crate::dist) media_type: MediaType,
}

impl Blob {
    pub(super) fn new(media_type: impl Into<MediaType>, bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            media_type: media_type.into(),
        }
    }

    /// In hexadecimal, without `sha256:`.
    pub(in crate::dist) fn hex(&self) -> String {
        sha256(&self.bytes)
    }

    pub(super) fn descriptor(&self) -> Result<Descriptor> {
        let digest: Sha256Digest = self.hex().parse().context("a digest is no digest")?;
        let size = self.bytes.len() as u64;
        Ok(Descriptor::new(self.media_type.clone(), size, digest))
    }
}
