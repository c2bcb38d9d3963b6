//! Requests that are meant to do harm.

use sdk_tests::{HostKind, Proxy, Request, json, scenario};

use super::{counter, counters, plugin, shop, total};

#[scenario]
fn a_host_header_cannot_make_labels(proxy: &mut Proxy) {
    proxy.surround(shop().outbound());
    proxy.configure(json!({})).unwrap();
    for host in ["a;.;response_code=.=200;.;b", "a=.=b", "a;.", "x y", "é"] {
        proxy.send(Request::get("/").authority(host));
    }
    for series in counters(proxy, "requests_total") {
        assert_eq!(series.labels.len(), 25);
        assert_eq!(series.label("destination_service"), "unknown");
    }
    assert_eq!(total(proxy, "requests_total"), 5);
}

#[scenario]
fn a_header_cannot_make_labels_either(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    let dimensions = json!({ "agent": "request.headers['user-agent']" });
    proxy
        .configure(json!({ "metrics": [{ "dimensions": dimensions }] }))
        .unwrap();
    let agent = [&b"x;.;response_code=.=999;.;"[..], &[0xff], &[b'y'; 1000]].concat();
    proxy.send(Request::get("/").header("user-agent", agent));
    let requests = counter(proxy, "requests_total");
    assert_eq!(requests.labels.len(), 26);
    assert_eq!(requests.label("response_code"), "200");
    let agent = requests.label("agent");
    assert!(agent.starts_with("x_.;response_code_.=999"), "{agent}");
    assert!(agent.len() <= 256);
}

/// As many as are a matter of seconds; the demo sends a hundred thousand through a real Envoy.
#[scenario]
fn a_flood_of_hosts_stays_bounded_and_totals_are_exact(proxy: &mut Proxy) {
    let hosts = match proxy.host() {
        HostKind::Native => 2_000,
        HostKind::Wasm => 2_000,
        HostKind::Envoy => 200,
    };
    proxy.surround(shop().outbound());
    proxy.configure(json!({ "max_series": 100 })).unwrap();
    for number in 0..hosts {
        proxy.send(Request::get("/").authority(format!("host-{number}.example")));
    }
    assert_eq!(total(proxy, "requests_total"), hosts);
    let series = counters(proxy, "requests_total");
    assert_eq!(series.len(), 101);
    let other = series
        .iter()
        .find(|series| series.label("destination_service") == "other");
    let other = other.unwrap();
    assert_eq!(other.value, hosts - 100);
    other.assert(&[
        ("reporter", "source"),
        ("response_code", "200"),
        ("source_workload", "other"),
    ]);
    assert_eq!(proxy.metric("istio_stats_overflow_total"), hosts - 100);
}
