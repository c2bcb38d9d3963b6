//! Makes whole Envoy configs of what the files hold.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::envoy_config;

/// The Envoy configs that show whether `document` is right: itself if it is one, else one for each
/// plugin in it. The modules are in `folder`.
pub(crate) fn configs(document: &Value, folder: &Path) -> Result<Vec<Value>> {
    if document.get("static_resources").is_some() || document.get("dynamic_resources").is_some() {
        return Ok(vec![document.clone()]);
    }
    // Parts of a config, as a README shows them.
    if let Some(filters) = document.get("http_filters").unwrap_or(document).as_array() {
        return filters.iter().map(filter).collect();
    }
    if document.get("stats_config").is_some() {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let mut config = envoy_config::bootstrap(&[], nowhere);
        config["stats_config"] = document["stats_config"].clone();
        return Ok(vec![config]);
    }
    // Rules for Prometheus: the step `deliver` knows the metrics in them.
    if document.get("groups").is_some() {
        return Ok(Vec::new());
    }
    let spec = document.get("spec").unwrap_or(&Value::Null);
    match document.get("kind").and_then(Value::as_str) {
        Some("WasmPlugin") => Ok(vec![plugin(spec, "pluginConfig", folder)?]),
        Some("TrafficExtension") => {
            let wasm = spec.get("wasm").context("spec.wasm is missing")?;
            Ok(vec![plugin(wasm, "pluginConfig", folder)?])
        }
        Some("EnvoyExtensionPolicy") => {
            let plugins = spec
                .get("wasm")
                .and_then(Value::as_array)
                .context("spec.wasm is missing")?;
            plugins
                .iter()
                .map(|wasm| plugin(wasm, "config", folder))
                .collect()
        }
        Some("EnvoyFilter") => extension_configs(spec, folder),
        Some("ConfigMap") => mounted(document, folder),
        Some(_) => Ok(Vec::new()),
        None => discovery(document),
    }
}

/// A file for `path_config_source`: a DiscoveryResponse with filters in it.
fn discovery(document: &Value) -> Result<Vec<Value>> {
    let resources = document
        .get("resources")
        .and_then(Value::as_array)
        .context("neither an Envoy config, nor a DiscoveryResponse, nor a Kubernetes object")?;
    let mut configs = Vec::new();
    for resource in resources {
        configs.push(filter(resource)?);
    }
    Ok(configs)
}

/// An HTTP filter: a name and a config.
fn filter(filter: &Value) -> Result<Value> {
    let name = filter
        .get("name")
        .and_then(Value::as_str)
        .context("a filter has no name")?;
    let config = filter
        .get("typed_config")
        .context("a filter has no typed_config")?;
    Ok(bootstrap(name, config))
}

/// The filters that an EnvoyFilter adds. Istio's agent fetches a module and hands it over as a file.
fn extension_configs(spec: &Value, folder: &Path) -> Result<Vec<Value>> {
    const CODE: &str = "/typed_config/config/vm_config/code";
    let patches = spec.get("configPatches").and_then(Value::as_array);
    let mut configs = Vec::new();
    for patch in patches.into_iter().flatten() {
        if patch.get("applyTo").and_then(Value::as_str) != Some("EXTENSION_CONFIG") {
            continue;
        }
        let mut value = patch.pointer("/patch/value").cloned().unwrap_or_default();
        let code = value.pointer_mut(CODE).context("a patch without code")?;
        let uri = code.pointer("/remote/http_uri/uri").and_then(Value::as_str);
        let module = module(
            uri.context("a patch without the address of a module")?,
            folder,
        )?;
        *code = json!({ "local": { "filename": module } });
        configs.push(filter(&value)?);
    }
    Ok(configs)
}

/// The Envoy configs in a ConfigMap, with the module that an image volume has.
fn mounted(document: &Value, folder: &Path) -> Result<Vec<Value>> {
    const VOLUMES: &str = "/etc/wasm/";
    let data = document.get("data").and_then(Value::as_object);
    let mut found = Vec::new();
    for text in data
        .into_iter()
        .flatten()
        .filter_map(|(_, text)| text.as_str())
    {
        let Some((_, rest)) = text.split_once(VOLUMES) else {
            continue;
        };
        let image = rest.split('/').next().unwrap_or_default();
        let module = module(image, folder)?.display().to_string();
        let text = text.replace(&format!("{VOLUMES}{image}/plugin.wasm"), &module);
        found.extend(configs(&serde_saphyr::from_str(&text)?, folder)?);
    }
    Ok(found)
}

/// A plugin as Kubernetes objects write it: an address or image, a config, environment variables.
fn plugin(spec: &Value, config_key: &str, folder: &Path) -> Result<Value> {
    let address = address(spec).context("the plugin has neither a url nor an image")?;
    let module = module(address, folder)?;
    let configuration = spec.get(config_key).cloned().unwrap_or_else(|| json!({}));
    let mut filter = envoy_config::plugin("plugin", &module, &environment(spec), &configuration);
    if let Some(root_id) = root_id(spec) {
        filter["config"]["root_id"] = root_id.clone();
    }
    Ok(bootstrap("plugin", &filter))
}

/// What becomes Envoy's `root_id`: Istio's `pluginName`, Envoy Gateway's `rootID`.
pub(crate) fn root_id(spec: &Value) -> Option<&Value> {
    spec.get("pluginName").or_else(|| spec.get("rootID"))
}

