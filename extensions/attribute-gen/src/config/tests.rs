use extension_common::config;
use serde_json::{Value as Json, json};

use super::*;

fn parse(json: &Json) -> Result<Config, String> {
    config::parse::<ConfigJson>(json.to_string().as_bytes())
        .and_then(ConfigJson::validate)
        .map_err(|error| error.to_string())
}

fn error(json: &Json) -> String {
    parse(json)
        .err()
        .unwrap_or_else(|| panic!("accepted: {json}"))
}

/// An attribute with what `extra` has besides.
fn attribute(extra: Json) -> Json {
    let mut attribute = json!({ "output_attribute": "x", "match": [{ "value": "y" }] });
    for (key, value) in extra.as_object().unwrap() {
        attribute[key] = value.clone();
    }
    json!({ "attributes": [attribute] })
}

#[test]
fn configs_of_istios_plugin_are_accepted_in_both_spellings() {
    for (phase, attribute, debug) in [
        (json!("ON_REQUEST"), "output_attribute", json!("true")),
        (json!("ON_REQUEST"), "outputAttribute", json!(true)),
        (json!(1), "outputAttribute", json!("true")),
    ] {
        let config = parse(&json!({
            "debug": debug,
            "attributes": [{
                "phase": phase,
                attribute: "istio_operationId",
                "match": [
                    { "condition": "request.method == 'GET'", "value": "Get" },
                    { "condition": "", "value": "Other" },
                    { "value": "Never" }
                ]
            }]
        }))
        .unwrap();
        assert!(config.debug);
        let [attribute] = config.attributes.as_slice() else {
            panic!("{config:?}");
        };
        assert_eq!(attribute.name, "istio_operationId");
        assert_eq!(attribute.phase, Phase::OnRequest);
        assert_eq!(attribute.on_error, OnError::Continue);
        let conditions: Vec<_> = attribute.matches.iter().map(|m| &m.condition).collect();
        assert_eq!(
            conditions,
            [&Some("request.method == 'GET'".to_owned()), &None, &None]
        );
        assert_eq!(
            config.remarks.warnings,
            ["attributes[0].match[2]: never tried, since the match before it has no condition"]
        );
    }
}

#[test]
fn what_is_left_out_is_as_protobuf_has_it() {
    let config = parse(&json!({ "attributes": [{ "output_attribute": "x" }] })).unwrap();
    assert!(!config.debug);
    assert_eq!(config.attributes[0].phase, Phase::AfterResponse);
    assert_eq!(
        config.remarks.warnings,
        ["attributes[0].match: there is none, so that \"x\" is never set"]
    );
    for phase in [
        json!(null),
        json!(0),
        json!("PHASE_UNSPECIFIED"),
        json!("AFTER_RESPONSE"),
    ] {
        let config = parse(&attribute(json!({ "phase": phase }))).unwrap();
        assert_eq!(config.attributes[0].phase, Phase::AfterResponse);
    }
    let config = parse(&attribute(json!({ "match": [{}] }))).unwrap();
    assert_eq!(
        config.attributes[0].matches[0].value,
        Value::Constant(String::new())
    );
    let config = parse(&json!({ "debug": null })).unwrap();
    assert_eq!(
        config.remarks.warnings,
        ["attributes: there are none, so that nothing is generated"]
    );
}

#[test]
fn there_is_more_than_in_istios_plugin() {
    let config = parse(&attribute(json!({
        "phase": "ON_RESPONSE",
        "on_error": "abandon",
        "match": [{ "value_expression": "request.host" }]
    })))
    .unwrap();
    let attribute = &config.attributes[0];
    assert_eq!(attribute.phase, Phase::OnResponse);
    assert_eq!(attribute.on_error, OnError::Abandon);
    assert_eq!(
        attribute.matches[0].value,
        Value::Expression("request.host".into())
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (json, expected) in [
        (
            json!({ "attribute": [] }),
            "attribute: unknown field `attribute`",
        ),
        (
            json!({ "debug": "yes" }),
            "debug: invalid value: string, expected true or false",
        ),
        (json!({ "debug": 1 }), "debug: invalid type: integer"),
        (
            json!({ "attributes": [{ "match": [] }] }),
            "attributes[0].output_attribute: got \"\", expected the attribute's name",
        ),
        (
            attribute(json!({ "output_attribute": "a\u{0}b" })),
            "attributes[0].output_attribute: got \"a\\u0000b\", expected the attribute's name",
        ),
        (
            attribute(json!({ "phase": "ON_LOG" })),
            "attributes[0].phase: unknown variant `ON_LOG`, expected one of `ON_REQUEST`",
        ),
        (
            attribute(json!({ "phase": 7 })),
            "attributes[0].phase: invalid value: integer",
        ),
        (
            attribute(json!({ "on_error": "ignore" })),
            "attributes[0].on_error: unknown variant `ignore`, expected `continue` or `abandon`",
        ),
        (
            attribute(json!({ "match": [{ "conditions": "" }] })),
            "attributes[0].match[0].conditions: unknown field",
        ),
        (
            attribute(json!({ "match": [{ "value": "a", "value_expression": "b" }] })),
            "attributes[0].match[0].value_expression: got \"b\", expected one of",
        ),
        (
            attribute(json!({ "match": [{ "value_expression": " " }] })),
            "attributes[0].match[0].value_expression: got \" \", expected an expression",
        ),
        (
            attribute(json!({ "match": [{ "value": 1 }] })),
            "attributes[0].match[0].value: invalid type: integer",
        ),
    ] {
        let error = error(&json);
        assert!(error.starts_with(expected), "{error}\nfor {json}");
    }
}

#[test]
fn the_committed_schema_is_current() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(ConfigJson)).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(FILE, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert_eq!(committed, schema, "run the test again with UPDATE_SCHEMA=1");
}
