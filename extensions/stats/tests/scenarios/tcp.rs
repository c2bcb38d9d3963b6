//! TCP connections.

use std::time::Duration;

use sdk_tests::{Plugin, Proxy, json, scenario};

use super::{counter, counters, reviews, reviews_v2, shop, total};

fn plugin() -> Plugin {
    super::plugin().network_filter()
}

#[scenario]
fn a_connection_is_counted_with_its_bytes(proxy: &mut Proxy) {
    let around = shop().outbound().cluster_metadata(reviews());
    proxy.surround(around.endpoint_metadata(reviews_v2()));
    proxy.upstream_answers(|_| b"seventeen".to_vec());
    proxy.configure(json!({})).unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    assert_eq!(proxy.read(&connection), b"seventeen");
    proxy.hang_up(connection);
    let closed = counter(proxy, "tcp_connections_closed_total");
    assert_eq!(closed.value, 1);
    assert_eq!(closed.labels.len(), 23);
    closed.assert(&[
        ("reporter", "source"),
        ("source_workload", "shop-v1"),
        ("destination_workload", "reviews-v2"),
        ("destination_service_name", "reviews"),
        ("destination_service", "reviews.books.svc.cluster.local"),
        ("request_protocol", "tcp"),
        ("connection_security_policy", "unknown"),
    ]);
    assert_eq!(total(proxy, "tcp_connections_opened_total"), 1);
    assert_eq!(total(proxy, "tcp_received_bytes_total"), 5);
    assert_eq!(total(proxy, "tcp_sent_bytes_total"), 9);
    assert!(counters(proxy, "requests_total").is_empty());
}

#[scenario]
fn an_open_connection_is_reported_at_intervals_and_nothing_twice(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy
        .configure(json!({ "tcp_reporting_duration": "1s" }))
        .unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    assert_eq!(proxy.read(&connection), b"hello");
    proxy.advance(Duration::from_millis(2500));
    assert_eq!(total(proxy, "tcp_connections_opened_total"), 1);
    assert_eq!(total(proxy, "tcp_received_bytes_total"), 5);
    assert_eq!(total(proxy, "tcp_connections_closed_total"), 0);
    proxy.write(&connection, "again");
    assert_eq!(proxy.read(&connection), b"again");
    proxy.hang_up(connection);
    assert_eq!(total(proxy, "tcp_connections_opened_total"), 1);
    assert_eq!(total(proxy, "tcp_connections_closed_total"), 1);
    assert_eq!(total(proxy, "tcp_received_bytes_total"), 10);
    assert_eq!(total(proxy, "tcp_sent_bytes_total"), 10);
    counter(proxy, "tcp_connections_opened_total").assert(&[
        ("reporter", "destination"),
        ("destination_workload", "shop-v1"),
        ("connection_security_policy", "none"),
    ]);
}

#[scenario]
fn a_connection_that_is_reset_is_closed(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy.configure(json!({})).unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    proxy.read(&connection);
    proxy.reset(connection);
    assert_eq!(total(proxy, "tcp_connections_closed_total"), 1);
}

#[scenario]
fn labels_of_ones_own_are_for_connections_too(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    let dimensions = json!({ "listener": "string(listener_direction)", "team": "node.metadata['LABELS']['team']" });
    proxy
        .configure(json!({ "metrics": [{ "dimensions": dimensions }] }))
        .unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    proxy.read(&connection);
    proxy.hang_up(connection);
    counter(proxy, "tcp_connections_closed_total").assert(&[("team", "red")]);
}

#[scenario]
fn an_open_outbound_connection_is_reported_once_it_is_known_where_it_goes(proxy: &mut Proxy) {
    let around = shop().outbound().cluster_metadata(reviews());
    proxy.surround(around.endpoint_metadata(reviews_v2()));
    proxy
        .configure(json!({ "tcp_reporting_duration": "1s" }))
        .unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    assert_eq!(proxy.read(&connection), b"hello");
    proxy.advance(Duration::from_millis(2500));
    let opened = counter(proxy, "tcp_connections_opened_total");
    opened.assert(&[
        ("reporter", "source"),
        ("destination_workload", "reviews-v2"),
        ("destination_service_name", "reviews"),
    ]);
    proxy.hang_up(connection);
    // No second series for the same connection.
    counter(proxy, "tcp_connections_opened_total");
    assert_eq!(total(proxy, "tcp_received_bytes_total"), 5);
}

#[scenario]
fn a_waypoint_counts_connections_too(proxy: &mut Proxy) {
    proxy.surround(shop().inbound().endpoint_metadata(reviews_v2()));
    proxy
        .configure(json!({ "reporter": "SERVER_GATEWAY" }))
        .unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    proxy.read(&connection);
    proxy.hang_up(connection);
    counter(proxy, "tcp_connections_closed_total").assert(&[
        ("reporter", "waypoint"),
        ("source_workload", "unknown"),
        ("destination_workload", "reviews-v2"),
        ("connection_security_policy", "none"),
    ]);
}
