//! attribute-gen under load: Istio's examples, and what the host must evaluate.
//!
//! The configs are those of its scenarios in `tests/scenarios/cost.rs`.

use serde_json::{Value, json};

use super::subject::{Subject, Variant};

pub(super) fn subject() -> Subject {
    Subject {
        // One of the operations.
        load: vec![
            (":path", "/reviews/17".to_owned()),
            ("user-agent", "curl/8".to_owned()),
        ],
        variants: vec![
            Variant::extension(
                "attribute-gen, the examples of Istio, 3 attributes",
                "attribute_gen",
                &examples(),
            ),
            Variant::extension(
                "attribute-gen, 10 conditions of the host",
                "attribute_gen",
                &conditions_of_the_host(),
            ),
        ],
        clusters: Vec::new(),
        servers: Vec::new(),
    }
}

/// The two examples of Istio's documentation, and a third attribute.
fn examples() -> Value {
    let class = |value: &str, condition: &str| json!({ "value": value, "condition": condition });
    json!({ "attributes": [
        { "output_attribute": "istio_operationId", "phase": "ON_REQUEST", "match": [
            class("ListReviews", "request.url_path == '/reviews' && request.method == 'GET'"),
            class(
                "GetReview",
                "request.url_path.matches('^/reviews/[[:alnum:]]*$') && request.method == 'GET'"
            ),
            class("CreateReview", "request.url_path == '/reviews/' && request.method == 'POST'"),
        ] },
        { "output_attribute": "istio_responseClass", "match": [
            class("2xx", "response.code >= 200 && response.code <= 299"),
            class("3xx", "response.code >= 300 && response.code <= 399"),
            class("404", "response.code == 404"),
            class("429", "response.code == 429"),
            class("503", "response.code == 503"),
            class("5xx", "response.code >= 500 && response.code <= 599"),
            class("4xx", "response.code >= 400 && response.code <= 499"),
        ] },
        { "output_attribute": "istio_client", "phase": "ON_REQUEST", "match": [
            class("curl", "request.useragent.startsWith('curl/')"),
            { "value": "other" },
        ] },
    ] })
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
