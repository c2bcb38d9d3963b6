//! The four forms of an image. Each is a manifest, a config and layers; the bytes of all are a
//! function of the module and its notices.

use std::collections::HashMap;

use anyhow::Result;
use oci_spec::image::{
    ANNOTATION_DESCRIPTION, ANNOTATION_LICENSES, ANNOTATION_TITLE, ANNOTATION_VERSION, Arch,
    Descriptor, ImageConfigurationBuilder, ImageManifestBuilder, MediaType, Os, RootFsBuilder,
};
use serde_json::{Value, json};

use super::blob::Blob;
use crate::digest::sha256;
use crate::dist::{archive, json};

pub(super) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const ARTIFACT_CONFIG: &str = "application/vnd.module.wasm.config.v1+json";
const ARTIFACT_LAYER: &str = "application/vnd.module.wasm.content.layer.v1+wasm";
const CNCF_CONFIG: &str = "application/vnd.wasm.config.v0+json";
const CNCF_LAYER: &str = "application/wasm";

/// How a proxy, or a tool, expects a module in a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::dist) enum Form {
    /// An OCI image whose last layer is a tar with `plugin.wasm`. What one takes who has no reason
    /// for another: also Docker, and Kubernetes for a volume.
    Oci,
    /// The same with Docker's media types, for registries that take nothing else.
    Docker,
    /// Two layers, one of them the module as it is ("Wasm Artifact Image Specification").
    Artifact,
    /// The CNCF's Wasm OCI artifact: one layer, the module. Istio does not take it.
    Cncf,
}

impl Form {
    pub(in crate::dist) const ALL: [Self; 4] =
        [Self::Oci, Self::Docker, Self::Artifact, Self::Cncf];

    pub(in crate::dist) fn name(self) -> &'static str {
        match self {
            Self::Oci => "oci",
            Self::Docker => "docker",
            Self::Artifact => "artifact",
            Self::Cncf => "cncf",
        }
    }

    /// The version is the first form; the others say which they are.
    pub(in crate::dist) fn tag(self, version: &str) -> String {
        // `+` is none of a tag's characters.
        let version = version.replace('+', "_");
        match self {
            Self::Oci => version,
            other => format!("{version}-{}", other.name()),
        }
    }
}

/// What an image is made of.
pub(in crate::dist) struct Parts<'a> {
    /// The image's name, such as `basic-auth`.
    pub(in crate::dist) name: &'a str,
    pub(in crate::dist) description: &'a str,
    pub(in crate::dist) version: &'a str,
    pub(in crate::dist) license: Option<&'a str>,
    pub(in crate::dist) module: &'a [u8],
    /// Texts that go with the module: file names and contents.
    pub(in crate::dist) notices: &'a [(&'a str, &'a [u8])],
}

/// One form of an image.
pub(in crate::dist) struct Image {
    pub(in crate::dist) form: Form,
    pub(in crate::dist) tag: String,
    pub(in crate::dist) manifest: Blob,
    /// The config and the layers.
    pub(in crate::dist) blobs: Vec<Blob>,
}

/// All forms.
pub(in crate::dist) fn images(parts: &Parts<'_>) -> Result<Vec<Image>> {
    let mut files = vec![("plugin.wasm", parts.module)];
    files.extend(parts.notices);
    let tar = archive::tar(&files)?;
    let packed = archive::gzip(&tar);
    let config = image_config(&tar)?;

    let make = |form: Form| {
        let (config, layers) = match form {
            Form::Oci => (
                Blob::new(MediaType::ImageConfig, config.clone()),
                vec![Blob::new(MediaType::ImageLayerGzip, packed.clone())],
            ),
            Form::Docker => (
                Blob::new(DOCKER_CONFIG, config.clone()),
                vec![Blob::new(DOCKER_LAYER, packed.clone())],
            ),
            Form::Artifact => (
                Blob::new(MediaType::EmptyJSON, b"{}".to_vec()),
                vec![
                    Blob::new(ARTIFACT_CONFIG, runtime_config()?),
                    Blob::new(ARTIFACT_LAYER, parts.module.to_vec()),
                ],
            ),
            Form::Cncf => (
                Blob::new(CNCF_CONFIG, cncf_config(parts.module)?),
                vec![Blob::new(CNCF_LAYER, parts.module.to_vec())],
            ),
        };
        let manifest = manifest(form, parts, &config, &layers)?;
        let mut blobs = vec![config];
        blobs.extend(layers);
        Ok(Image {
            form,
            tag: form.tag(parts.version),
            manifest,
            blobs,
        })
    };
    Form::ALL.into_iter().map(make).collect()
}

fn manifest(form: Form, parts: &Parts<'_>, config: &Blob, layers: &[Blob]) -> Result<Blob> {
    let media_type = match form {
        Form::Docker => MediaType::from(DOCKER_MANIFEST),
        _ => MediaType::ImageManifest,
    };
    let layers: Result<Vec<Descriptor>> = layers.iter().map(|layer| titled(form, layer)).collect();
    let mut manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(media_type.clone())
        .config(config.descriptor()?)
        .layers(layers?);
    if form == Form::Artifact {
        // The image specification asks for it beside an empty config.
        manifest = manifest.artifact_type(ARTIFACT_CONFIG);
    }
    // Docker's format has no annotations.
    if form != Form::Docker {
        manifest = manifest.annotations(annotations(form, parts));
    }
    let manifest = serde_json::to_value(manifest.build()?)?;
    Ok(Blob::new(media_type, json::compact(manifest)?))
}

