//! How Istio, and Envoy Gateway after it, get the module out of an image: their rules, told again.
//!
//! - `sha256` is compared with the digest of the manifest, before anything else is fetched.
//! - Docker's manifest: the **last** layer must be Docker's tar.gz.
//! - An OCI manifest: the **last** layer is a tar.gz; or else there are exactly **two** layers, and one
//!   of them is the module.
//! - In a tar.gz the module is the first file whose base name is `plugin.wasm`.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::GzDecoder;
use oci_spec::image::{Descriptor, ImageManifest, MediaType};

use crate::digest::sha256;

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const WASM_LAYER: &str = "application/vnd.module.wasm.content.layer.v1+wasm";

/// The module of the image with this manifest; `blob` gets a layer.
pub(super) fn fetch(
    manifest: &[u8],
    expected: Option<&str>,
    blob: &dyn Fn(&Descriptor) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let digest = sha256(manifest);
    if let Some(expected) = expected
        && expected != digest
    {
        bail!("the manifest's digest is {digest}, and `sha256` says {expected}");
    }
    let manifest = ImageManifest::from_reader(manifest)?;
    let media_type = manifest.media_type().as_ref().map(ToString::to_string);
    if media_type.as_deref() == Some(DOCKER_MANIFEST) {
        return in_last_layer(&manifest, DOCKER_LAYER, blob);
    }
    let gzip = MediaType::ImageLayerGzip.to_string();
    match in_last_layer(&manifest, &gzip, blob) {
        Ok(module) => Ok(module),
        Err(compat) => artifact(&manifest, blob).with_context(|| format!("neither {compat:#}")),
    }
}

fn in_last_layer(
    manifest: &ImageManifest,
    media_type: &str,
    blob: &dyn Fn(&Descriptor) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let layer = manifest.layers().last().context("there is no layer")?;
    let found = layer.media_type().to_string();
    ensure!(
        found == media_type,
        "the last layer is {found}, not {media_type}"
    );
    unpack(&blob(layer)?)
}

fn unpack(layer: &[u8]) -> Result<Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(layer));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.file_name() == Some(Path::new("plugin.wasm").as_os_str()) {
            let mut module = Vec::new();
            entry.read_to_end(&mut module)?;
            return Ok(module);
        }
    }
    bail!("the layer has no plugin.wasm")
}

fn artifact(
    manifest: &ImageManifest,
    blob: &dyn Fn(&Descriptor) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let layers = manifest.layers();
    ensure!(
        layers.len() == 2,
        "an artifact has 2 layers, not {}",
        layers.len()
    );
    let is_module = |layer: &&Descriptor| layer.media_type().to_string() == WASM_LAYER;
    let layer = layers.iter().find(is_module);
    blob(layer.with_context(|| format!("no layer is {WASM_LAYER}"))?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dist::archive;

    fn digest(bytes: &[u8]) -> String {
        format!("sha256:{}", sha256(bytes))
    }

    /// Fetches from an image of these layers.
    fn pull(kind: &str, layers: &[(&str, &[u8])]) -> Result<Vec<u8>> {
        let descriptor = |(media_type, bytes): &(&str, &[u8])| -> Value {
            json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
        };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": kind,
            "config": descriptor(&("application/vnd.oci.empty.v1+json", b"{}")),
            "layers": layers.iter().map(descriptor).collect::<Vec<_>>(),
        });
        let blob = |wanted: &Descriptor| {
            let is_it = |layer: &&(&str, &[u8])| digest(layer.1) == wanted.digest().to_string();
            let layer = layers.iter().find(is_it).context("no such blob")?;
            Ok(layer.1.to_vec())
        };
        fetch(manifest.to_string().as_bytes(), None, &blob)
    }

    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
    const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const CONFIG: &str = "application/vnd.module.wasm.config.v1+json";

    fn packed(name: &str) -> Vec<u8> {
        archive::gzip(&archive::tar(&[("x", b"1"), (name, b"\0asm")]).unwrap())
    }

    #[test]
    fn the_last_layer_counts_and_the_base_name_in_it() {
        let (module, other) = (packed("a/b/plugin.wasm"), packed("filter.wasm"));
        let good: [(&str, &[u8]); 2] = [(OCI_LAYER, &other), (OCI_LAYER, &module)];
        assert_eq!(pull(OCI, &good).unwrap(), b"\0asm");
        let bad: [(&str, &[u8]); 2] = [(OCI_LAYER, &module), (OCI_LAYER, &other)];
        assert!(pull(OCI, &bad).is_err());
        assert_eq!(
            pull(DOCKER_MANIFEST, &[(DOCKER_LAYER, &module)]).unwrap(),
            b"\0asm"
        );
        assert!(pull(DOCKER_MANIFEST, &[(OCI_LAYER, &module)]).is_err());
    }

    #[test]
    fn an_artifact_has_exactly_two_layers() {
        let module: (&str, &[u8]) = (WASM_LAYER, b"\0asm");
        let config: (&str, &[u8]) = (CONFIG, b"{}");
        assert_eq!(pull(OCI, &[config, module]).unwrap(), b"\0asm");
        assert_eq!(pull(OCI, &[module, config]).unwrap(), b"\0asm");
        for wrong in [
            vec![module],
            vec![config, module, config],
            vec![config, config],
        ] {
            assert!(pull(OCI, &wrong).is_err());
        }
        // The CNCF's form.
        let error = pull(OCI, &[("application/wasm", b"\0asm")]).unwrap_err();
        assert!(
            format!("{error:#}").contains("2 layers, not 1"),
            "{error:#}"
        );
    }
}
