//! `<name>.manifest.json`: what a module is, in one file that a program can read.

use std::path::Path;

use anyhow::{Context as _, Result};
use sdk_tests::budget::{self, Budgets, CallbackBudget};
use serde_json::{Map, Value, json};

use super::archive;
use super::oci::Image;
use super::package::Packed;
use crate::build::Rustc;
use crate::digest::sha256;
use crate::postlink;
use crate::tools::{WASM_OPT_VERSION, WASM_TARGET};

/// The manifest of one module; `budget` is its extension's `budget.toml`, if it has one.
pub(super) fn manifest(
    packed: &Packed<'_>,
    rustc: &Rustc,
    images: &[Image],
    budget: &Path,
) -> Result<Value> {
    let exposed = postlink::contents(packed.module)?;
    let imports = exposed.imports.iter();
    let imports: Vec<_> = imports
        .map(|(from, name)| format!("{from}.{name}"))
        .collect();
    let images: Map<_, _> = images
        .iter()
        .map(|image| {
            let digest = format!("sha256:{}", image.manifest.hex());
            let value = json!({ "tag": image.tag, "digest": digest });
            (image.form.name().to_owned(), value)
        })
        .collect();
    Ok(json!({
        "name": packed.name,
        "version": packed.version,
        "description": packed.description,
        "license": packed.license,
        "file": packed.file,
        "sha256": sha256(packed.module),
        "bytes": packed.module.len(),
        "bytes_gzip": archive::gzip(packed.module).len(),
        "abi": "0.2.1",
        "features": packed.features,
        "toolchain": {
            "rustc": rustc.release,
            "rustc_commit": rustc.commit,
            "target": WASM_TARGET,
            "binaryen": WASM_OPT_VERSION,
        },
        "imports": imports,
        "exports": exposed.exports,
        "images": images,
        "requests": requests(packed.file, budget)?,
    }))
}

/// What single requests cost, as the tests hold them to it.
fn requests(file: &str, budget: &Path) -> Result<Value> {
    if !budget.is_file() {
        return Ok(json!({}));
    }
    let budgets =
        budget::read(budget).with_context(|| format!("cannot read {}", budget.display()))?;
    Ok(of_module(file, &budgets))
}

/// A package with several modules says which it means: `opa.wasm, remembered`.
fn of_module(file: &str, budgets: &Budgets) -> Value {
    let mut requests = Map::new();
    for (name, callbacks) in budgets {
        let name = match name.split_once(".wasm, ") {
            Some((module, name)) if format!("{module}.wasm") == file => name,
            Some(_) => continue,
            None => name,
        };
        requests.insert(name.to_owned(), cost(callbacks));
    }
    Value::Object(requests)
}

fn cost(callbacks: &[CallbackBudget]) -> Value {
    let calls = callbacks.iter().flat_map(|callback| &callback.host_calls);
    let mut by_name = Map::new();
    for (name, count) in calls {
        let sum = by_name
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
            + count;
        by_name.insert(name.clone(), json!(sum));
    }
    let sum = |of: fn(&CallbackBudget) -> u64| callbacks.iter().map(of).sum::<u64>();
    json!({
        "instructions": sum(|callback| callback.instructions),
        "host_calls": sum(|callback| callback.host_calls.values().sum()),
        "host_calls_by_name": by_name,
        "bytes_copied": sum(|callback| callback.bytes_in + callback.bytes_out),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_its_own_requests_and_each_is_a_sum() {
        let callback = |instructions, calls: &[(&str, u64)]| CallbackBudget {
            instructions,
            host_calls: calls
                .iter()
                .map(|(name, n)| ((*name).to_owned(), *n))
                .collect(),
            bytes_in: 1,
            bytes_out: 2,
            ..CallbackBudget::default()
        };
        let request = vec![
            callback(10, &[("log", 1)]),
            callback(5, &[("log", 1), ("get_property", 3)]),
        ];
        let budgets: Budgets = [
            ("opa.wasm, remembered".to_owned(), request.clone()),
            ("opa_embedded.wasm, rules".to_owned(), request.clone()),
            ("any".to_owned(), request),
        ]
        .into_iter()
        .collect();
        let requests = of_module("opa.wasm", &budgets);
        let names: Vec<_> = requests.as_object().unwrap().keys().collect();
        assert_eq!(names.len(), 2, "{names:?}");
        let expected = json!({
            "instructions": 15,
            "host_calls": 5,
            "host_calls_by_name": { "log": 2, "get_property": 3 },
            "bytes_copied": 6,
        });
        assert_eq!(requests["remembered"], expected);
        assert_eq!(requests["any"], expected);
    }
}
