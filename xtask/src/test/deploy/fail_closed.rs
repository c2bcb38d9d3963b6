//! An extension that guards traffic must not open the gate when it fails.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The modules that decide whether a request may pass.
const GUARDS: [&str; 4] = ["basic_auth", "jwt_headers", "opa", "opa_embedded"];

/// Fails if a plugin in `document` is a guard and does not say that it fails closed.
///
/// On plain Envoy that is `failure_policy: FAIL_RELOAD`: requests get 503 until the plugin has
/// started again. It must be written out: a reader should not have to know the default.
pub(super) fn check(document: &Value) -> Result<()> {
    if !mentions_guard(document) {
        return Ok(());
    }
    refuse_open(document)?;
    let spec = document.get("spec").unwrap_or(&Value::Null);
    match document.get("kind").and_then(Value::as_str) {
        Some("WasmPlugin") => istio(spec),
        Some("TrafficExtension") => istio(spec.get("wasm").unwrap_or(&Value::Null)),
        Some("EnvoyExtensionPolicy") => envoy_gateway(spec),
        // Envoys before 1.31 know no `failure_policy`: there, closed is what is not said to be open.
        Some("EnvoyFilter") => Ok(()),
        Some("ConfigMap") => config_map(document),
        // The server that a guard asks may have the guard's name.
        Some("Deployment" | "DestinationRule" | "Service") => Ok(()),
        Some(other) => bail!("a {other} with a guard in it: xtask does not know how it fails"),
        None => envoy(document),
    }
}

fn mentions_guard(value: &Value) -> bool {
    match value {
        // `basic_auth.wasm`, or an image: `…/basic_auth:0.1.0`, `…/basic-auth@sha256:…`.
        Value::String(text) => GUARDS.iter().any(|guard| {
            let names = [(*guard).to_owned(), guard.replace('_', "-")];
            let is_guard = |end: &str| names.iter().any(|name| end == name);
            text.split(['/', ':', '@'])
                .any(|part| is_guard(part.trim_end_matches(".wasm")))
                && (text.contains(".wasm") || text.contains('/'))
        }),
        Value::Array(values) => values.iter().any(mentions_guard),
        Value::Object(entries) => entries.values().any(mentions_guard),
        _ => false,
    }
}

