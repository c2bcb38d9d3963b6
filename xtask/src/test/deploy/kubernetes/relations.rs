//! What no single field shows: fields that exclude each other, and names that have to exist.

use serde_json::Value;

/// What is wrong with the objects of one file.
pub(super) fn problems(documents: &[Value]) -> Vec<String> {
    let mut problems = Vec::new();
    for document in documents {
        let spec = document.get("spec").unwrap_or(&Value::Null);
        match kind(document) {
            "WasmPlugin" | "TrafficExtension" => istio(spec, &mut problems),
            "EnvoyExtensionPolicy" => gateway(spec, &mut problems),
            "EnvoyFilter" => patches(spec, &mut problems),
            "Service" => service(spec, documents, &mut problems),
            "Deployment" if document.get("apiVersion").is_some() => {
                deployment(spec, documents, &mut problems);
            }
            _ => {}
        }
    }
    problems
}

fn kind(document: &Value) -> &str {
    document
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn istio(spec: &Value, problems: &mut Vec<String>) {
    if spec.get("selector").is_some() && spec.get("targetRefs").is_some() {
        problems.push("only one of selector and targetRefs may be set".to_owned());
    }
    let plugin = spec.get("wasm").unwrap_or(spec);
    for variable in items(plugin, "/vmConfig/env") {
        let from_host = text(variable, "/valueFrom") == "HOST";
        if from_host == variable.get("value").is_some() {
            let name = text(variable, "/name");
            problems.push(format!("{name}: a value, or `valueFrom: HOST`"));
        }
    }
}

fn gateway(spec: &Value, problems: &mut Vec<String>) {
    for plugin in items(spec, "/wasm") {
        let code = plugin.get("code").unwrap_or(&Value::Null);
        for (kind, field) in [("HTTP", "http"), ("Image", "image")] {
            if (text(code, "/type") == kind) != code.get(field).is_some() {
                problems.push(format!("code.{field} goes with `type: {kind}`"));
            }
        }
    }
}

/// A filter that is discovered needs a config of that name, before it.
fn patches(spec: &Value, problems: &mut Vec<String>) {
    let mut configs = Vec::new();
    for patch in items(spec, "/configPatches") {
        let name = text(patch, "/patch/value/name");
        match text(patch, "/applyTo") {
            "EXTENSION_CONFIG" => configs.push(name),
            "HTTP_FILTER"
                if patch.pointer("/patch/value/config_discovery").is_some()
                    && !configs.contains(&name) =>
            {
                problems.push(format!("no EXTENSION_CONFIG before the filter {name}"));
            }
            _ => {}
        }
    }
}

/// Whether all of these labels are among those.
fn selects(selector: &Value, labels: &Value) -> bool {
    let mut all = selector.as_object().into_iter().flatten();
    all.all(|(key, value)| labels.get(key) == Some(value))
}

fn service(spec: &Value, documents: &[Value], problems: &mut Vec<String>) {
    let selector = spec.get("selector").unwrap_or(&Value::Null);
    let labels = "/spec/template/metadata/labels";
    let backend = documents.iter().find(|object| {
        kind(object) == "Deployment"
            && object
                .pointer(labels)
                .is_some_and(|labels| selects(selector, labels))
    });
    let Some(backend) = backend else {
        problems.push(format!("the Service selects no Deployment: {selector}"));
        return;
    };
    for port in items(spec, "/ports") {
        let target = port.get("targetPort").unwrap_or(&Value::Null);
        let there = items(backend, "/spec/template/spec/containers")
            .flat_map(|container| items(container, "/ports"))
            .any(|port| {
                port.get("name") == Some(target) || port.get("containerPort") == Some(target)
            });
        if !there {
            problems.push(format!("no container has the port {target}"));
        }
    }
}

fn deployment(spec: &Value, documents: &[Value], problems: &mut Vec<String>) {
    let labels = spec
        .pointer("/template/metadata/labels")
        .unwrap_or(&Value::Null);
    let selector = spec
        .pointer("/selector/matchLabels")
        .unwrap_or(&Value::Null);
    if !selects(selector, labels) {
        problems.push("the Deployment does not select its own pods".to_owned());
    }
    let volumes: Vec<_> = items(spec, "/template/spec/volumes").collect();
    for volume in &volumes {
        let map = text(volume, "/configMap/name");
        let there = documents
            .iter()
            .any(|object| kind(object) == "ConfigMap" && text(object, "/metadata/name") == map);
        if !map.is_empty() && !there {
            problems.push(format!("there is no ConfigMap {map}"));
        }
    }
    for container in items(spec, "/template/spec/containers") {
        for mount in items(container, "/volumeMounts") {
            let name = text(mount, "/name");
            if !volumes.iter().any(|volume| text(volume, "/name") == name) {
                problems.push(format!("there is no volume {name}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(yaml: &str) -> String {
        let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap();
        problems(&documents).join("; ")
    }

    #[test]
    fn fields_that_exclude_each_other_are_found() {
        for (yaml, problem) in [
            (
                "{ kind: WasmPlugin, spec: { selector: {}, targetRefs: [] } }",
                "only one of",
            ),
            (
                "{ kind: TrafficExtension, spec: { wasm: { vmConfig: { env: [{ name: A }] } } } }",
                "A: a value",
            ),
            (
                "{ kind: EnvoyExtensionPolicy, spec: { wasm: [{ code: { type: HTTP, image: {} } }] } }",
                "code.http goes with",
            ),
        ] {
            assert!(said(yaml).contains(problem), "{}", said(yaml));
        }
        let right =
            "{ kind: WasmPlugin, spec: { vmConfig: { env: [{ name: A, valueFrom: HOST }] } } }";
        assert_eq!(said(right), "");
    }

    #[test]
    fn names_that_lead_nowhere_are_found() {
        let deployment = "{ kind: Deployment, apiVersion: apps/v1, spec: { selector: { matchLabels: { a: b } }, \
            template: { metadata: { labels: { a: b } }, spec: { containers: [{ ports: [{ name: http, containerPort: 1 }], \
            volumeMounts: [{ name: v }] }], volumes: [{ name: v, configMap: { name: m } }] } } } }\n---\n";
        let map = "{ kind: ConfigMap, metadata: { name: m } }\n---\n";
        let service =
            "{ kind: Service, spec: { selector: { a: b }, ports: [{ targetPort: http }] } }";
        let all = format!("{deployment}{map}{service}");
        assert_eq!(said(&all), "");
        for (right, wrong, problem) in [
            ("name: m }", "name: other }", "no ConfigMap"),
            (
                "matchLabels: { a: b }",
                "matchLabels: { a: c }",
                "its own pods",
            ),
            (
                "volumeMounts: [{ name: v }]",
                "volumeMounts: [{ name: w }]",
                "no volume w",
            ),
            (
                "selector: { a: b }",
                "selector: { a: c }",
                "selects no Deployment",
            ),
            (
                "targetPort: http",
                "targetPort: https",
                "no container has the port",
            ),
        ] {
            let text = all.replacen(right, wrong, 1);
            assert!(said(&text).contains(problem), "{problem}: {}", said(&text));
        }
        let filter = "{ kind: EnvoyFilter, spec: { configPatches: [{ applyTo: HTTP_FILTER, \
            patch: { value: { name: x, config_discovery: {} } } }] } }";
        assert!(said(filter).contains("no EXTENSION_CONFIG before the filter x"));
    }
}
