//! Which plugins a file configures, and how.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use super::ANY;
use crate::test::deploy::{artifact, root_id};

/// A plugin, as a proxy's configuration has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Configured {
    /// The module's name, without `.wasm`.
    pub(super) module: String,
    pub(super) root_id: String,
    pub(super) environment: BTreeMap<String, String>,
    /// What the plugin gets, byte by byte.
    pub(super) configuration: String,
}

impl Configured {
    /// Lets attribute-gen say which match fired.
    pub(super) fn tell_more(&mut self) {
        let parsed = serde_json::from_str(&self.configuration);
        if self.module == "attribute_gen"
            && let Ok(Value::Object(mut fields)) = parsed
        {
            fields.insert("debug".to_owned(), true.into());
            self.configuration = Value::Object(fields).to_string();
        }
    }
}

/// The plugins of a file, of this name. What configures none is a plugin's own config.
pub(super) fn read(file: &Path, name: &str) -> Result<Vec<Configured>> {
    let text = fs::read_to_string(file).context("cannot be read")?;
    in_text(&text, name)
}

pub(super) fn in_text(text: &str, name: &str) -> Result<Vec<Configured>> {
    let module = name.replace('-', "_");
    // JSON goes to the plugin as it is: the plugin finds the mistakes.
    let json = text.trim_start().starts_with('{');
    let documents: Vec<Value> = match serde_saphyr::from_multiple(text) {
        Ok(documents) => documents,
        Err(_) if json => Vec::new(),
        Err(error) => bail!("neither JSON nor YAML: {error}"),
    };
    if documents.iter().any(is_of_a_proxy) {
        let mut found = in_documents(&documents)?;
        if name != ANY {
            found.retain(|plugin| plugin.module == module);
            if found.is_empty() {
                bail!("configures no plugin of the module {module}");
            }
        }
        return Ok(found);
    }
    if name == ANY {
        bail!("names no module: whose config is it?");
    }
    let configuration = match (json, documents.as_slice()) {
        (true, _) => text.to_owned(),
        (false, [document]) => document.to_string(),
        (false, documents) => bail!("one document was expected, found {}", documents.len()),
    };
    Ok(vec![Configured {
        module,
        configuration,
        ..Configured::default()
    }])
}

/// The plugins that a proxy's configuration has, whatever else it is.
fn in_documents(documents: &[Value]) -> Result<Vec<Configured>> {
    let mut found = Vec::new();
    for document in documents {
        search(document, &mut found)?;
    }
    Ok(found)
}

/// The plugins in a file that ships; none if it is something else.
#[cfg(test)]
pub(super) fn in_shipped(file: &Path) -> Result<Vec<Configured>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&fs::read_to_string(file)?)?;
    in_documents(&documents)
}

/// Envoy's configuration, a DiscoveryResponse, or a Kubernetes object.
fn is_of_a_proxy(document: &Value) -> bool {
    const SIGNS: [&str; 4] = [
        "static_resources",
        "dynamic_resources",
        "resources",
        "apiVersion",
    ];
    SIGNS.iter().any(|sign| document.get(sign).is_some())
}

/// Finds the plugins in a document, and in documents that are texts of it, as in a ConfigMap.
fn search(value: &Value, found: &mut Vec<Configured>) -> Result<()> {
    match value {
        Value::Array(values) => values.iter().try_for_each(|value| search(value, found)),
        Value::Object(fields) => {
            let of_kind = match fields.get("kind").and_then(Value::as_str) {
                Some("WasmPlugin") => value.get("spec").map(|spec| (spec, "pluginConfig")),
                Some("TrafficExtension") => value
                    .pointer("/spec/wasm")
                    .map(|spec| (spec, "pluginConfig")),
                Some("EnvoyExtensionPolicy") => {
                    value.pointer("/spec/wasm").map(|spec| (spec, "config"))
                }
                _ => None,
            };
            if let Some((spec, config)) = of_kind {
                let one = std::slice::from_ref(spec);
                let all = spec.as_array().map_or(one, Vec::as_slice);
                found.extend(all.iter().filter_map(|spec| of_kubernetes(spec, config)));
                return Ok(());
            }
            match of_envoy(fields)? {
                Some(plugin) => found.push(plugin),
                None => fields.values().try_for_each(|value| search(value, found))?,
            }
            Ok(())
        }
        Value::String(text) if text.contains("vm_config") => {
            let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
            documents.iter().try_for_each(|value| search(value, found))
        }
        _ => Ok(()),
    }
}

