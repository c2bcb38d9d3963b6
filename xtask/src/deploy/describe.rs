//! What an extension's `deploy.yaml` says, and the files that follow from it.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::template::fill;

const PLUGIN: &str = include_str!("templates/plugin.yaml");
const BOOTSTRAP: &str = include_str!("templates/bootstrap.yaml");
const FILTER: &str = include_str!("templates/filter.yaml");

/// The files that are called the same for each extension.
const FILES: [(&str, &str); 6] = [
    ("envoy-ecds.yaml", include_str!("templates/envoy-ecds.yaml")),
    (
        "envoy-ecds-grpc.yaml",
        include_str!("templates/envoy-ecds-grpc.yaml"),
    ),
    (
        "istio-trafficextension.yaml",
        include_str!("templates/istio-trafficextension.yaml"),
    ),
    (
        "istio-envoyfilter.yaml",
        include_str!("templates/istio-envoyfilter.yaml"),
    ),
    (
        "envoy-gateway.yaml",
        include_str!("templates/envoy-gateway.yaml"),
    ),
    (
        "kubernetes-image-volume.yaml",
        include_str!("templates/kubernetes-image-volume.yaml"),
    ),
];

/// An extension, as far as its configs go.
pub(super) struct Description {
    /// The filter's name in Envoy.
    pub(super) filter: String,
    values: Vec<(&'static str, String)>,
}

impl Description {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let document: Value = serde_saphyr::from_str(text).context("not YAML")?;
        let known = [
            "does",
            "filter",
            "module",
            "phase",
            "guard",
            "environment",
            "node",
            "note",
            "yaml",
            "json",
        ];
        for field in document.as_object().into_iter().flatten() {
            ensure!(
                known.contains(&field.0.as_str()),
                "unknown field `{}`",
                field.0
            );
        }
        let text = |field: &str| {
            let value = document.get(field).and_then(Value::as_str);
            value.with_context(|| format!("`{field}` is missing, or no text"))
        };
        let (yaml, json) = (text("yaml")?, text("json")?);
        let one: Value = serde_saphyr::from_str(yaml).context("`yaml` is none")?;
        let other: Value = serde_json::from_str(json).context("`json` is none")?;
        ensure!(one == other, "`yaml` and `json` say different things");

        let (filter, module) = (text("filter")?, text("module")?);
        let guard = document.get("guard").and_then(Value::as_bool);
        let guard = guard.context("`guard` is missing")?;
        let environment = document.get("environment").and_then(Value::as_object);
        let environment = environment.and_then(|all| all.iter().next());
        let environment = environment.map(|(name, what)| Variable {
            name,
            what: what.as_str().unwrap_or_default(),
        });
        let name = filter.replace('_', "-");
        let mut values = vec![
            ("does", text("does")?.to_owned()),
            ("image", module.replace('_', "-")),
            ("module", module.to_owned()),
            ("filter", filter.to_owned()),
            ("phase", text("phase")?.to_owned()),
            ("node", text("node").unwrap_or_default().to_owned()),
            ("note", text("note").map(comment).unwrap_or_default()),
            ("yaml", yaml.to_owned()),
            ("json", json.to_owned()),
        ];
        values.extend(failure(guard));
        values.extend(place(guard, text("phase")?));
        values.extend(variables(environment, &name));
        values.push(("name", name));
        Ok(Self {
            filter: filter.to_owned(),
            values,
        })
    }

    /// The files of `deploy/`.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let beside = format!("/etc/envoy/{}.wasm", self.value("module"));
        let in_volume = format!("/etc/wasm/{}/plugin.wasm", self.value("image"));
        let plugin = |file: String| fill(PLUGIN, &[&[("file", file)], &*self.values].concat());
        let mut values = self.values.clone();
        values.push(("plugin", plugin(beside)));
        values.push(("plugin_from_volume", plugin(in_volume)));
        let bootstrap = fill(BOOTSTRAP, &values);
        values.push(("bootstrap", bootstrap));

        let mut files = vec![(format!("{}.yaml", self.filter), fill(FILTER, &values))];
        files.extend(FILES.map(|(name, template)| (name.to_owned(), fill(template, &values))));
        files
    }

    fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|value| value.0 == name);
        found.map(|value| &*value.1).unwrap_or_default()
    }
}

/// A paragraph of a comment.
fn comment(text: &str) -> String {
    let lines = text.lines().map(|line| format!("\n# {line}"));
    format!("#{}", lines.collect::<String>())
}

