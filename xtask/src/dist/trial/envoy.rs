//! Runs what was pulled: the WasmPlugins among the filled-in deploy configs, as Istio would.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use sdk_tests::Request;
use sdk_tests::envoy::{Envoy, EnvoyOptions, client};
use serde_json::Value;

use crate::folder::files;
use crate::table;
use crate::test::deploy::{ENVIRONMENT, configs};

/// `alice:password`, who is in [`ENVIRONMENT`].
const PASSWORD: &str = "Basic YWxpY2U6cGFzc3dvcmQ=";

/// How to get the module of an address that must have a digest.
pub(super) type Pull<'a> = dyn Fn(&str, &str) -> Result<Vec<u8>> + 'a;

/// Starts an Envoy for each plugin and sends it requests.
pub(super) fn run(dist: &Path, binary: &Path, pull: &Pull<'_>) -> Result<()> {
    let mut table = table::new(["deploy config", "without credentials", "with a password"]);
    let mut count = 0_u32;
    for (name, bytes) in files(&dist.join("deploy"))? {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&String::from_utf8(bytes)?)?;
        for document in documents.iter().filter(|one| one["kind"] == "WasmPlugin") {
            let statuses = plugin(document, binary, pull)
                .with_context(|| format!("{name} does not work with what was pulled"))?;
            table.add_row([name.clone(), statuses.0.to_string(), statuses.1.to_string()]);
            count += 1;
        }
    }
    match count {
        0 => println!("no deploy config has a WasmPlugin: nothing was run in Envoy"),
        _ => println!("{table}"),
    }
    Ok(())
}

/// Runs one WasmPlugin; returns how it answers.
fn plugin(document: &Value, binary: &Path, pull: &Pull<'_>) -> Result<(u16, u16)> {
    let text = |key: &str| {
        let value = document["spec"][key].as_str();
        value.with_context(|| format!("spec.{key} is missing"))
    };
    let module = pull(text("url")?, text("sha256")?)?;
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let artifact = crate::test::deploy::artifact(text("url")?);
    fs::write(folder.path().join(format!("{artifact}.wasm")), module)?;
    let configs = configs(document, folder.path())?;
    let config = configs.first().context("no Envoy config")?.to_string();
    let mut options = EnvoyOptions::new(binary, &config);
    let environment = ENVIRONMENT.iter();
    options.env = environment
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let envoy = Envoy::start(&options)?;
    let send = |request: Request| {
        let reply = client::send(envoy.listener("test"), &request);
        anyhow::Ok(reply.context("Envoy did not answer")?.status())
    };
    let statuses = (
        send(Request::get("/"))?,
        send(Request::get("/").header("authorization", PASSWORD))?,
    );
    if artifact == "basic_auth" {
        ensure!(statuses == (401, 200), "it answers {statuses:?}");
    }
    Ok(statuses)
}