/// Envoy's `PluginConfig`.
fn of_envoy(fields: &Map<String, Value>) -> Result<Option<Configured>> {
    let Some(vm) = fields.get("vm_config") else {
        return Ok(None);
    };
    let address = ["/code/local/filename", "/code/remote/http_uri/uri"];
    let address = address.iter().find_map(|path| vm.pointer(path)?.as_str());
    let Some(address) = address else {
        return Ok(None);
    };
    let configuration = match fields.get("configuration") {
        None => String::new(),
        Some(any) if any["@type"] == "type.googleapis.com/google.protobuf.StringValue" => {
            any["value"].as_str().unwrap_or_default().to_owned()
        }
        Some(any) => bail!(
            "the configuration of {address} is a {}: a plugin of this project takes a StringValue",
            any["@type"]
        ),
    };
    let mut environment = BTreeMap::new();
    let variables = &vm["environment_variables"];
    for (name, value) in variables["key_values"].as_object().into_iter().flatten() {
        environment.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    environment.extend(of_the_host(&variables["host_env_keys"]));
    let root_id = fields.get("root_id").and_then(Value::as_str);
    Ok(Some(Configured {
        module: artifact(address),
        root_id: root_id.unwrap_or_default().to_owned(),
        environment,
        configuration,
    }))
}

/// A plugin as Istio and Envoy Gateway write it.
fn of_kubernetes(spec: &Value, config: &str) -> Option<Configured> {
    let address = ["/url", "/code/image/url", "/code/http/url"];
    let address = address.iter().find_map(|path| spec.pointer(path)?.as_str());
    let mut environment: BTreeMap<_, _> = of_the_host(&spec["env"]["hostKeys"]).collect();
    for variable in spec["vmConfig"]["env"].as_array().into_iter().flatten() {
        let name = variable["name"].as_str()?;
        let value = match variable["valueFrom"].as_str() {
            Some("HOST") => std::env::var(name).ok(),
            _ => variable["value"].as_str().map(str::to_owned),
        };
        environment.extend(value.map(|value| (name.to_owned(), value)));
    }
    Some(Configured {
        module: artifact(address?),
        root_id: root_id(spec)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        environment,
        configuration: spec.get(config).map_or_else(String::new, Value::to_string),
    })
}

/// These variables of the environment, as far as they are set.
fn of_the_host(names: &Value) -> impl Iterator<Item = (String, String)> {
    let names = names.as_array().into_iter().flatten();
    names.filter_map(|name| {
        let name = name.as_str()?;
        Some((name.to_owned(), std::env::var(name).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, name: &str) -> Configured {
        let found = in_text(text, name).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }

    #[test]
    fn a_plain_config_stays_as_it_is() {
        let json = " {\"a\": 1, \"a\": }";
        let plugin = one(json, "basic-auth");
        assert_eq!(
            (plugin.module.as_str(), plugin.configuration.as_str()),
            ("basic_auth", json)
        );
        assert_eq!(one("a:\n  - 1\n", "stats").configuration, r#"{"a":[1]}"#);
        assert!(in_text("{}", ANY).is_err());
    }

    #[test]
    fn the_plugins_of_envoys_configuration_are_found() {
        let text = r#"
static_resources:
  listeners:
    - filter_chains:
        - filters:
            - typed_config:
                http_filters:
                  - typed_config:
                      config:
                        root_id: stats_inbound
                        vm_config:
                          code: { local: { filename: /etc/envoy/stats.wasm } }
                          environment_variables: { key_values: { A: b } }
                        configuration:
                          "@type": type.googleapis.com/google.protobuf.StringValue
                          value: '{"x":1}'
                  - typed_config:
                      config:
                        vm_config: { code: { local: { filename: /etc/envoy/opa.wasm } } }
"#;
        let stats = one(text, "stats");
        assert_eq!(stats.root_id, "stats_inbound");
        assert_eq!(stats.configuration, r#"{"x":1}"#);
        assert_eq!(stats.environment["A"], "b");
        let all: Vec<_> = in_text(text, ANY).unwrap();
        let modules: Vec<_> = all.iter().map(|plugin| plugin.module.as_str()).collect();
        assert_eq!(modules, ["stats", "opa"]);
        assert!(in_text(text, "basic-auth").is_err());
        // The same in a ConfigMap.
        let map = serde_json::json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "envoy.yaml": text } });
        assert_eq!(in_text(&map.to_string(), ANY).unwrap(), all);
    }

    #[test]
    fn a_struct_is_no_configuration() {
        let text = r#"{ "resources": [{ "vm_config": { "code": { "local": { "filename": "a.wasm" } } },
            "configuration": { "@type": "type.googleapis.com/google.protobuf.Struct", "value": {} } }] }"#;
        let error = in_text(text, ANY).unwrap_err().to_string();
        assert!(error.contains("StringValue"), "{error}");
    }

    #[test]
    fn the_plugins_of_kubernetes_are_found() {
        for (kind, spec) in [
            (
                "WasmPlugin",
                r#"{ "url": "oci://a.example/x/basic-auth:1", "pluginConfig": { "realm": "x" },
                     "pluginName": "root",
                     "vmConfig": { "env": [{ "name": "A", "value": "b" }] } }"#,
            ),
            (
                "TrafficExtension",
                r#"{ "wasm": { "url": "oci://a.example/x/basic-auth:1", "pluginConfig": { "realm": "x" },
                     "pluginName": "root",
                     "vmConfig": { "env": [{ "name": "A", "value": "b" }] } } }"#,
            ),
        ] {
            let text = format!(r#"{{ "apiVersion": "v1", "kind": "{kind}", "spec": {spec} }}"#);
            let plugin = one(&text, "basic-auth");
            assert_eq!(plugin.configuration, r#"{"realm":"x"}"#, "{kind}");
            assert_eq!(plugin.environment["A"], "b", "{kind}");
            assert_eq!(plugin.root_id, "root", "{kind}");
        }
        let policy = r#"{ "apiVersion": "v1", "kind": "EnvoyExtensionPolicy", "spec": { "wasm": [
            { "code": { "image": { "url": "a.example/opa:1" } }, "config": {}, "rootID": "root" },
            { "code": { "http": { "url": "https://a.example/stats.wasm" } } } ] } }"#;
        let found = in_text(policy, ANY).unwrap();
        let modules: Vec<_> = found.iter().map(|plugin| plugin.module.as_str()).collect();
        assert_eq!(modules, ["opa", "stats"]);
        assert_eq!(found[0].root_id, "root");
        assert_eq!(found[1].configuration, "");
    }
}
