//! Writes the files of a release.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use comfy_table::Table;

use super::graph::Graph;
use super::oci::{self, Form, Image, Parts};
use super::sbom::{self, Subject};
use super::{archive, deploy, json, licenses, manifest, symbols, tree};
use crate::build::{Extension, Project, Rustc};
use crate::digest::sha256;
use crate::folder::files;
use crate::table;

/// Each image in a line: where skopeo finds it, what it is called in a registry, its digest.
pub(super) const IMAGES: &str = "images.tsv";

/// What is packaged.
pub(super) struct Release<'a> {
    pub(super) project: &'a Project,
    pub(super) extensions: &'a [Extension],
    /// Where it will be.
    pub(super) places: deploy::Places<'a>,
}

/// One module and what its package says of it.
pub(super) struct Packed<'a> {
    /// The name without an extension: `basic_auth`.
    pub(super) name: &'a str,
    /// The file's: `basic_auth.wasm`.
    pub(super) file: &'a str,
    pub(super) version: &'a str,
    pub(super) description: &'a str,
    pub(super) license: Option<&'a str>,
    pub(super) features: &'a [String],
    pub(super) module: &'a [u8],
}

/// What an image is called: the artifact's name, as registries write names.
pub(super) fn image_name(artifact: &str) -> String {
    artifact.replace('_', "-")
}

impl Release<'_> {
    /// Writes everything into an empty folder; returns the table to show.
    pub(super) fn write(&self, folder: &Path) -> Result<Table> {
        let rustc = Rustc::ask()?;
        let mut table = table::new(["extension", "version", "bytes", "gzip", "crates", "image"]);
        let (mut releases, mut pushes) = (Vec::new(), String::new());
        for extension in self.extensions {
            let row = self
                .one(folder, extension, &rustc, &mut releases, &mut pushes)
                .with_context(|| format!("cannot package {}", extension.artifact))?;
            table.add_row(row);
        }
        fs::write(folder.join(IMAGES), pushes)?;
        self.deploy(folder, &releases)?;
        if let Some(license) = self.license() {
            fs::copy(license, folder.join("LICENSE"))?;
        }
        tree::sum(folder)?;
        Ok(table)
    }

    fn license(&self) -> Option<PathBuf> {
        let license = self.project.root().join("LICENSE");
        license.is_file().then_some(license)
    }

    fn one(
        &self,
        folder: &Path,
        extension: &Extension,
        rustc: &Rustc,
        releases: &mut Vec<deploy::Release>,
        pushes: &mut String,
    ) -> Result<Vec<String>> {
        let name = &extension.artifact;
        let file = format!("{name}.wasm");
        let module = fs::read(self.project.modules().join(&file))
            .with_context(|| format!("{file} is not built"))?;
        let package = self.project.package(extension)?;
        let own = self.folder(extension)?;
        let packed = Packed {
            name,
            file: &file,
            version: &package.version.to_string(),
            description: &extension.description,
            license: package.license.as_deref(),
            features: &extension.features,
            module: &module,
        };
        let graph = Graph::read(self.project, extension)?;
        symbols::check(&module, &graph)?;
        let licenses = licenses::text(&file, &graph)?;
        let images = self.images(&packed, licenses.as_bytes())?;
        let subject = Subject {
            file: &file,
            module: &module,
            rust: &rustc.release,
        };
        let manifest = manifest::manifest(&packed, rustc, &images, &own.join("budget.toml"))?;

        let write =
            |end: &str, bytes: &[u8]| fs::write(folder.join(format!("{name}.{end}")), bytes);
        write("wasm", &module)?;
        write("manifest.json", &json::pretty(manifest.clone())?)?;
        write("cdx.json", &json::pretty(sbom::bill(&subject, &graph))?)?;
        write("licenses.txt", licenses.as_bytes())?;
        let schema = own.join("config.schema.json");
        if schema.is_file() {
            write("config.schema.json", &fs::read(schema)?)?;
        }
        let image = image_name(name);
        oci::write(folder, &image, &images)?;
        for form in &images {
            let (source, tag, digest) = (oci::source(&image, form), &form.tag, form.manifest.hex());
            writeln!(pushes, "{source}\t{image}:{tag}\tsha256:{digest}")?;
        }

        let first = images.iter().find(|image| image.form == Form::Oci);
        let image = first.context("an image has no first form")?.manifest.hex();
        let row = vec![
            name.clone(),
            packed.version.to_owned(),
            module.len().to_string(),
            manifest["bytes_gzip"].to_string(),
            graph.third_party().count().to_string(),
            format!("sha256:{}…", image.get(..12).unwrap_or(&image)),
        ];
        releases.push(deploy::Release {
            artifact: name.clone(),
            version: packed.version.to_owned(),
            file: sha256(&module),
            image,
        });
        Ok(row)
    }

    fn images(&self, packed: &Packed<'_>, licenses: &[u8]) -> Result<Vec<Image>> {
        let license = self.license().map(fs::read).transpose()?;
        let mut notices: Vec<(&str, &[u8])> = Vec::new();
        if let Some(license) = &license {
            notices.push(("LICENSE", license));
        }
        notices.push(("THIRD_PARTY_LICENSES", licenses));
        oci::images(&Parts {
            name: &image_name(packed.name),
            description: packed.description,
            version: packed.version,
            license: packed.license,
            module: packed.module,
            notices: &notices,
        })
    }

    /// Copies the deploy configs of the packages, filled in, and an archive of them.
    fn deploy(&self, folder: &Path, releases: &[deploy::Release]) -> Result<()> {
        let mut all = Vec::new();
        let mut packages: Vec<_> = self.extensions.iter().collect();
        // Variants of a package share its configs.
        packages.dedup_by(|a, b| a.package == b.package);
        for extension in packages {
            let from = self.folder(extension)?.join("deploy");
            if !from.is_dir() {
                continue;
            }
            for (name, bytes) in files(&from)? {
                let name = format!("deploy/{}/{name}", extension.package);
                let text = String::from_utf8(bytes).with_context(|| format!("{name}: not text"))?;
                let text = deploy::fill(&text, releases, self.places)
                    .with_context(|| format!("cannot fill in {name}"))?;
                let file = folder.join(&name);
                if let Some(parent) = file.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(file, &text)?;
                all.push((name, text));
            }
        }
        if !all.is_empty() {
            let entries: Vec<(&str, &[u8])> = all
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_bytes()))
                .collect();
            let archive = archive::gzip(&archive::tar(&entries)?);
            fs::write(folder.join("deploy.tar.gz"), archive)?;
        }
        Ok(())
    }

    fn folder(&self, extension: &Extension) -> Result<PathBuf> {
        let manifest = &self.project.package(extension)?.manifest_path;
        let folder = manifest.parent().context("a manifest without a folder")?;
        Ok(folder.as_std_path().to_owned())
    }
}
