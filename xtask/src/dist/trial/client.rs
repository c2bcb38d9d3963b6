//! A client of registries: `oci-client`, over plain HTTP.

use anyhow::{Context as _, Result};
use oci_client::Reference;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use oci_spec::image::{Descriptor, ImageManifest};
use tokio::runtime::Runtime;

use super::istio;
use crate::dist::oci::Found;

/// What a proxy asks for.
const MANIFESTS: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

pub(super) struct Client {
    runtime: Runtime,
    client: oci_client::Client,
}

impl Client {
    pub(super) fn new() -> Result<Self> {
        // TLS is never spoken, but the client is not made without somebody who could. It is no error
        // that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start a runtime")?;
        let config = ClientConfig {
            protocol: ClientProtocol::Http,
            ..ClientConfig::default()
        };
        Ok(Self {
            runtime,
            client: oci_client::Client::new(config),
        })
    }

    /// Pushes an image as it is.
    pub(super) fn push(&self, reference: &str, image: &Found) -> Result<()> {
        let reference: Reference = reference.parse()?;
        let media_type = image.manifest.media_type.as_ref().parse()?;
        self.runtime.block_on(async {
            for blob in &image.blobs {
                let digest = format!("sha256:{}", blob.hex());
                let bytes = blob.bytes.clone();
                self.client.push_blob(&reference, bytes, &digest).await?;
            }
            let bytes = image.manifest.bytes.clone();
            self.client
                .push_manifest_raw(&reference, bytes, media_type)
                .await?;
            anyhow::Ok(())
        })
    }

    /// Pulls the module of an image as Istio does.
    pub(super) fn istio(&self, reference: &str, sha256: Option<&str>) -> Result<Vec<u8>> {
        let manifest = self.manifest(reference)?;
        istio::fetch(&manifest, sha256, &|layer| self.blob(reference, layer))
    }

    /// Pulls the layers of an image as they are.
    pub(super) fn layers(&self, reference: &str) -> Result<Vec<Vec<u8>>> {
        let manifest = ImageManifest::from_reader(&self.manifest(reference)?[..])?;
        let layers = manifest.layers().iter();
        layers.map(|layer| self.blob(reference, layer)).collect()
    }

    fn manifest(&self, reference: &str) -> Result<Vec<u8>> {
        let reference: Reference = reference.parse()?;
        let pull = self
            .client
            .pull_manifest_raw(&reference, &RegistryAuth::Anonymous, &MANIFESTS);
        let (bytes, _) = self.runtime.block_on(pull)?;
        Ok(bytes.to_vec())
    }

    /// The client compares with the digest.
    fn blob(&self, reference: &str, descriptor: &Descriptor) -> Result<Vec<u8>> {
        let reference: Reference = reference.parse()?;
        let descriptor = OciDescriptor {
            media_type: descriptor.media_type().to_string(),
            digest: descriptor.digest().to_string(),
            size: descriptor.size().try_into()?,
            ..OciDescriptor::default()
        };
        let mut bytes = Vec::new();
        let pull = self.client.pull_blob(&reference, &descriptor, &mut bytes);
        self.runtime.block_on(pull)?;
        Ok(bytes)
    }
}