/// What happens to requests when the plugin has crashed.
fn failure(guard: bool) -> Vec<(&'static str, String)> {
    let fields = match guard {
        true => [
            ("failure_policy", "FAIL_RELOAD"),
            ("fail_strategy", "FAIL_RELOAD"),
            ("fail_open", "failOpen: false"),
            (
                "old_policy",
                "# It fails closed, because nothing else is said.",
            ),
        ],
        false => [
            (
                "failure_policy",
                "FAIL_OPEN # telemetry should never stop a request",
            ),
            (
                "fail_strategy",
                "FAIL_OPEN # telemetry should never stop a request",
            ),
            (
                "fail_open",
                "failOpen: true # telemetry should never stop a request",
            ),
            (
                "old_policy",
                "fail_open: true # telemetry should never stop a request",
            ),
        ],
    };
    fields.map(|(name, value)| (name, value.to_owned())).into()
}

/// Guards stand at the gateway, telemetry in the sidecars of one workload.
fn place(guard: bool, phase: &str) -> Vec<(&'static str, String)> {
    let insertion = match phase {
        "AUTHN" => "operation: INSERT_FIRST".to_owned(),
        later => format!("operation: ADD\nfilterClass: {later}"),
    };
    let fields = match guard {
        true => [
            ("namespace", "istio-ingress"),
            ("labels", "{ istio: ingressgateway }"),
            ("context", "GATEWAY"),
            ("where", "at a Gateway or a waypoint"),
            (
                "target",
                "targetRefs:\n  - group: gateway.networking.k8s.io\n    kind: Gateway\n    name: ingress",
            ),
        ],
        false => [
            ("namespace", "store"),
            ("labels", "{ app: shop }"),
            ("context", "ANY"),
            ("where", "in the sidecars of one workload"),
            ("target", "selector:\n  matchLabels:\n    app: shop"),
        ],
    };
    let mut values: Vec<_> = fields.map(|(name, value)| (name, value.to_owned())).into();
    values.push(("insertion", insertion));
    values
}

/// An environment variable that holds a secret.
struct Variable<'a> {
    name: &'a str,
    /// What is in it.
    what: &'a str,
}

fn variables(variable: Option<Variable<'_>>, extension: &str) -> Vec<(&'static str, String)> {
    let names = [
        "secret",
        "gateway_secret",
        "envoy_environment",
        "istio_environment",
        "gateway_environment",
        "container_environment",
    ];
    let Some(Variable { name, what }) = variable else {
        return names.map(|name| (name, String::new())).into();
    };
    // BASIC_AUTH_USERS is `users` in the Secret.
    let key = name.rsplit('_').next().unwrap_or(name).to_lowercase();
    let values = [
        format!(
            "#\n# {what} come from a Secret, which the gateway's Deployment shows to its proxy as the\n# environment variable {name}."
        ),
        format!(
            "#\n# {what} come from a Secret, which an EnvoyProxy resource shows to the proxy as the\n# environment variable {name} (spec.provider.kubernetes.envoyDeployment.container.env)."
        ),
        format!("environment_variables: {{ host_env_keys: [{name}] }}"),
        format!("vmConfig:\n  env:\n    - name: {name}\n      valueFrom: HOST"),
        format!("env:\n  hostKeys: [{name}]"),
        format!(
            "- name: {name}\n  valueFrom: {{ secretKeyRef: {{ name: {extension}, key: {key} }} }}"
        ),
    ];
    names.into_iter().zip(values).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "does: asks\nfilter: a_b\nmodule: a_b\nphase: AUTHN\nguard: true\n\
                        environment: { USERS: The users }\nyaml: |\n  x: 1\njson: |\n  { \"x\": 1 }\n";

    #[test]
    fn nothing_is_left_to_fill_in() {
        for text in [TEXT.to_owned(), TEXT.replace("guard: true", "guard: false")] {
            let files = Description::parse(&text).unwrap().files();
            assert_eq!(files.len(), 7);
            for (name, text) in files {
                assert!(!text.contains("{{"), "{name}: {text}");
            }
        }
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        let error = |text: String| format!("{:#}", Description::parse(&text).err().unwrap());
        let other = TEXT.replace("  x: 1", "  x: 2");
        assert!(error(other).contains("different things"));
        assert!(error(TEXT.replace("guard", "gaurd")).contains("gaurd"));
    }
}
