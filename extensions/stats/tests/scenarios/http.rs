//! HTTP requests, at both ends.

use std::time::Duration;

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{assert_counted, counted, counter, plugin, reviews, reviews_v2, shop, total};

#[scenario]
fn an_outbound_request_is_counted_for_its_source(proxy: &mut Proxy) {
    let around = shop().outbound().cluster_metadata(reviews());
    proxy.surround(around.endpoint_metadata(reviews_v2()));
    proxy.configure(json!({})).unwrap();
    assert_eq!(proxy.send(Request::get("/")).status(), 200);
    let requests = counter(proxy, "requests_total");
    assert_eq!(requests.value, 1);
    assert_eq!(requests.labels.len(), 25);
    requests.assert(&[
        ("reporter", "source"),
        ("source_workload", "shop-v1"),
        ("source_workload_namespace", "store"),
        ("source_principal", "unknown"),
        ("source_app", "shop"),
        ("source_version", "v1"),
        ("source_canonical_service", "shop"),
        ("source_canonical_revision", "r1"),
        ("source_cluster", "c1"),
        ("destination_workload", "reviews-v2"),
        ("destination_workload_namespace", "books"),
        ("destination_principal", "unknown"),
        ("destination_app", "unknown"),
        ("destination_version", "unknown"),
        ("destination_service", "reviews.books.svc.cluster.local"),
        ("destination_service_name", "reviews"),
        ("destination_service_namespace", "books"),
        ("destination_canonical_service", "reviews"),
        ("destination_canonical_revision", "v2"),
        ("destination_cluster", "c2"),
        ("request_protocol", "http"),
        ("response_flags", "-"),
        ("connection_security_policy", "unknown"),
        ("response_code", "200"),
        ("grpc_response_status", ""),
    ]);
}

#[scenario]
fn an_inbound_request_is_counted_for_its_destination(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy.upstream_replies(UpstreamReply::new(404));
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/"));
    counter(proxy, "requests_total").assert(&[
        ("reporter", "destination"),
        ("source_workload", "unknown"),
        ("source_canonical_revision", "latest"),
        ("destination_workload", "shop-v1"),
        ("destination_workload_namespace", "store"),
        // Not what the client says in its Host header.
        ("destination_service", "shop"),
        ("destination_service_name", "shop"),
        ("destination_service_namespace", "store"),
        ("destination_cluster", "c1"),
        ("connection_security_policy", "none"),
        ("response_code", "404"),
    ]);
}

#[scenario]
fn a_gateway_reports_as_a_source(proxy: &mut Proxy) {
    proxy.surround(shop());
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/").authority("Shop.Example:8080"));
    counter(proxy, "requests_total").assert(&[
        ("reporter", "source"),
        ("destination_service", "shop.example:8080"),
        ("destination_service_name", "shop.example:8080"),
    ]);
}

#[scenario]
fn a_waypoint_reports_as_one(proxy: &mut Proxy) {
    let around = shop().inbound().cluster_metadata(reviews());
    proxy.surround(around.endpoint_metadata(reviews_v2()));
    proxy
        .configure(json!({ "reporter": "SERVER_GATEWAY" }))
        .unwrap();
    proxy.send(Request::get("/"));
    counter(proxy, "requests_total").assert(&[
        ("reporter", "waypoint"),
        ("source_workload", "unknown"),
        ("destination_workload", "reviews-v2"),
        ("destination_service_name", "reviews"),
        ("connection_security_policy", "none"),
    ]);
}

mod by_root_id {
    use sdk_tests::{Plugin, Proxy, Request, json, scenario};

    use super::{counter, shop};

    fn plugin() -> Plugin {
        super::plugin().root_id("stats_inbound")
    }

    #[scenario]
    fn the_older_root_ids_decide_who_reports(proxy: &mut Proxy) {
        proxy.surround(shop().outbound());
        proxy.configure(json!({})).unwrap();
        proxy.send(Request::get("/"));
        counter(proxy, "requests_total").assert(&[("reporter", "destination")]);
    }
}

#[scenario]
fn the_host_header_stands_in_only_where_it_may(proxy: &mut Proxy) {
    proxy.surround(shop().outbound());
    proxy
        .configure(json!({ "disable_host_header_fallback": true }))
        .unwrap();
    proxy.send(Request::get("/").authority("shop.example"));
    counter(proxy, "requests_total").assert(&[
        ("destination_service", "unknown"),
        ("destination_service_name", "unknown"),
    ]);
}

