//! What an operator sees of a configuration.

use sdk_tests::{Level, Proxy, Request, Rule, json, scenario};

use super::{counter, plugin, reviews, shop, total};

#[scenario]
fn an_info_log_proves_that_it_is_on(proxy: &mut Proxy) {
    proxy.configure(json!({})).unwrap();
    let logs = proxy.logs();
    let line = logs
        .iter()
        .find(|log| log.message.contains("stats is on: 2000 series per worker"));
    assert_eq!(line.map(|log| log.level), Some(Level::Info), "{logs:?}");
}

#[scenario]
fn a_refused_config_is_counted_and_the_old_one_keeps_counting(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.configure(json!({})).unwrap();
    for (config, expected) in [
        (
            json!({ "metrics": [{ "dimensions": { "x": "f(" } }] }),
            "metrics[0].dimensions.x: got \"f(\", expected an expression (CEL)",
        ),
        (
            json!({ "metrics": [{ "dimensions": { "x": "request.host.split('.')" } }] }),
            "metrics[0].dimensions.x: got \"request.host.split('.')\", expected an expression",
        ),
        (
            json!({ "metrics": [{ "match": "==" }] }),
            "metrics[0].match: got \"==\", expected an expression (CEL)",
        ),
        (
            json!({ "definitions": [{ "name": "x", "value": "(" }] }),
            "definitions[0].value: got \"(\", expected an expression (CEL)",
        ),
        (
            json!({ "max_series": "lots" }),
            "max_series: invalid type: string",
        ),
    ] {
        let reason = proxy.configure(config).unwrap_err().reason();
        assert!(reason.contains(expected), "{reason}");
    }
    assert_eq!(proxy.metric("stats_config_errors"), 5);
    proxy.send(Request::get("/"));
    assert_eq!(total(proxy, "requests_total"), 1);
}

#[scenario]
fn the_readmes_example_does_what_it_says(proxy: &mut Proxy) {
    let readme = include_str!("../../README.md");
    let example = readme.split("```json config=stats\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.configure(example).unwrap();
    proxy.send(Request::get("/healthz"));
    proxy.send(Request::get("/"));
    let requests = counter(proxy, "requests_total");
    requests.assert(&[("request_method", "GET")]);
    assert!(!requests.labels.contains_key("source_principal"));
    // Nobody was slow.
    assert_eq!(proxy.metric("istio_slow_requestsreporter=.=me;.;"), 0);
}

#[scenario]
fn what_is_obsolete_is_warned_of(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "debug": "false", "stat_prefix": "istio" }))
        .unwrap();
    let logs = proxy.logs();
    let warns = |text: &str| {
        logs.iter()
            .any(|log| log.level == Level::Warn && log.message.contains(text))
    };
    assert!(
        warns("debug is obsolete") && warns("stat_prefix is obsolete"),
        "{logs:?}"
    );
}
