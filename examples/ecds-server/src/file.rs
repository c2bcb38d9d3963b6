//! One file: a DiscoveryResponse in YAML or JSON whose resource is a Wasm filter.
//!
//! Only what a plugin in production needs: its module is a file beside Envoy. Fetched modules
//! (`code.remote`) are refused here, because Envoy lets requests through unchecked when such an
//! update comes by ECDS.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use envoy_types::pb::envoy::config::core::v3::{
    AsyncDataSource, DataSource, TypedExtensionConfig, async_data_source, data_source,
};
use envoy_types::pb::envoy::extensions::filters::http::wasm::v3::Wasm;
use envoy_types::pb::envoy::extensions::wasm::v3::{
    EnvironmentVariables, FailurePolicy, PluginConfig, VmConfig, plugin_config,
};
use envoy_types::pb::google::protobuf::{Any, BoolValue, StringValue};
use prost::Message;
use serde::Deserialize;

const EXTENSION: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const STRING: &str = "type.googleapis.com/google.protobuf.StringValue";

/// What a file says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter {
    pub(crate) version: String,
    pub(crate) resources: Vec<Any>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Response {
    version_info: String,
    resources: Vec<Extension>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    #[serde(rename = "@type")]
    kind: ExtensionType,
    name: String,
    typed_config: WasmFilter,
}

#[derive(Deserialize)]
enum ExtensionType {
    #[serde(rename = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig")]
    TypedExtensionConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WasmFilter {
    #[serde(rename = "@type")]
    kind: WasmType,
    config: Plugin,
}

#[derive(Deserialize)]
enum WasmType {
    #[serde(rename = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm")]
    Wasm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plugin {
    #[serde(default)]
    name: String,
    #[serde(default)]
    root_id: String,
    #[serde(default)]
    failure_policy: Option<String>,
    #[serde(default)]
    allow_on_headers_stop_iteration: Option<bool>,
    vm_config: Vm,
    #[serde(default)]
    configuration: Option<Configuration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vm {
    #[serde(default)]
    vm_id: String,
    runtime: String,
    code: Code,
    #[serde(default)]
    environment_variables: Environment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    local: Local,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Local {
    filename: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Environment {
    host_env_keys: Vec<String>,
    key_values: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    #[serde(rename = "@type")]
    kind: ConfigurationType,
    value: String,
}

#[derive(Deserialize)]
enum ConfigurationType {
    #[serde(rename = "type.googleapis.com/google.protobuf.StringValue")]
    StringValue,
}

/// Reads a file's text.
pub(crate) fn parse(text: &str) -> Result<Filter> {
    // By way of JSON: its errors name the field.
    let value: serde_json::Value = serde_saphyr::from_str(text).context("not YAML")?;
    let response: Response = serde_json::from_value(value)?;
    let resources = response.resources.into_iter().map(resource);
    Ok(Filter {
        version: response.version_info,
        resources: resources.collect::<Result<_>>()?,
    })
}

fn resource(extension: Extension) -> Result<Any> {
    let ExtensionType::TypedExtensionConfig = extension.kind;
    let WasmType::Wasm = extension.typed_config.kind;
    let config = plugin(extension.typed_config.config)?;
    let filter = Wasm {
        config: Some(config),
    };
    let extension = TypedExtensionConfig {
        name: extension.name,
        typed_config: Some(any(WASM, &filter)),
    };
    Ok(any(EXTENSION, &extension))
}

fn plugin(plugin: Plugin) -> Result<PluginConfig> {
    let failure_policy = match &plugin.failure_policy {
        None => FailurePolicy::Unspecified,
        Some(name) => FailurePolicy::from_str_name(name)
            .with_context(|| format!("failure_policy: there is no {name}"))?,
    };
    let configuration = plugin.configuration.map(|configuration| {
        let ConfigurationType::StringValue = configuration.kind;
        let value = configuration.value;
        any(STRING, &StringValue { value })
    });
    let stop = plugin.allow_on_headers_stop_iteration;
    Ok(PluginConfig {
        name: plugin.name,
        root_id: plugin.root_id,
        configuration,
        failure_policy: failure_policy.into(),
        allow_on_headers_stop_iteration: stop.map(|value| BoolValue { value }),
        vm: Some(plugin_config::Vm::VmConfig(vm(plugin.vm_config))),
        ..PluginConfig::default()
    })
}

fn vm(vm: Vm) -> VmConfig {
    let file = DataSource {
        specifier: Some(data_source::Specifier::Filename(vm.code.local.filename)),
        ..DataSource::default()
    };
    VmConfig {
        vm_id: vm.vm_id,
        runtime: vm.runtime,
        code: Some(AsyncDataSource {
            specifier: Some(async_data_source::Specifier::Local(file)),
        }),
        environment_variables: Some(EnvironmentVariables {
            host_env_keys: vm.environment_variables.host_env_keys,
            key_values: vm.environment_variables.key_values,
        }),
        ..VmConfig::default()
    }
}

fn any(type_url: &str, message: &impl Message) -> Any {
    Any {
        type_url: type_url.to_owned(),
        value: message.encode_to_vec(),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: &str = r#"
version_info: "7"
resources:
  - "@type": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig
    name: guard
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
      config:
        name: guard
        failure_policy: FAIL_RELOAD
        vm_config:
          runtime: envoy.wasm.runtime.v8
          code: { local: { filename: /etc/envoy/guard.wasm } }
          environment_variables: { host_env_keys: [USERS] }
        configuration:
          "@type": type.googleapis.com/google.protobuf.StringValue
          value: "{}"
"#;

    #[test]
    fn a_file_becomes_the_message_that_envoy_reads() {
        let filter = parse(FILE).unwrap();
        assert_eq!(filter.version, "7");
        let extension = TypedExtensionConfig::decode(&*filter.resources[0].value).unwrap();
        assert_eq!(extension.name, "guard");
        let wasm = Wasm::decode(&*extension.typed_config.unwrap().value).unwrap();
        let config = wasm.config.unwrap();
        assert_eq!(config.failure_policy(), FailurePolicy::FailReload);
        let configuration = StringValue::decode(&*config.configuration.unwrap().value).unwrap();
        assert_eq!(configuration.value, "{}");
        let Some(plugin_config::Vm::VmConfig(vm)) = config.vm else {
            panic!("no VM")
        };
        assert_eq!(vm.environment_variables.unwrap().host_env_keys, ["USERS"]);
    }

    #[test]
    fn a_module_that_envoy_would_have_to_fetch_is_refused() {
        let remote = "remote: { http_uri: { uri: http://modules.example/guard.wasm } }";
        let text = FILE.replace("local: { filename: /etc/envoy/guard.wasm }", remote);
        let error = format!("{:#}", parse(&text).unwrap_err());
        assert!(error.contains("remote"), "{error}");
    }

    #[test]
    fn a_field_that_is_not_known_is_refused_and_named() {
        let text = FILE.replace("failure_policy: FAIL_RELOAD", "failure_policy: FAIL_OFTEN");
        assert!(format!("{:#}", parse(&text).unwrap_err()).contains("FAIL_OFTEN"));
        let text = FILE.replace("failure_policy:", "fail_open:");
        assert!(format!("{:#}", parse(&text).unwrap_err()).contains("fail_open"));
    }
}