#[scenario]
fn sizes_and_durations_are_histograms(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.configure(json!({})).unwrap();
    for _ in 0..3 {
        proxy.send(Request::post("/").body("x".repeat(1000)));
    }
    let requests = counter(proxy, "requests_total");
    let of = |metric| requests.name.replace("requests_total", metric);
    assert_eq!(
        proxy.histogram(&of("request_duration_milliseconds")).count,
        3
    );
    let request = proxy.histogram(&of("request_bytes"));
    let response = proxy.histogram(&of("response_bytes"));
    assert_eq!((request.count, response.count), (3, 3));
    // The body, and some headers.
    for sizes in [request, response] {
        assert!((3000.0..5000.0).contains(&sizes.sum), "{sizes:?}");
    }
}

#[scenario]
fn every_status_is_a_series_and_none_is_lost(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.configure(json!({})).unwrap();
    for (status, times) in [(200, 3), (404, 2), (503, 1)] {
        proxy.upstream_replies(UpstreamReply::new(status));
        for _ in 0..times {
            proxy.send(Request::get("/"));
        }
    }
    assert_counted(
        &counted(proxy, "requests_total", ["response_code"]),
        &[(["200"], 3), (["404"], 2), (["503"], 1)],
    );
}

#[scenario]
fn a_request_that_no_filter_has_seen_is_counted_too(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy.configure(json!({})).unwrap();
    let reply = proxy.send(Request::get("/").without_authority());
    assert_eq!(reply.status(), 400);
    assert_eq!(total(proxy, "requests_total"), 1);
    counter(proxy, "requests_total").assert(&[("response_code", "400")]);
}

#[scenario(native, wasm)]
fn hosts_that_istio_does_not_know_are_counted_by_cluster(proxy: &mut Proxy) {
    proxy.surround(shop().outbound());
    proxy.property(&["xds", "cluster_name"], "PassthroughCluster");
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/").authority("example.com"));
    counter(proxy, "requests_total").assert(&[
        ("destination_service", "example.com"),
        ("destination_service_name", "PassthroughCluster"),
    ]);
}

/// What the last requests had in common decides how the host is asked about the next one.
fn send_kinds_after_each_other(proxy: &mut Proxy) -> Vec<([String; 4], u64)> {
    for (kind, times) in [
        ("200", 9),
        ("0", 1),
        ("200", 9),
        ("400", 1),
        ("200", 9),
        ("0", 9),
        ("200", 1),
        ("400", 9),
        ("0", 1),
        ("200", 1),
    ] {
        for _ in 0..times {
            send_one_of_kind(proxy, kind);
        }
    }
    let labels = [
        "response_code",
        "response_flags",
        "destination_service",
        "destination_workload",
    ];
    counted(proxy, "requests_total", labels)
}

fn send_one_of_kind(proxy: &mut Proxy, kind: &str) {
    let reply = UpstreamReply::new(200);
    let request = Request::get("/").authority("shop.example");
    match kind {
        "0" => {
            proxy.upstream_replies(reply.after(Duration::from_secs(30)));
            proxy.send_and_leave(request);
        }
        "400" => drop(proxy.send(request.without_authority())),
        _ => {
            proxy.upstream_replies(reply);
            proxy.send(request);
        }
    }
}

#[scenario]
fn requests_of_each_kind_are_counted_after_each_other(proxy: &mut Proxy) {
    proxy.surround(shop().outbound());
    proxy.configure(json!({})).unwrap();
    assert_counted(
        &send_kinds_after_each_other(proxy),
        &[
            (["0", "DC", "shop.example", "unknown"], 11),
            (["200", "-", "shop.example", "unknown"], 29),
            (["400", "-", "unknown", "unknown"], 10),
        ],
    );
}

#[scenario]
fn endpoints_of_each_kind_are_told_after_each_other(proxy: &mut Proxy) {
    let around = shop().outbound().cluster_metadata(reviews());
    proxy.surround(around.endpoint_metadata(reviews_v2()));
    proxy.configure(json!({})).unwrap();
    let service = "reviews.books.svc.cluster.local";
    assert_counted(
        &send_kinds_after_each_other(proxy),
        &[
            (["0", "DC", service, "reviews-v2"], 11),
            (["200", "-", service, "reviews-v2"], 29),
            (["400", "-", "unknown", "unknown"], 10),
        ],
    );
}
