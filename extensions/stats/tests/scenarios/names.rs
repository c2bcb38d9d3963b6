//! The names under which Envoy keeps all this.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{counter, plugin, reviews, shop};

#[scenario]
fn the_metric_comes_first_so_that_buckets_can_be_chosen_by_prefix(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/"));
    let requests = counter(proxy, "requests_total");
    let start = "istio_requests_totalreporter=.=source;.;source_workload=.=shop-v1;.;";
    assert!(requests.name.starts_with(start), "{}", requests.name);
    assert!(
        requests
            .name
            .ends_with("response_code=.=200;.;grpc_response_status=.=;.;")
    );
}

#[scenario]
fn the_older_order_can_be_had(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy
        .configure(json!({ "legacy_name_order": true }))
        .unwrap();
    proxy.send(Request::get("/"));
    let metrics = proxy.metrics();
    let name = metrics
        .keys()
        .find(|name| name.ends_with("istio_requests_total"))
        .unwrap();
    assert!(name.starts_with("reporter=.=source;.;"), "{name}");
}

#[scenario]
fn the_build_is_a_gauge(proxy: &mut Proxy) {
    proxy.surround(shop());
    proxy.configure(json!({})).unwrap();
    assert_eq!(proxy.metric("component.proxy.tag.1.29.0;.istio_build"), 1);
}

#[scenario]
fn a_proxy_that_knows_nothing_of_itself_counts_all_the_same(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    proxy.send(Request::get("/"));
    counter(proxy, "requests_total").assert(&[
        ("source_workload", "unknown"),
        ("source_canonical_revision", "latest"),
        ("destination_service", "example.test"),
    ]);
    assert_eq!(proxy.metric("component.proxy.tag.unknown;.istio_build"), 1);
}
