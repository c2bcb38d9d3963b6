//! OCI image layouts: a folder that is a small registry, and the check of one.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, ImageIndex, ImageIndexBuilder, ImageManifest, MediaType,
    OciLayout, OciLayoutBuilder,
};

use super::blob::Blob;
use super::forms::{Form, Image};
use crate::digest::sha256;
use crate::dist::json;

/// An image as it was read.
pub(in crate::dist) struct Found {
    pub(in crate::dist) tag: String,
    pub(in crate::dist) manifest: Blob,
    /// The config and the layers.
    pub(in crate::dist) blobs: Vec<Blob>,
}

/// Writes the OCI forms of an image into the folder, each under its tag.
pub(in crate::dist) fn write(folder: &Path, images: &[Image]) -> Result<()> {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).with_context(|| format!("cannot create {}", blobs.display()))?;
    let mut manifests = Vec::new();
    for image in images.iter().filter(|image| image.form != Form::Docker) {
        for blob in image.blobs.iter().chain([&image.manifest]) {
            fs::write(blobs.join(blob.hex()), &blob.bytes)?;
        }
        let mut descriptor = image.manifest.descriptor()?;
        let name = (ANNOTATION_REF_NAME.to_owned(), image.tag.clone());
        descriptor.set_annotations(Some(HashMap::from([name])));
        manifests.push(descriptor);
    }
    let index = ImageIndexBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build()?;
    let index = json::compact(serde_json::to_value(index)?)?;
    fs::write(folder.join("index.json"), index)?;
    let layout = OciLayoutBuilder::default()
        .image_layout_version("1.0.0")
        .build()?;
    let layout = json::compact(serde_json::to_value(layout)?)?;
    fs::write(folder.join("oci-layout"), layout)?;
    Ok(())
}

/// Reads a layout as a stranger would and returns its images, whole.
///
/// Every blob must be what its descriptor says, and no blob may be there for nothing.
pub(in crate::dist) fn check(folder: &Path) -> Result<Vec<Found>> {
    let layout = OciLayout::from_file(folder.join("oci-layout"))?;
    ensure!(
        layout.image_layout_version() == "1.0.0",
        "another layout version"
    );
    let index = ImageIndex::from_file(folder.join("index.json"))?;
    let mut used = BTreeSet::new();
    let mut images = Vec::new();
    for descriptor in index.manifests() {
        let annotations = descriptor.annotations().clone().unwrap_or_default();
        let tag = annotations
            .get(ANNOTATION_REF_NAME)
            .context("a manifest without a name")?;
        let mut load = |descriptor: &Descriptor| {
            used.insert(descriptor.digest().digest().to_owned());
            blob(folder, descriptor).with_context(|| format!("{tag}: a blob is wrong"))
        };
        let manifest = load(descriptor)?;
        let parsed = ImageManifest::from_reader(&manifest.bytes[..])?;
        if parsed.media_type().as_ref() != Some(descriptor.media_type()) {
            bail!("{tag}: the manifest is not of the type that the index says");
        }
        let parts: Result<Vec<_>> = [parsed.config()]
            .into_iter()
            .chain(parsed.layers())
            .map(load)
            .collect();
        images.push(Found {
            tag: tag.clone(),
            manifest,
            blobs: parts?,
        });
    }
    for entry in fs::read_dir(folder.join("blobs/sha256"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        ensure!(used.contains(&name), "nothing refers to the blob {name}");
    }
    Ok(images)
}

fn blob(folder: &Path, descriptor: &Descriptor) -> Result<Blob> {
    let digest = descriptor
        .as_digest_sha256()
        .context("a digest that is not SHA-256")?;
    let bytes = fs::read(folder.join("blobs/sha256").join(digest))?;
    ensure!(
        bytes.len() as u64 == descriptor.size(),
        "{digest}: its size"
    );
    ensure!(sha256(&bytes) == digest, "{digest}: its content");
    Ok(Blob::new(descriptor.media_type().clone(), bytes))
}

#[cfg(test)]
mod tests {
    use super::super::forms::{Parts, images};
    use super::*;

    fn layout() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let images = images(&Parts {
            name: "basic-auth",
            description: "words",
            version: "1.2.3",
            license: None,
            module: b"\0asm",
            notices: &[],
        });
        write(folder.path(), &images.unwrap()).unwrap();
        folder
    }

    #[test]
    fn a_layout_that_was_written_is_right() {
        let images = check(layout().path()).unwrap();
        let tags: Vec<_> = images.iter().map(|image| image.tag.as_str()).collect();
        assert_eq!(tags, ["1.2.3", "1.2.3-artifact", "1.2.3-cncf"]);
        assert_eq!(images[1].blobs.last().unwrap().bytes, b"\0asm");
    }

    #[test]
    fn a_changed_or_needless_blob_is_found() {
        let folder = layout();
        let blobs = folder.path().join("blobs/sha256");
        let extra = blobs.join("00");
        fs::write(&extra, "x").unwrap();
        let error = check(folder.path()).err().unwrap().to_string();
        assert!(error.contains("nothing refers"), "{error}");
        fs::remove_file(extra).unwrap();

        let module = blobs.join(sha256(b"\0asm"));
        fs::write(module, "\0ASM").unwrap();
        let error = format!("{:#}", check(folder.path()).err().unwrap());
        assert!(error.contains("its content"), "{error}");
    }
}
