//! What the demo asks of attribute-gen.
//!
//! What it names is read by who stands behind it: Envoy's RBAC, by a principal and by CEL, and the
//! access log. How metrics read it is in the demo of the telemetry.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use sdk_tests::{Request, UpstreamRequest};
use serde_json::{Value, json};

use super::case::Case;
use super::stage::{self, Extension, Scene, Update};

pub(super) const EXTENSION: Extension = Extension {
    name: "attribute-gen",
    artifact: "attribute_gen",
    config,
    before: stage::nothing,
    routes: stage::to_upstream,
    finish: read_the_names,
    server: None,
    cases,
    curl: &[
        ("ListReviews: 200", "http://{address}/reviews"),
        (
            "CreateReview: 403, by RBAC",
            "-X POST http://{address}/reviews/",
        ),
    ],
};

/// The first example of Istio's documentation, an operation that only the host can tell, and a class
/// of responses.
fn config() -> Value {
    let class = |value: &str, condition: &str| json!({ "value": value, "condition": condition });
    json!({ "attributes": [
        { "output_attribute": "istio_operationId", "phase": "ON_REQUEST", "match": [
            class("ListReviews", "request.url_path == '/reviews' && request.method == 'GET'"),
            class(
                "GetReview",
                "request.url_path.matches('^/reviews/[[:alnum:]]*$') && request.method == 'GET'"
            ),
            class("CreateReview", "request.url_path == '/reviews/' && request.method == 'POST'"),
            class("DeleteReview", "request.method == 'DELETE' && source.port > 0"),
        ] },
        { "output_attribute": "istio_responseClass", "match": [
            class("2xx", "response.code >= 200 && response.code <= 299"),
            class("denied", "response.code == 403 && 'wasm.istio_operationId' in filter_state"),
            { "value": "other" },
        ] },
    ] })
}

/// The access log's file.
fn log(folder: &Path) -> PathBuf {
    folder.join("attribute-gen.log")
}

/// RBAC behind the extension, and an access log.
fn read_the_names(listener: &mut Value, folder: &Path) {
    let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
    if let Some(filters) = manager["http_filters"].as_array_mut() {
        filters.insert(filters.len().saturating_sub(1), rbac());
    }
    manager["access_log"] = json!([{
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": log(folder),
            "log_format": { "text_format_source": { "inline_string": concat!(
                "%FILTER_STATE(wasm.istio_operationId:PLAIN)% ",
                "%FILTER_STATE(wasm.istio_responseClass:PLAIN)%\n",
            ) } },
        },
    }]);
}

/// Refuses two operations, by both ways to read a name.
fn rbac() -> Value {
    let text = |text: &str| json!({ "const_expr": { "string_value": text } });
    let call = |function: &str, arguments: [Value; 2]| json!({ "call_expr": { "function": function, "args": arguments } });
    // filter_state['wasm.istio_operationId'] == 'DeleteReview'
    let state = json!({ "ident_expr": { "name": "filter_state" } });
    let operation = call("_[_]", [state, text("wasm.istio_operationId")]);
    let condition = call("_==_", [operation, text("DeleteReview")]);
    let anything = json!([{ "any": true }]);
    json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": { "action": "DENY", "policies": {
                "creating": {
                    "permissions": anything,
                    "principals": [{ "filter_state": {
                        "key": "wasm.istio_operationId",
                        "string_match": { "exact": "CreateReview" },
                    } }],
                },
                "deleting": {
                    "permissions": anything,
                    "principals": anything,
                    "condition": condition,
                },
            } },
        },
    })
}

fn cases(scene: &mut Scene<'_>) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let mut ask = |scene: &mut Scene<'_>, request: Request, what: &str, expected: &str| {
        let before = lines(scene.folder()).len();
        let (reply, upstream) = scene.send(&request)?;
        let line = next_line(scene.folder(), before)?;
        cases.push(Case {
            request: what.to_owned(),
            expected: expected.to_owned(),
            got: format!(
                "{}{}, logged: {line}",
                reply.status(),
                seen(upstream.as_ref())
            ),
        });
        anyhow::Ok(())
    };
    for (request, what, expected) in [
        (
            Request::get("/reviews?page=2"),
            "GET /reviews?page=2",
            "200, logged: ListReviews 2xx",
        ),
        (
            Request::get("/reviews/17"),
            "GET /reviews/17",
            "200, logged: GetReview 2xx",
        ),
        (
            Request::post("/reviews/"),
            "POST /reviews/: RBAC knows the operation",
            "403, not passed on, logged: CreateReview denied",
        ),
        (
            Request::new("DELETE", "/reviews/17"),
            "DELETE /reviews/17: RBAC knows it by CEL",
            "403, not passed on, logged: DeleteReview denied",
        ),
        (
            Request::get("/ratings"),
            "GET /ratings: no operation",
            "200, logged: - 2xx",
        ),
    ] {
        ask(scene, request, what, expected)?;
    }
    let mut wrong = config();
    wrong["attributes"][1]["match"][0]["condition"] = json!("response.code >= ");
    let updated = scene.update(&wrong)?;
    ask(
        scene,
        Request::get("/reviews"),
        "GET /reviews after a new config with an error in it",
        "200, logged: ListReviews 2xx",
    )?;
    cases.push(Case {
        request: "the new config".to_owned(),
        expected: format!("{:?}", Update::Refused),
        got: format!("{updated:?}"),
    });
    Ok(cases)
}

fn seen(upstream: Option<&UpstreamRequest>) -> &'static str {
    match upstream {
        Some(_) => "",
        None => ", not passed on",
    }
}

fn lines(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(log(folder)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// The line behind so many others; Envoy writes it a moment later.
fn next_line(folder: &Path, before: usize) -> Result<String> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Some(line) = lines(folder).get(before) {
            return Ok(line.clone());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!("Envoy did not write its access log")
}
