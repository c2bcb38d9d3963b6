//! Configurations that change while requests are on their way; several workers.

use std::time::Duration;

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{assert_counted, counted, counters, plugin, reviews, shop, total};

#[scenario]
fn a_request_on_its_way_is_counted_under_the_config_that_it_began_with(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.upstream_replies(UpstreamReply::new(200).after(Duration::from_secs(3)));
    let with = |value: &str| json!({ "metrics": [{ "dimensions": { "config": value } }] });
    proxy.configure(with("'first'")).unwrap();
    let slow = proxy.start(Request::get("/slow"));
    proxy.configure(with("'second'")).unwrap();
    assert_eq!(proxy.finish(slow).status(), 200);
    proxy.upstream_replies(UpstreamReply::new(200));
    proxy.send(Request::get("/quick"));
    assert_counted(
        &counted(proxy, "requests_total", ["config"]),
        &[(["first"], 1), (["second"], 1)],
    );
}

#[scenario]
fn workers_count_into_the_same_metrics(proxy: &mut Proxy) {
    proxy.surround(shop().outbound().cluster_metadata(reviews()));
    proxy.workers(2);
    proxy.configure(json!({})).unwrap();
    for number in 0..20 {
        proxy.send(Request::get("/").on_worker(number % 2));
    }
    assert_eq!(counters(proxy, "requests_total").len(), 1);
    assert_eq!(total(proxy, "requests_total"), 20);
}
