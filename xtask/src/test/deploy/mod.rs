//! Every config that a user may copy: `extensions/*/deploy`, `examples/*`, and the YAML in READMEs.
//!
//! The convention: `/etc/envoy` is the folder that the files are copied to. `/etc/envoy/x.wasm` is
//! a built module, `/etc/envoy/y.yaml` is the file `y.yaml` beside the config. For the test that
//! folder is a temporary one. Real Envoy loads every config (`--mode validate`, which starts the
//! plugins too); a resource that is not a whole Envoy config, such as Istio's WasmPlugin, is put
//! into a small one first, and its own fields are checked.

mod bootstrap;
mod fail_closed;
mod kubernetes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

#[cfg(any(feature = "check", feature = "dist"))]
pub(crate) use bootstrap::artifact;
#[cfg(feature = "dist")]
pub(crate) use bootstrap::configs;
#[cfg(feature = "check")]
pub(crate) use bootstrap::root_id;

use super::{Context, Outcome};
use crate::{deploy, markdown, process, tools, workspace};

/// The folder in the configs that stands for wherever a user keeps them.
const FOLDER: &str = "/etc/envoy";

/// Environment variables that the configs read, as a Kubernetes Secret would set them. The password
/// is `password`; the key is that of RFC 8037, appendix A.
pub(crate) const ENVIRONMENT: [(&str, &str); 2] = [
    (
        "BASIC_AUTH_USERS",
        "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    ),
    (
        "JWT_HEADERS_JWKS",
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    ),
];

pub(super) fn run(_: &Context) -> Result<Outcome> {
    let envoy = tools::setup()?.envoy;
    let (mut problems, mut loaded) = (platforms()?, 0_u32);
    for file in deploy::outdated()? {
        let file = workspace::relative(&file);
        problems.push(format!("{file}: not what `cargo xtask deploy` writes"));
    }
    for folder in folders()? {
        match check_folder(&folder, &folder, &workspace::wasm(), &envoy) {
            Ok(configs) => loaded += configs,
            Err(error) => problems.push(format!("{error:#}")),
        }
    }
    for file in readmes()? {
        match check_readme(&file, &envoy) {
            Ok(configs) => loaded += configs,
            Err(error) => problems.push(format!("{}: {error:#}", workspace::relative(&file))),
        }
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    if loaded == 0 {
        bail!("there are no configs: is this the project's folder?");
    }
    Ok(Outcome::Passed)
}

/// What every extension has a config for: part of the text of one of its files.
const PLATFORMS: [(&str, &str); 8] = [
    ("plain Envoy", "static_resources:"),
    ("plain Envoy, from a file", "path_config_source:"),
    ("plain Envoy, from a control plane", "api_config_source:"),
    ("Istio", "kind: WasmPlugin"),
    ("Istio 1.30", "kind: TrafficExtension"),
    ("older Istio", "kind: EnvoyFilter"),
    ("Envoy Gateway", "kind: EnvoyExtensionPolicy"),
    ("Kubernetes", "reference: registry.example/"),
];

/// The platforms that an extension has no config for.
fn platforms() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for entry in fs::read_dir(workspace::root().join("extensions"))? {
        let folder = entry?.path();
        let Ok(files) = fs::read_dir(folder.join("deploy")) else {
            continue;
        };
        let mut all = String::new();
        for file in files {
            all.push_str(&fs::read_to_string(file?.path())?);
        }
        let folder = workspace::relative(&folder);
        let missing = PLATFORMS
            .iter()
            .filter(|platform| !all.contains(platform.1));
        problems.extend(missing.map(|platform| format!("{folder}: nothing for {}", platform.0)));
    }
    Ok(problems)
}

/// Checks the configs in `folder`, which is shown as `name` and whose modules are in `modules`; returns
/// how many Envoy loaded.
pub(super) fn check_folder(
    folder: &Path,
    name: &Path,
    modules: &Path,
    envoy: &Path,
) -> Result<u32> {
    let staged = tempfile::tempdir().context("cannot create a temporary folder")?;
    let (mut problems, mut loaded) = (Vec::new(), 0_u32);
    for file in stage(folder, modules, staged.path())? {
        let shown = name.join(file.file_name().unwrap_or_default());
        let shown = workspace::relative(&shown);
        match check(&file, staged.path(), envoy) {
            Ok(0) => eprintln!("{shown}: no plugin in it"),
            Ok(configs) => {
                loaded += configs;
                eprintln!("{shown}: Envoy accepts it");
            }
            Err(error) => problems.push(format!("{shown}: {error:#}")),
        }
    }
    if !problems.is_empty() {
        bail!(
            "{} configs are wrong:\n  {}",
            problems.len(),
            problems.join("\n  ")
        );
    }
    Ok(loaded)
}

/// Checks what a README shows; returns how many configs Envoy loaded.
fn check_readme(file: &Path, envoy: &Path) -> Result<u32> {
    let blocks = markdown::blocks(&fs::read_to_string(file)?);
    let configs = blocks
        .iter()
        .filter(|block| block.language == "yaml" && block.marks.is_empty());
    let written = tempfile::tempdir().context("cannot create a temporary folder")?;
    for block in configs {
        let name = format!("line-{}.yaml", block.line);
        fs::write(written.path().join(name), &block.text)?;
    }
    check_folder(written.path(), file, &workspace::wasm(), envoy)
}

/// The READMEs whose YAML is loaded.
pub(crate) fn readmes() -> Result<Vec<PathBuf>> {
    let root = workspace::root();
    let mut files = vec![root.join("README.md")];
    for entry in fs::read_dir(root.join("extensions"))? {
        let file = entry?.path().join("README.md");
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The folders of configs. The template's come with the template.
fn folders() -> Result<Vec<PathBuf>> {
    let root = workspace::root();
    let mut folders = Vec::new();
    for (parent, inside) in [("extensions", "deploy"), ("examples", "")] {
        let Ok(entries) = fs::read_dir(root.join(parent)) else {
            continue;
        };
        for entry in entries {
            let folder = entry?.path().join(inside);
            if folder.is_dir() {
                folders.push(folder);
            }
        }
    }
    folders.sort();
    Ok(folders)
}

/// Makes `to` the folder that the configs speak of; returns its configs.
pub(super) fn stage(from: &Path, modules: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    for entry in fs::read_dir(modules).context("nothing is built")? {
        let module = entry?.path();
        fs::copy(&module, to.join(module.file_name().unwrap_or_default()))?;
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            let text = fs::read_to_string(&path)?;
            let copy = to.join(path.file_name().unwrap_or_default());
            fs::write(&copy, text.replace(FOLDER, &to.display().to_string()))?;
            files.push(copy);
        }
    }
    files.sort();
    Ok(files)
}

/// Checks one file; returns how many configs Envoy loaded from it.
fn check(file: &Path, folder: &Path, envoy: &Path) -> Result<u32> {
    let text = fs::read_to_string(file)?;
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).context("not YAML")?;
    kubernetes::check(&documents)?;
    let mut loaded = 0;
    for document in &documents {
        fail_closed::check(document)?;
        for config in bootstrap::configs(document, folder)? {
            let path = folder.join("validate.json");
            fs::write(&path, config.to_string())?;
            let mut command = Command::new(envoy);
            command.args(["--mode", "validate", "--log-level", "warning"]);
            // A config without a `node` is told the name on the command line.
            command.args(["--service-node", "test", "--service-cluster", "test"]);
            command.arg("--config-path");
            process::output(command.arg(&path).envs(ENVIRONMENT)).context("Envoy refuses it")?;
            loaded += 1;
        }
    }
    Ok(loaded)
}
