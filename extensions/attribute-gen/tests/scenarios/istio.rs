//! The two examples of Istio's documentation, as shipped in `deploy/`.

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};
use serde_json::Value as Json;

use super::{assert_soon, plugin, saw, watching};

fn example(file: &str) -> Json {
    let path = format!("{}/deploy/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_resources_of_istio_have_the_same() {
    for (json, yaml) in [
        ("operations.json", "istio-wasmplugin.yaml"),
        ("response_classes.json", "istio-wasmplugin-responses.yaml"),
    ] {
        let path = format!("{}/deploy/{yaml}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let config = example(json);
        let matches = config["attributes"][0]["match"].as_array().unwrap();
        assert_eq!(text.matches("- value:").count(), matches.len(), "{yaml}");
        for each in matches {
            for field in ["value", "condition"] {
                assert!(
                    text.contains(each[field].as_str().unwrap()),
                    "{yaml}: {each}"
                );
            }
        }
    }
}

#[scenario]
fn requests_are_operations(proxy: &mut Proxy) {
    const OPERATIONS: [&str; 3] = ["ListReviews", "GetReview", "CreateReview"];
    let config = example("operations.json");
    proxy
        .configure(watching(
            &config["attributes"],
            "istio_operationId",
            &OPERATIONS,
        ))
        .unwrap();
    for request in [
        Request::get("/reviews"),
        Request::get("/reviews?page=2"),
        Request::get("/reviews/a17"),
        Request::post("/reviews/").body("nice"),
        // None of them.
        Request::get("/reviews/a17/comments"),
        Request::post("/reviews").body("nice"),
    ] {
        assert_eq!(proxy.send(request).status(), 200);
    }
    assert_soon(proxy, |proxy| saw(proxy, &OPERATIONS), &vec![2, 1, 1]);
    assert_eq!(super::matched(proxy, "istio_operationId"), 4);
    assert_eq!(proxy.metric(super::RUNTIME_ERRORS), 0);
}

#[scenario]
fn responses_have_classes(proxy: &mut Proxy) {
    const CLASSES: [&str; 7] = ["2xx", "3xx", "404", "429", "503", "5xx", "4xx"];
    let config = example("response_classes.json");
    proxy
        .configure(watching(
            &config["attributes"],
            "istio_responseClass",
            &CLASSES,
        ))
        .unwrap();
    for status in [200, 204, 302, 404, 429, 503, 500, 599, 403] {
        proxy.upstream_replies(UpstreamReply::new(status));
        assert_eq!(proxy.send(Request::get("/")).status(), status);
    }
    assert_soon(
        proxy,
        |proxy| saw(proxy, &CLASSES),
        &vec![2, 1, 1, 1, 1, 2, 1],
    );
}

#[scenario]
fn both_at_once_in_camel_case(proxy: &mut Proxy) {
    let config = json!([
        {
            "outputAttribute": "istio_operationId",
            "phase": "ON_REQUEST",
            "match": [{ "value": "All" }]
        },
        {
            "outputAttribute": "istio_responseClass",
            "match": [{
                "condition": "response.code == 200 && filter_state['wasm.istio_operationId'] == 'All'",
                "value": "Fine"
            }]
        }
    ]);
    proxy
        .configure(watching(&config, "istio_responseClass", &["Fine"]))
        .unwrap();
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| saw(proxy, &["Fine"]), &vec![1]);
}
