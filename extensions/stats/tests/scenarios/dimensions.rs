//! Metrics and labels of one's own.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{counter, counters, plugin, reviews, shop};

#[scenario]
fn labels_are_added_replaced_and_removed(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    let config = json!({ "metrics": [
        {
            "dimensions": {
                "cluster_id": "node.metadata['CLUSTER_ID']",
                "request_host": "request.host",
                "request_method": "request.method",
                "port": "destination.port > 0 ? 'some' : 'none'",
                "code": "response.code",
                "sum": "response.code + 1",
                "header": "request.headers['x-team']",
                "missing": "request.headers['x-none']",
                "fixed": "'red'",
                "source_app": "request.url_path",
                "where": "cluster_name"
            },
            "tags_to_remove": ["source_version"]
        },
        { "name": "request_bytes", "drop": true }
    ] });
    proxy.configure(config).unwrap();
    proxy.send(Request::get("/a?b=c").header("x-team", "blue"));
    let requests = counter(proxy, "requests_total");
    requests.assert(&[
        ("cluster_id", "c1"),
        ("request_host", "example.test"),
        ("request_method", "GET"),
        ("port", "some"),
        ("code", "200"),
        ("sum", "201"),
        ("header", "blue"),
        ("missing", "unknown"),
        ("fixed", "red"),
        ("source_app", "/a"),
        ("where", "upstream"),
    ]);
    assert!(!requests.labels.contains_key("source_version"));
    let bytes = requests.name.replace("requests_total", "request_bytes");
    assert_eq!(proxy.histogram(&bytes).count, 0);
}

#[scenario]
fn metrics_can_be_defined(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    let config = json!({
        "definitions": [
            { "name": "visits", "value": "1" },
            { "name": "last_code", "type": "GAUGE", "value": "response.code" },
            { "name": "weight", "type": "HISTOGRAM", "value": "request.headers['x-team'] == 'blue' ? 7 : 1" }
        ],
        "metrics": [
            { "name": "visits", "dimensions": { "reporter": "'me'" } },
            { "name": "last_code", "dimensions": { "reporter": "'me'" } },
            { "name": "weight", "dimensions": { "reporter": "'me'" } }
        ]
    });
    proxy.configure(config).unwrap();
    for _ in 0..2 {
        proxy.send(Request::get("/").header("x-team", "blue"));
    }
    assert_eq!(counter(proxy, "visits").value, 2);
    assert_eq!(counter(proxy, "last_code").value, 200);
    let weight = proxy.histogram("istio_weightreporter=.=me;.;");
    assert_eq!(weight.count, 2);
    assert!(weight.adds_up_to(14.0), "{weight:?}");
}

#[scenario]
fn a_condition_decides_for_which_requests_a_change_is_made(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    let config = json!({ "metrics": [
        { "match": "request.url_path == '/healthz'", "drop": true },
        {
            "name": "requests_total",
            "match": "request.method == 'POST'",
            "dimensions": { "path": "request.url_path" }
        }
    ] });
    proxy.configure(config).unwrap();
    proxy.send(Request::get("/healthz"));
    proxy.send(Request::get("/a"));
    proxy.send(Request::post("/b"));
    let series = counters(proxy, "requests_total");
    let mut paths: Vec<_> = series
        .iter()
        .map(|series| series.labels.get("path"))
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, [None, Some(&"/b".to_owned())]);
    assert_eq!(series.iter().map(|series| series.value).sum::<u64>(), 2);
}