/// The built module that an address names.
fn module(address: &str, folder: &Path) -> Result<PathBuf> {
    let module = folder.join(format!("{}.wasm", artifact(address)));
    if !module.is_file() {
        bail!(
            "{address} does not name a module of this project ({} is not built)",
            module.display()
        );
    }
    Ok(module)
}

/// The first `url` in the object.
fn address(value: &Value) -> Option<&str> {
    let entries = value.as_object()?;
    if let Some(url) = entries.get("url").and_then(Value::as_str) {
        return Some(url);
    }
    ["code", "http", "image"]
        .iter()
        .find_map(|key| entries.get(*key).and_then(address))
}

/// `oci://registry.example/team/basic-auth:0.1.0` is `basic_auth`; so is `…/basic_auth.wasm`, and so
/// is `…/basic-auth/plugin.wasm`: in an image the file is always called that.
pub(crate) fn artifact(address: &str) -> String {
    let address = address.trim_end_matches("/plugin.wasm");
    let last = address.rsplit('/').next().unwrap_or(address);
    let name = last.split([':', '@']).next().unwrap_or(last);
    name.trim_end_matches(".wasm").replace('-', "_")
}

/// Istio's `vmConfig.env` and Envoy Gateway's `env.hostKeys`, as Envoy writes them.
fn environment(spec: &Value) -> Value {
    let mut host_keys = Vec::new();
    let mut key_values = serde_json::Map::new();
    let istio = spec.pointer("/vmConfig/env").and_then(Value::as_array);
    for variable in istio.into_iter().flatten() {
        let Some(name) = variable.get("name").and_then(Value::as_str) else {
            continue;
        };
        if variable.get("valueFrom").and_then(Value::as_str) == Some("HOST") {
            host_keys.push(json!(name));
        } else if let Some(value) = variable.get("value") {
            key_values.insert(name.to_owned(), value.clone());
        }
    }
    let gateway = spec.pointer("/env/hostKeys").and_then(Value::as_array);
    host_keys.extend(gateway.into_iter().flatten().cloned());
    json!({ "host_env_keys": host_keys, "key_values": key_values })
}

/// The smallest Envoy config with `filter` in it.
fn bootstrap(name: &str, filter: &Value) -> Value {
    let filter = json!({ "name": name, "typed_config": filter });
    let answer = json!({ "direct_response": { "status": 200 } });
    let listener = envoy_config::listener("test", &[filter], &answer);
    // Nothing is ever sent there.
    envoy_config::bootstrap(&[listener], SocketAddr::from(([127, 0, 0, 1], 9)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_module() {
        for address in [
            "oci://registry.example:5000/team/basic-auth:0.1.0",
            "registry.example/basic_auth@sha256:00",
            "https://example.com/basic_auth.wasm",
            "file:///etc/envoy/basic_auth.wasm",
            "/etc/wasm/basic-auth/plugin.wasm",
        ] {
            assert_eq!(artifact(address), "basic_auth");
        }
    }

    #[test]
    fn each_plugin_of_an_object_becomes_a_config() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("basic_auth.wasm"), "").unwrap();
        let document = json!({ "kind": "EnvoyExtensionPolicy", "spec": { "wasm": [{
            "code": { "type": "Image", "image": { "url": "a.example/basic-auth:1" } },
            "config": { "realm": "x" },
            "rootID": "root",
            "env": { "hostKeys": ["USERS"] },
        }] } });
        let configs = configs(&document, folder.path()).unwrap();
        assert_eq!(configs.len(), 1);
        let text = configs[0].to_string();
        assert!(text.contains(r#"{\"realm\":\"x\"}"#), "{text}");
        assert!(text.contains(r#""host_env_keys":["USERS"]"#), "{text}");
        assert!(text.contains(r#""root_id":"root""#), "{text}");
    }

    #[test]
    fn what_an_envoy_filter_or_a_config_map_holds_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("opa_embedded.wasm"), "").unwrap();
        let code =
            json!({ "remote": { "http_uri": { "uri": "https://a.example/opa_embedded.wasm" } } });
        let value =
            json!({ "name": "x", "typed_config": { "config": { "vm_config": { "code": code } } } });
        let patch = json!({ "applyTo": "EXTENSION_CONFIG", "patch": { "value": value } });
        let filter = json!({ "kind": "EnvoyFilter", "spec": { "configPatches": [patch] } });
        let bootstrap = "static_resources: { filename: /etc/wasm/opa-embedded/plugin.wasm }";
        let map = json!({ "kind": "ConfigMap", "data": { "envoy.yaml": bootstrap } });
        for document in [filter, map] {
            let configs = configs(&document, folder.path()).unwrap();
            assert_eq!(configs.len(), 1);
            let module = folder.path().join("opa_embedded.wasm");
            let text = configs[0].to_string();
            assert!(text.contains(&*module.to_string_lossy()), "{text}");
        }
    }

    #[test]
    fn an_unknown_document_is_refused_and_other_objects_are_left_alone() {
        assert!(configs(&json!({ "a": 1 }), Path::new("")).is_err());
        assert!(
            configs(&json!({ "kind": "Secret" }), Path::new(""))
                .unwrap()
                .is_empty()
        );
    }
}
