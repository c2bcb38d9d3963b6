//! The fields of objects, as `kinds.yaml` tells them.

use std::sync::LazyLock;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

static KINDS: LazyLock<Value> = LazyLock::new(|| {
    // A mistake in it shows: then no kind is known.
    serde_saphyr::from_str(include_str!("kinds.yaml")).unwrap_or_default()
});

/// Whether fields may be missing.
#[derive(Clone, Copy, PartialEq)]
enum Whole {
    Yes,
    No,
}

/// Fails with the first field that is wrong, unknown or missing.
pub(super) fn check(kind: &str, object: &Value) -> Result<()> {
    root(kind, object, Whole::Yes)
}

/// The same for a part of an object: nothing is missing.
pub(super) fn check_part(kind: &str, object: &Value) -> Result<()> {
    root(kind, object, Whole::No)
}

fn root(kind: &str, object: &Value, whole: Whole) -> Result<()> {
    let shape = KINDS.get(kind);
    let shape = shape.with_context(|| format!("xtask does not know the kind {kind}"))?;
    value(object, shape, kind, whole)
}

fn value(value: &Value, shape: &Value, path: &str, whole: Whole) -> Result<()> {
    match shape {
        Value::Object(fields) => object(value, fields, path, whole),
        Value::String(shape) => named(value, shape, path, whole),
        _ => bail!("kinds.yaml: {path} is neither fields nor a type"),
    }
}

fn object(value_: &Value, fields: &Map<String, Value>, path: &str, whole: Whole) -> Result<()> {
    let entries = value_.as_object();
    let entries = entries.with_context(|| format!("{path}: fields expected, found {value_}"))?;
    for (name, entry) in entries {
        let shape = fields.get(name).or_else(|| fields.get(&format!("{name}!")));
        let shape = shape.with_context(|| format!("{path}: there is no field `{name}`"))?;
        value(entry, shape, &format!("{path}.{name}"), whole)?;
    }
    for field in fields.keys() {
        if let Some(name) = field.strip_suffix('!') {
            let there = entries.contains_key(name) || whole == Whole::No;
            ensure!(there, "{path}: `{name}` is missing");
        }
    }
    Ok(())
}

fn named(found: &Value, shape: &str, path: &str, whole: Whole) -> Result<()> {
    if let Some(inner) = inside(shape, '[', ']') {
        let items = found.as_array();
        let items = items.with_context(|| format!("{path}: a list expected, found {found}"))?;
        ensure!(!items.is_empty(), "{path}: an empty list says nothing");
        for (index, item) in items.iter().enumerate() {
            named(item, inner, &format!("{path}[{index}]"), whole)?;
        }
        return Ok(());
    }
    if let Some(inner) = inside(shape, '{', '}') {
        let entries = found.as_object();
        let entries = entries.with_context(|| format!("{path}: a map expected, found {found}"))?;
        for (key, entry) in entries {
            named(entry, inner, &format!("{path}.{key}"), whole)?;
        }
        return Ok(());
    }
    if let Some(fields) = KINDS.get(shape) {
        return value(found, fields, path, whole);
    }
    let text = found.as_str();
    let right = match shape {
        "any" => true,
        "bool" => found.is_boolean(),
        "number" => found.as_u64().is_some(),
        "text" => text.is_some_and(|text| !text.is_empty()),
        "path" => text.is_some_and(|text| text.starts_with('/')),
        "name" => text.is_some_and(is_name),
        "digest" => text.is_some_and(is_digest),
        "istio-url" => text.is_some_and(is_istio_url),
        _ => match shape.strip_prefix('=') {
            Some(constant) => text == Some(constant),
            None => shape.contains(" | ") && shape.split(" | ").any(|word| text == Some(word)),
        },
    };
    ensure!(right, "{path}: expected {shape}, found {found}");
    Ok(())
}

fn inside(shape: &str, open: char, close: char) -> Option<&str> {
    shape.strip_prefix(open)?.strip_suffix(close)
}

/// RFC 1123, section 2.1, and no more than 63 bytes.
fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = [text.chars().next(), text.chars().next_back()];
    text.len() <= 63
        && text.chars().all(inner)
        && ends.iter().all(|end| end.is_some_and(|c| c != '-'))
}

fn is_digest(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.len() == 64 && text.chars().all(digit)
}

fn is_istio_url(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("oci", |(scheme, _)| scheme);
    !text.is_empty() && ["oci", "http", "https", "file"].contains(&scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLUGIN: &str = r#"{ "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
        "metadata": { "name": "a" }, "spec": { "url": "oci://a.example/b:1" } }"#;

    fn check_text(text: &str) -> String {
        let value: Value = serde_json::from_str(text).unwrap();
        let kind = value["kind"].as_str().unwrap().to_owned();
        let result = check(&kind, &value);
        result
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        assert_eq!(check_text(PLUGIN), "");
        for (right, wrong, said) in [
            (r#""spec""#, r#""sepc""#, "no field `sepc`"),
            (
                r#""url""#,
                r#""uri""#,
                "WasmPlugin.spec: there is no field `uri`",
            ),
            (r#""url": "oci://a.example/b:1""#, "", "`url` is missing"),
            (
                "oci://",
                "ftp://",
                "WasmPlugin.spec.url: expected istio-url",
            ),
            (
                r#""a""#,
                r#""A_b""#,
                "WasmPlugin.metadata.name: expected name",
            ),
            ("v1alpha1", "v1beta1", "WasmPlugin.apiVersion"),
            (
                r#""url""#,
                r#""phase": "AUTH", "url""#,
                "expected UNSPECIFIED_PHASE | AUTHN",
            ),
            (r#""url""#, r#""sha256": "123", "url""#, "expected digest"),
            (r#""url""#, r#""match": [], "url""#, "an empty list"),
            (
                r#""url""#,
                r#""match": [{ "ports": [{}] }], "url""#,
                "spec.match[0].ports[0]: `number`",
            ),
        ] {
            let error = check_text(&PLUGIN.replace(right, wrong));
            assert!(error.contains(said), "{error}");
        }
        assert!(check_text(r#"{ "kind": "Pod" }"#).contains("the kind Pod"));
    }

    #[test]
    fn a_part_of_an_object_may_lack_the_rest() {
        let part = |text: &str| check_part("Deployment", &serde_json::from_str(text).unwrap());
        part(r#"{ "kind": "Deployment", "spec": { "template": {} } }"#).unwrap();
        assert!(part(r#"{ "kind": "Deployment", "spec": { "tmplate": {} } }"#).is_err());
    }

    /// A word that is no type would be an enum of one, which nothing matches.
    #[test]
    fn every_type_in_kinds_is_one() {
        const TYPES: [&str; 7] = [
            "any",
            "bool",
            "digest",
            "istio-url",
            "name",
            "number",
            "path",
        ];
        fn words(shape: &Value) {
            match shape {
                Value::Object(fields) => fields.values().for_each(words),
                Value::String(word) => {
                    let word = word.trim_matches(['[', ']', '{', '}']);
                    let known =
                        TYPES.contains(&word) || word == "text" || KINDS.get(word).is_some();
                    assert!(
                        known || word.starts_with('=') || word.contains(" | "),
                        "{word}"
                    );
                }
                other => panic!("{other}"),
            }
        }
        words(&KINDS);
    }
}
