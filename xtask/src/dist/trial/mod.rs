//! What `dist` wrote, delivered for real: pushed into a registry of its own, pulled again as proxies
//! pull, compared, and run in Envoy.

mod client;
mod envoy;
mod istio;
mod server;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::oci::{self, Form, Found};
use super::package::{IMAGES, image_name};
use crate::build::Extension;
use crate::digest::sha256;
use crate::process;
use crate::tools::{self, Registry};

use client::Client;
use server::Server;

/// Where skopeo pushes to, as the deploy configs have it, and where the client does.
const BY_SKOPEO: &str = "proxy-wasm";
const BY_CLIENT: &str = "by-client";

/// Tries everything in `dist`, whose deploy configs name images in `registry`.
pub(super) fn run(dist: &Path, extensions: &[Extension], registry: &str) -> Result<()> {
    let programs = tools::registry()?;
    let server = Server::start(&programs.server)?;
    let client = Client::new()?;
    let mut count = 0_usize;
    for extension in extensions {
        let one = Trial {
            dist,
            programs: &programs,
            server: &server,
            client: &client,
        };
        count += one
            .images(&extension.artifact)
            .with_context(|| format!("the images of {} are wrong", extension.artifact))?;
    }
    println!("{count} images pushed by skopeo and by oci-client, and pulled with the same bytes");
    let pull = |url: &str, digest: &str| {
        let Some(image) = url.strip_prefix(&format!("oci://{registry}/")) else {
            bail!("{url} is not in {registry}");
        };
        let reference = server.reference(&format!("{BY_SKOPEO}/{image}"));
        client.istio(&reference, Some(digest))
    };
    envoy::run(dist, &tools::setup()?.envoy, &pull)
}

struct Trial<'a> {
    dist: &'a Path,
    programs: &'a Registry,
    server: &'a Server,
    client: &'a Client,
}

impl Trial<'_> {
    /// All forms of one image; returns how many there are.
    fn images(&self, artifact: &str) -> Result<usize> {
        let name = image_name(artifact);
        let read = |end: &str| fs::read(self.dist.join(format!("{artifact}.{end}")));
        let module = read("wasm")?;
        let manifest: Value = serde_json::from_slice(&read("manifest.json")?)?;
        let told = |form: Form, key: &str| {
            let value = &manifest["images"][form.name()][key];
            value
                .as_str()
                .map(str::to_owned)
                .context("the manifest lacks a form")
        };
        let images = oci::read(self.dist, &name, &told(Form::Docker, "tag")?)?;
        for form in Form::ALL {
            let (tag, digest) = (told(form, "tag")?, told(form, "digest")?);
            let image = images.iter().find(|image| image.tag == tag);
            let image = image.with_context(|| format!("there is no {tag}"))?;
            self.skopeo(&format!("{name}:{tag}"), &digest)?;
            let own = self.server.reference(&format!("{BY_CLIENT}/{name}:{tag}"));
            self.client.push(&own, image)?;
            for repository in [BY_SKOPEO, BY_CLIENT] {
                let reference = self.server.reference(&format!("{repository}/{name}:{tag}"));
                self.pulled(form, &reference, &digest, image, &module)
                    .with_context(|| format!("{reference} comes back differently"))?;
            }
        }
        Ok(images.len())
    }

    /// Pushes as the release's workflow does.
    fn skopeo(&self, image: &str, digest: &str) -> Result<()> {
        let lines = fs::read_to_string(self.dist.join(IMAGES))?;
        let end = format!("\t{image}\t{digest}");
        let source = lines.lines().find_map(|line| line.strip_suffix(&end));
        let source = source.with_context(|| format!("{IMAGES} lacks {image}"))?;
        let target = self.server.reference(&format!("{BY_SKOPEO}/{image}"));
        let mut skopeo = self.programs.skopeo();
        skopeo
            .current_dir(self.dist)
            .args(["--insecure-policy", "copy", "--quiet"])
            .args(["--preserve-digests", "--dest-tls-verify=false", source])
            .arg(format!("docker://{target}"));
        process::output(&mut skopeo).map(drop)
    }

    /// Pulls as whoever this form is for.
    fn pulled(
        &self,
        form: Form,
        reference: &str,
        digest: &str,
        image: &Found,
        module: &[u8],
    ) -> Result<()> {
        let hex = digest.trim_start_matches("sha256:");
        ensure!(
            image.manifest.hex() == hex,
            "the manifest.json tells another digest"
        );
        let fetched = self.client.istio(reference, Some(hex));
        if form == Form::Cncf {
            // Whoever takes this form knows its one layer; Istio does not.
            let Err(error) = fetched else {
                bail!("Istio would take it: the documentation says otherwise");
            };
            ensure!(format!("{error:#}").contains("2 layers"), "{error:#}");
            let layers = self.client.layers(reference)?;
            ensure!(layers == [module], "another layer");
            return Ok(());
        }
        ensure!(fetched? == module, "another module");
        // The digest of the file is not the one that Istio means.
        let Err(error) = self.client.istio(reference, Some(&sha256(module))) else {
            bail!("Istio would take it with the digest of the file");
        };
        ensure!(format!("{error:#}").contains(hex), "{error:#}");
        Ok(())
    }
}
