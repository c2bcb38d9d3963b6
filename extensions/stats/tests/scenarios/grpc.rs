//! gRPC: statuses, and messages where Envoy's own filter counts them.

use std::time::Duration;

use sdk_tests::{HostKind, Proxy, Request, Surroundings, UpstreamReply, json, scenario};

use super::{counter, counters, plugin, reviews, reviews_v2, shop, total};

/// Three gRPC messages of nothing.
fn call() -> Request {
    let message = [0; 5];
    Request::post("/books.Reviews/List")
        .header("content-type", "application/grpc")
        .chunk(message)
        .chunk(message)
        .chunk(message)
}

fn answer(status: &str) -> UpstreamReply {
    UpstreamReply::new(200)
        .header("content-type", "application/grpc")
        .chunk([0; 5])
        .chunk([0; 5])
        .trailer("grpc-status", status)
}

/// Envoy's filter that counts messages, before ours.
fn counting(surroundings: Surroundings) -> Surroundings {
    surroundings.filter(json!({
        "name": "envoy.filters.http.grpc_stats",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
            "emit_filter_state": true
        }
    }))
}

/// What that filter leaves behind, for the mock.
fn counted(proxy: &mut Proxy, messages: &str) {
    proxy.property(&["filter_state", "envoy.filters.http.grpc_stats"], messages);
}

#[scenario]
fn the_status_in_the_trailers_is_counted(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.upstream_replies(answer("5"));
    proxy.configure(json!({})).unwrap();
    assert_eq!(proxy.send(call()).status(), 200);
    counter(proxy, "requests_total").assert(&[
        ("request_protocol", "grpc"),
        ("response_code", "200"),
        ("grpc_response_status", "5"),
    ]);
}

#[scenario]
fn messages_are_counted(proxy: &mut Proxy) {
    proxy.surround(counting(shop().outbound().cluster_metadata(reviews())));
    proxy.upstream_replies(answer("0"));
    counted(proxy, "3,2");
    proxy.configure(json!({})).unwrap();
    proxy.send(call());
    let requests = counter(proxy, "request_messages_total");
    assert_eq!(requests.value, 3);
    assert_eq!(requests.labels.len(), 20);
    requests.assert(&[
        ("source_workload", "shop-v1"),
        ("destination_service_name", "reviews"),
    ]);
    assert_eq!(counter(proxy, "response_messages_total").value, 2);
}

#[scenario]
fn without_the_counting_filter_there_are_no_messages(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.upstream_replies(answer("0"));
    proxy.configure(json!({})).unwrap();
    proxy.send(call());
    assert!(counters(proxy, "request_messages_total").is_empty());
}

#[scenario]
fn a_request_that_is_not_grpc_has_no_status(proxy: &mut Proxy) {
    proxy.surround(counting(shop().outbound().cluster_metadata(reviews())));
    proxy.configure(json!({})).unwrap();
    proxy.send(
        Request::post("/")
            .header("content-type", "application/json")
            .body("{}"),
    );
    counter(proxy, "requests_total")
        .assert(&[("request_protocol", "http"), ("grpc_response_status", "")]);
}

#[scenario]
fn an_open_stream_is_reported_before_its_end(proxy: &mut Proxy) {
    let around = shop().outbound().cluster_metadata(reviews());
    proxy.surround(counting(around.endpoint_metadata(reviews_v2())));
    proxy.upstream_replies(answer("0").after(Duration::from_secs(4)));
    counted(proxy, "3,0");
    proxy
        .configure(json!({ "tcp_reporting_duration": "1s" }))
        .unwrap();
    let open = proxy.start(call());
    proxy.advance(Duration::from_millis(2500));
    assert_eq!(total(proxy, "request_messages_total"), 3);
    assert_eq!(total(proxy, "requests_total"), 0);
    counted(proxy, "3,2");
    let reply = proxy.finish(open);
    assert_eq!(reply.status(), 200);
    // Nothing is counted twice, and nothing is another series.
    assert_eq!(counter(proxy, "request_messages_total").value, 3);
    assert_eq!(counter(proxy, "response_messages_total").value, 2);
    if proxy.host() == HostKind::Envoy {
        counter(proxy, "request_messages_total").assert(&[("destination_workload", "reviews-v2")]);
    }
}

#[scenario]
fn the_destination_and_a_waypoint_count_grpc_alike(proxy: &mut Proxy) {
    proxy.surround(counting(shop().inbound()));
    proxy.upstream_replies(answer("7"));
    counted(proxy, "3,2");
    for (config, reporter) in [
        (json!({}), "destination"),
        (json!({ "reporter": "SERVER_GATEWAY" }), "waypoint"),
    ] {
        proxy.configure(config).unwrap();
        proxy.send(call());
        let requests = counters(proxy, "requests_total");
        let by = |series: &&super::Series| series.label("reporter") == reporter;
        requests.iter().find(by).unwrap().assert(&[
            ("request_protocol", "grpc"),
            ("grpc_response_status", "7"),
            ("connection_security_policy", "none"),
        ]);
        let messages = counters(proxy, "request_messages_total");
        assert_eq!(messages.iter().find(by).unwrap().value, 3);
    }
}
