//! Looks at what was packaged as somebody would who only has the files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::oci::{self, Form};
use super::package::{Release, image_name};
use super::tree;
use crate::digest::sha256;
use crate::folder::same;

/// Packages again and compares, then reads everything.
pub(super) fn all(release: &Release<'_>, folder: &Path) -> Result<()> {
    let again = tempfile::tempdir().context("cannot create a temporary folder")?;
    release.write(again.path())?;
    let files = same(folder, again.path()).context("packaging twice")?;
    let summed = sums(folder)?;
    ensure!(
        summed + 1 == files,
        "SHA256SUMS names {summed} of {files} files"
    );
    let mut images = 0_usize;
    for extension in release.extensions {
        images += one(folder, &extension.artifact)
            .with_context(|| format!("{} is packaged wrongly", extension.artifact))?;
    }
    println!("{files} files twice the same, {summed} sums right, {images} images whole");
    Ok(())
}

/// Checks every line of `SHA256SUMS`; returns how many there are.
fn sums(folder: &Path) -> Result<usize> {
    let text = fs::read_to_string(folder.join(tree::SUMS))?;
    for line in text.lines() {
        let (digest, name) = line.split_once("  ").context("SHA256SUMS is malformed")?;
        let bytes = fs::read(folder.join(name)).with_context(|| format!("{name} is missing"))?;
        ensure!(sha256(&bytes) == digest, "{name} has another digest");
    }
    Ok(text.lines().count())
}

/// The files of one module agree with each other; returns how many images it has.
fn one(folder: &Path, artifact: &str) -> Result<usize> {
    let read = |end: &str| -> Result<Value> {
        let text = fs::read(folder.join(format!("{artifact}.{end}")))?;
        Ok(serde_json::from_slice(&text)?)
    };
    let module = fs::read(folder.join(format!("{artifact}.wasm")))?;
    let (manifest, bill) = (read("manifest.json")?, read("cdx.json")?);
    let digest = sha256(&module);
    ensure!(
        manifest["sha256"] == digest,
        "the manifest is of another module"
    );
    let hash = &bill["metadata"]["component"]["hashes"][0]["content"];
    ensure!(
        hash == &Value::from(digest),
        "the bill is of another module"
    );

    let tag = |form: Form| manifest["images"][form.name()]["tag"].as_str();
    let docker = tag(Form::Docker).context("the manifest lacks a form")?;
    let images = oci::read(folder, &image_name(artifact), docker)?;
    for form in Form::ALL {
        let tag = tag(form).context("the manifest lacks a form")?;
        let found = images.iter().find(|image| image.tag == tag);
        let found = found.with_context(|| format!("there is no {tag}"))?;
        let digest = format!("sha256:{}", found.manifest.hex());
        let told = &manifest["images"][form.name()]["digest"];
        ensure!(told == &Value::from(digest), "{tag}: another digest");
        let inside = found.blobs.iter().any(|blob| blob.bytes == module);
        if matches!(form, Form::Artifact | Form::Cncf) && !inside {
            bail!("{tag}: the module is not in it");
        }
    }
    Ok(images.len())
}