/// A layer that is a file says its name, for tools that unpack artifacts.
fn titled(form: Form, layer: &Blob) -> Result<Descriptor> {
    let mut descriptor = layer.descriptor()?;
    let title = match layer.media_type.as_ref() {
        ARTIFACT_CONFIG => "runtime-config.json",
        ARTIFACT_LAYER | CNCF_LAYER => "plugin.wasm",
        _ => return Ok(descriptor),
    };
    if matches!(form, Form::Artifact | Form::Cncf) {
        let title = (ANNOTATION_TITLE.to_owned(), title.to_owned());
        descriptor.set_annotations(Some(HashMap::from([title])));
    }
    Ok(descriptor)
}

fn annotations(form: Form, parts: &Parts<'_>) -> HashMap<String, String> {
    let mut annotations = HashMap::from([
        (ANNOTATION_TITLE.to_owned(), parts.name.to_owned()),
        (ANNOTATION_VERSION.to_owned(), parts.version.to_owned()),
        (
            ANNOTATION_DESCRIPTION.to_owned(),
            parts.description.to_owned(),
        ),
    ]);
    if let Some(license) = parts.license {
        annotations.insert(ANNOTATION_LICENSES.to_owned(), license.to_owned());
    }
    if form == Form::Oci {
        annotations.insert("module.wasm.image/variant".to_owned(), "compat".to_owned());
    }
    annotations
}

/// The config of a container image. Proxies do not look at it. What pulls images for containers may
/// refuse to unpack one for a platform that no container has, so it says what `docker build` says.
fn image_config(tar: &[u8]) -> Result<Vec<u8>> {
    let layers = RootFsBuilder::default()
        .typ("layers")
        .diff_ids(vec![format!("sha256:{}", sha256(tar))])
        .build()?;
    let config = ImageConfigurationBuilder::default()
        .architecture(Arch::Amd64)
        .os(Os::Linux)
        .rootfs(layers)
        .build()?;
    json::compact(serde_json::to_value(config)?)
}

fn runtime_config() -> Result<Vec<u8>> {
    // Which root ids mean something is in the READMEs.
    json::compact(json!({
        "type": "envoy_proxy",
        "abiVersions": ["v0.2.1"],
        "config": { "root_ids": [] },
    }))
}

fn cncf_config(module: &[u8]) -> Result<Vec<u8>> {
    let config: Value = json!({
        "architecture": "wasm",
        "os": "wasip1",
        "layerDigests": [format!("sha256:{}", sha256(module))],
    });
    json::compact(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<Image> {
        images(&Parts {
            name: "basic-auth",
            description: "words",
            version: "1.2.3+x",
            license: Some("Apache-2.0"),
            module: b"\0asm",
            notices: &[("LICENSE", b"text")],
        })
        .unwrap()
    }

    fn json_of(image: &Image) -> Value {
        serde_json::from_slice(&image.manifest.bytes).unwrap()
    }

    #[test]
    fn the_manifests_are_what_the_proxies_look_for() {
        let images = some();
        let types = |at: usize| {
            let manifest = json_of(&images[at]);
            let layers = manifest["layers"].as_array().unwrap().clone();
            let layers: Vec<_> = layers
                .iter()
                .map(|layer| layer["mediaType"].as_str().unwrap().to_owned())
                .collect();
            (
                manifest["mediaType"].as_str().unwrap().to_owned(),
                layers.join(" "),
            )
        };
        let oci = "application/vnd.oci.image.manifest.v1+json";
        let expected = [
            (oci, "application/vnd.oci.image.layer.v1.tar+gzip"),
            (DOCKER_MANIFEST, DOCKER_LAYER),
            (
                oci,
                "application/vnd.module.wasm.config.v1+json application/vnd.module.wasm.content.layer.v1+wasm",
            ),
            (oci, "application/wasm"),
        ];
        for (at, (manifest, layers)) in expected.into_iter().enumerate() {
            assert_eq!(types(at), (manifest.to_owned(), layers.to_owned()));
        }
        let tags: Vec<_> = images.iter().map(|image| &*image.tag).collect();
        let expected = [
            "1.2.3_x",
            "1.2.3_x-docker",
            "1.2.3_x-artifact",
            "1.2.3_x-cncf",
        ];
        assert_eq!(tags, expected);
    }

    #[test]
    fn the_same_parts_give_the_same_bytes() {
        for (one, other) in some().iter().zip(some()) {
            assert_eq!(one.manifest.bytes, other.manifest.bytes);
            let annotations = &json_of(one)["annotations"];
            assert_eq!(annotations.is_null(), one.form == Form::Docker);
        }
    }
}
