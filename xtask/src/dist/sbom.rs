//! The software bill of materials: CycloneDX 1.6, in JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::graph::{Crate, Graph, Key};
use crate::digest::sha256;

/// What the bill of one module says besides the graph.
pub(super) struct Subject<'a> {
    /// The file's name, such as `basic_auth.wasm`.
    pub(super) file: &'a str,
    pub(super) module: &'a [u8],
    /// Of `rustc`, which brings the standard library.
    pub(super) rust: &'a str,
}

/// The bill. It has no time in it: the same module has the same bill.
pub(super) fn bill(subject: &Subject<'_>, graph: &Graph) -> Value {
    let digest = sha256(subject.module);
    let std = json!({
        "type": "library",
        "bom-ref": std_ref(subject),
        "name": "std",
        "version": subject.rust,
        "description": "The Rust standard library, with the libraries that it brings",
        "scope": "required",
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        "purl": std_ref(subject),
    });
    let is_root = |one: &&Crate| one.key == graph.root;
    let others = graph.crates.iter().filter(|one| !is_root(one));
    let mut components: Vec<_> = others.map(component).collect();
    components.push(std);

    let refs: BTreeMap<&Key, String> = graph
        .crates
        .iter()
        .map(|one| (&one.key, purl(one)))
        .collect();
    let mut dependencies: Vec<_> = graph
        .crates
        .iter()
        .map(|one| {
            let keys = one.dependencies.iter();
            let mut on: Vec<_> = keys.filter_map(|key| refs.get(key).cloned()).collect();
            if one.key == graph.root {
                on.push(std_ref(subject));
            }
            json!({ "ref": purl(one), "dependsOn": on })
        })
        .collect();
    dependencies.push(json!({ "ref": std_ref(subject), "dependsOn": [] }));

    let mut root = graph
        .crates
        .iter()
        .find(is_root)
        .map_or(json!({}), component);
    root["type"] = json!("application");
    root["hashes"] = json!([{ "alg": "SHA-256", "content": digest }]);
    root["properties"] = json!([{ "name": "file", "value": subject.file }]);
    if let Some(root) = root.as_object_mut() {
        root.remove("scope");
    }
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(&digest),
        "version": 1,
        "metadata": {
            "lifecycles": [{ "phase": "build" }],
            "tools": { "components": [{ "type": "application", "name": "cargo xtask dist" }] },
            "component": root,
        },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(one: &Crate) -> Value {
    let (name, version) = &one.key;
    let mut component = json!({
        "type": "library",
        "bom-ref": purl(one),
        "name": name,
        "version": version,
        // What is needed to build the module and is not in it.
        "scope": if one.linked { "required" } else { "excluded" },
        "purl": purl(one),
    });
    if let Some(license) = &one.license {
        // Cargo's older way to say OR.
        let expression = license.replace('/', " OR ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(checksum) = &one.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(address) = &one.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": address }]);
    }
    let features = one.features.iter();
    let features: Vec<_> = features
        .map(|feature| json!({ "name": "cargo:feature", "value": feature }))
        .collect();
    if !features.is_empty() {
        component["properties"] = json!(features);
    }
    component
}

/// The package's address (purl-spec). A crate of the workspace is in no registry, where another may
/// have its name.
fn purl(one: &Crate) -> String {
    let (name, version) = &one.key;
    let kind = if one.ours { "generic" } else { "cargo" };
    format!("pkg:{kind}/{name}@{}", version.replace('+', "%2B"))
}

fn std_ref(subject: &Subject<'_>) -> String {
    format!("pkg:generic/rust-std@{}", subject.rust)
}

/// A UUID of version 8 (RFC 9562): the first bits of the module's digest.
fn serial(digest: &str) -> String {
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-8{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    fn one(name: &str, linked: bool, dependencies: &[&str]) -> Crate {
        let key = |name: &str| (name.to_owned(), "1.0.0+x".to_owned());
        Crate {
            key: key(name),
            library: name.to_owned(),
            license: Some("MIT/Apache-2.0".to_owned()),
            repository: None,
            checksum: Some("ab".repeat(32)),
            features: vec!["std".to_owned()],
            linked,
            ours: false,
            folder: PathBuf::new(),
            dependencies: dependencies.iter().map(|name| key(name)).collect(),
        }
    }

    #[test]
    fn every_reference_is_there_once_and_every_edge_leads_to_one() {
        let crates = vec![
            one("app", true, &["lib", "macro"]),
            one("lib", true, &[]),
            one("macro", false, &["lib"]),
        ];
        let graph = Graph {
            root: crates[0].key.clone(),
            crates,
        };
        let subject = Subject {
            file: "app.wasm",
            module: b"\0asm",
            rust: "1.95.0",
        };
        let bill = bill(&subject, &graph);

        let mut refs = vec![bill["metadata"]["component"]["bom-ref"].clone()];
        let components = bill["components"].as_array().unwrap();
        refs.extend(
            components
                .iter()
                .map(|component| component["bom-ref"].clone()),
        );
        let refs: Vec<_> = refs.iter().map(|r| r.as_str().unwrap()).collect();
        let known: BTreeSet<_> = refs.iter().copied().collect();
        assert_eq!(refs.len(), known.len());
        assert!(known.contains("pkg:cargo/lib@1.0.0%2Bx"), "{known:?}");
        let dependencies = bill["dependencies"].as_array().unwrap();
        assert_eq!(dependencies.len(), refs.len());
        for dependency in dependencies {
            for on in dependency["dependsOn"].as_array().unwrap() {
                assert!(known.contains(on.as_str().unwrap()), "{on}");
            }
        }
        let scope = |at: usize| components[at]["scope"].as_str().unwrap();
        assert_eq!((scope(0), scope(1)), ("required", "excluded"));
        let license = &components[0]["licenses"][0]["expression"];
        assert_eq!(license, "MIT OR Apache-2.0");
    }

    #[test]
    fn a_serial_number_is_a_uuid_of_the_digest() {
        let digest = sha256(b"");
        assert_eq!(
            serial(&digest),
            "urn:uuid:e3b0c442-98fc-81c1-a49a-fbf4c8996fb9"
        );
    }
}
