//! The image in Docker's format, in a folder as skopeo's `dir:` has it.
//!
//! It is not in the OCI layout: tools take none but OCI manifests out of one.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use oci_spec::image::{Descriptor, ImageManifest};

use super::blob::Blob;
use super::forms::{DOCKER_MANIFEST, Image};
use super::layout::Found;
use crate::digest::sha256;

const VERSION: &str = "Directory Transport Version: 1.1\n";

/// Writes the manifest, the config and the layers into the folder.
pub(in crate::dist) fn write(folder: &Path, image: &Image) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for blob in &image.blobs {
        fs::write(folder.join(blob.hex()), &blob.bytes)?;
    }
    fs::write(folder.join("manifest.json"), &image.manifest.bytes)?;
    fs::write(folder.join("version"), VERSION)?;
    Ok(())
}

/// Reads such a folder; every blob must be what its descriptor says.
pub(in crate::dist) fn check(folder: &Path, tag: &str) -> Result<Found> {
    let manifest = fs::read(folder.join("manifest.json"))?;
    let parsed = ImageManifest::from_reader(&manifest[..])?;
    let blob = |descriptor: &Descriptor| {
        let digest = descriptor.digest().digest();
        let bytes = fs::read(folder.join(digest))?;
        ensure!(sha256(&bytes) == digest, "{digest}: its content");
        Ok(Blob::new(descriptor.media_type().clone(), bytes))
    };
    let parts: Result<Vec<_>> = [parsed.config()]
        .into_iter()
        .chain(parsed.layers())
        .map(blob)
        .collect();
    Ok(Found {
        tag: tag.to_owned(),
        manifest: Blob::new(DOCKER_MANIFEST, manifest),
        blobs: parts?,
    })
}