/// Nothing in a file with a guard fails open.
fn refuse_open(value: &Value) -> Result<()> {
    match value {
        Value::String(text) if text == "FAIL_OPEN" => bail!("FAIL_OPEN beside a guard"),
        Value::Array(values) => values.iter().try_for_each(refuse_open),
        Value::Object(entries) => {
            for (key, value) in entries {
                let opens = ["fail_open", "failOpen"].contains(&key.as_str());
                if opens && value != &Value::Bool(false) {
                    bail!("{key}: {value} beside a guard");
                }
                refuse_open(value)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Every plugin of an Envoy config that is a guard.
fn envoy(value: &Value) -> Result<()> {
    match value {
        Value::Array(values) => values.iter().try_for_each(envoy),
        Value::Object(entries) => {
            if let Some(vm) = entries.get("vm_config")
                && mentions_guard(vm)
            {
                let policy = entries.get("failure_policy").and_then(Value::as_str);
                if policy != Some("FAIL_RELOAD") {
                    bail!("a guard needs `failure_policy: FAIL_RELOAD`, found {policy:?}");
                }
            }
            entries.values().try_for_each(envoy)
        }
        _ => Ok(()),
    }
}

/// The configs that a ConfigMap holds as texts.
fn config_map(document: &Value) -> Result<()> {
    let data = document.get("data").and_then(Value::as_object);
    for text in data
        .into_iter()
        .flatten()
        .filter_map(|(_, text)| text.as_str())
    {
        let inner: Value = serde_saphyr::from_str(text).context("a text that is no YAML")?;
        refuse_open(&inner)?;
        envoy(&inner)?;
    }
    Ok(())
}

fn istio(plugin: &Value) -> Result<()> {
    match plugin.get("failStrategy").and_then(Value::as_str) {
        Some("FAIL_RELOAD" | "FAIL_CLOSE") => Ok(()),
        found => bail!("a guard needs `failStrategy: FAIL_RELOAD` or FAIL_CLOSE, found {found:?}"),
    }
}

fn envoy_gateway(spec: &Value) -> Result<()> {
    for plugin in spec
        .get("wasm")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if plugin.get("failOpen") != Some(&Value::Bool(false)) {
            bail!("a guard needs `failOpen: false`");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules that a request may pass by.
    const OTHERS: [&str; 4] = ["attribute_gen", "metadata_exchange", "stats", "telemetry"];

    #[test]
    fn of_each_module_it_is_known_whether_it_guards() {
        let project = crate::build::Project::workspace().unwrap();
        let modules = project.extensions().unwrap();
        let modules: Vec<_> = modules.iter().map(|module| &*module.artifact).collect();
        assert!(modules.len() >= GUARDS.len(), "{modules:?}");
        for module in modules {
            let known = (GUARDS.contains(&module), OTHERS.contains(&module));
            assert!(matches!(known, (true, false) | (false, true)), "{module}");
        }
    }

    fn check_text(yaml: &str) -> Result<()> {
        check(&serde_saphyr::from_str(yaml).unwrap())
    }

    fn refusal(yaml: &str) -> String {
        check_text(yaml).unwrap_err().to_string()
    }

    #[test]
    fn an_envoy_plugin_must_say_fail_reload() {
        let config = |policy: &str| {
            format!(
                "config: {{ {policy} vm_config: {{ code: {{ local: {{ filename: /etc/envoy/basic_auth.wasm }} }} }} }}"
            )
        };
        check_text(&config("failure_policy: FAIL_RELOAD,")).unwrap();
        assert!(refusal(&config("")).contains("FAIL_RELOAD"));
        assert!(refusal(&config("failure_policy: FAIL_OPEN,")).contains("FAIL_OPEN"));
        assert!(refusal(&config("fail_open: true,")).contains("fail_open"));
    }

    #[test]
    fn an_istio_plugin_must_say_how_it_fails() {
        let plugin = |kind: &str, spec: &str| format!("{{ kind: {kind}, spec: {{ {spec} }} }}");
        let image = "url: oci://registry.example/basic-auth:1";
        check_text(&plugin(
            "WasmPlugin",
            &format!("failStrategy: FAIL_CLOSE, {image}"),
        ))
        .unwrap();
        assert!(refusal(&plugin("WasmPlugin", image)).contains("failStrategy"));
        let inner = format!("wasm: {{ {image} }}");
        assert!(refusal(&plugin("TrafficExtension", &inner)).contains("failStrategy"));
    }

    #[test]
    fn an_envoy_gateway_policy_must_say_that_it_fails_closed() {
        let policy = |open: &str| {
            format!(
                "{{ kind: EnvoyExtensionPolicy, spec: {{ wasm: [ {{ {open} code: {{ image: {{ url: a.example/basic_auth:1 }} }} }} ] }} }}"
            )
        };
        check_text(&policy("failOpen: false,")).unwrap();
        assert!(refusal(&policy("")).contains("failOpen: false"));
        assert!(refusal(&policy("failOpen: true,")).contains("failOpen"));
    }

    #[test]
    fn an_envoy_filter_must_not_open_and_a_config_map_must_say_that_it_closes() {
        let filter = |open: &str| {
            format!("{{ kind: EnvoyFilter, spec: {{ {open} uri: https://a.example/opa.wasm }} }}")
        };
        check_text(&filter("")).unwrap();
        assert!(refusal(&filter("fail_open: true,")).contains("fail_open"));
        let map = |policy: &str| {
            format!(
                "{{ kind: ConfigMap, data: {{ x: 'config: {{ {policy} vm_config: {{ filename: /etc/wasm/opa/plugin.wasm }} }}' }} }}"
            )
        };
        check_text(&map("failure_policy: FAIL_RELOAD,")).unwrap();
        assert!(refusal(&map("")).contains("FAIL_RELOAD"));
    }

    #[test]
    fn what_holds_no_guard_may_fail_as_it_likes() {
        check_text(
            "{ kind: WasmPlugin, spec: { url: oci://a.example/stats:1, failStrategy: FAIL_OPEN } }",
        )
        .unwrap();
        check_text("{ kind: Deployment, image: openpolicyagent/opa:1 }").unwrap();
        assert!(refusal("{ kind: Other, url: oci://a.example/opa:1 }").contains("Other"));
    }
}
