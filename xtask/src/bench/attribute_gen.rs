//! attribute-gen under load: Istio's examples, and what the host must evaluate.
//!
//! The configs are those of its scenarios in `tests/scenarios/cost.rs`.

use anyhow::Result;
use serde_json::{Value, json};

use super::subject::{Subject, Variant};

pub(super) fn subject() -> Result<Subject> {
    Ok(Subject {
        // One of the operations.
        load: vec![
            (":path", "/reviews/17".to_owned()),
            ("user-agent", "curl/8".to_owned()),
        ],
        variants: vec![
            Variant::extension(
                "attribute-gen, the examples of Istio, 3 attributes",
                "attribute_gen",
                &examples()?,
            ),
            Variant::extension(
                "attribute-gen, 10 conditions of the host",
                "attribute_gen",
                &conditions_of_the_host(),
            ),
        ],
        ..Subject::default()
    })
}

/// The two examples of Istio's documentation, as they ship, and a third attribute.
fn examples() -> Result<Value> {
    let attribute = |text: &str| -> Result<Value> {
        let mut config: Value = serde_json::from_str(text)?;
        Ok(config["attributes"][0].take())
    };
    Ok(json!({ "attributes": [
        attribute(include_str!("../../../extensions/attribute-gen/deploy/operations.json"))?,
        attribute(include_str!("../../../extensions/attribute-gen/deploy/response_classes.json"))?,
        { "output_attribute": "istio_client", "phase": "ON_REQUEST", "match": [
            { "value": "curl", "condition": "request.useragent.startsWith('curl/')" },
            { "value": "other" },
        ] },
    ] }))
}

/// Ten matches of which none fires.
fn conditions_of_the_host() -> Value {
    let matches: Vec<_> = (0..10)
        .map(|port| json!({ "condition": format!("source.port == {port}"), "value": "x" }))
        .collect();
    json!({ "attributes": [
        { "output_attribute": "x", "phase": "ON_REQUEST", "match": matches }
    ] })
}
