//! As a sidecar behind the workload, and as a gateway: requests that go to peers.

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{ID, METADATA, PRODUCTPAGE, plugin, productpage};

#[scenario]
fn the_upstream_is_told_who_asks(proxy: &mut Proxy) {
    proxy.surround(productpage().outbound());
    proxy.configure(json!({})).unwrap();
    let reply = proxy.send(Request::get("/"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.header(METADATA), Some(PRODUCTPAGE.as_bytes()));
    assert_eq!(upstream.header(ID), Some(&b"sdk-tests"[..]));
}

#[scenario]
fn what_the_workload_says_of_itself_is_replaced(proxy: &mut Proxy) {
    proxy.surround(productpage().outbound());
    proxy.configure(json!({})).unwrap();
    let request = Request::get("/")
        .header(METADATA, "forged")
        .header(ID, "forged");
    let reply = proxy.send(request.header(METADATA, "twice"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.headers(METADATA), [PRODUCTPAGE.as_bytes()]);
    assert_eq!(upstream.headers(ID), [&b"sdk-tests"[..]]);
}

#[scenario]
fn the_workload_never_sees_the_answers_headers(proxy: &mut Proxy) {
    proxy.surround(productpage().outbound());
    let answer = UpstreamReply::new(200).header(METADATA, PRODUCTPAGE);
    proxy.upstream_replies(answer.header(ID, "server"));
    proxy.configure(json!({})).unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_eq!((reply.header(METADATA), reply.header(ID)), (None, None));
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 1);
}

#[scenario]
fn a_gateway_does_both_sides(proxy: &mut Proxy) {
    proxy.surround(productpage());
    let answer = UpstreamReply::new(200).header(METADATA, PRODUCTPAGE);
    proxy.upstream_replies(answer.header(ID, "server"));
    proxy.configure(json!({})).unwrap();
    let without = proxy.send(Request::get("/"));
    assert_eq!((without.header(METADATA), without.header(ID)), (None, None));
    let request = Request::get("/").header(METADATA, PRODUCTPAGE);
    let with = proxy.send(request.header(ID, "client"));
    assert_eq!(with.header(METADATA), Some(PRODUCTPAGE.as_bytes()));
    assert_eq!(with.header(ID), Some(&b"sdk-tests"[..]));
    let upstream = with.upstream().unwrap();
    assert_eq!(upstream.headers(ID), [&b"sdk-tests"[..]]);
}

#[scenario]
fn a_cluster_outside_of_the_mesh_is_told_nothing_if_the_operator_says_so(proxy: &mut Proxy) {
    let metadata = json!({ "istio": { "external": true } });
    proxy.surround(productpage().outbound().cluster_metadata(metadata));
    proxy
        .configure(json!({ "skip_external_clusters": true }))
        .unwrap();
    let reply = proxy.send(Request::get("/").header(ID, "forged"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(
        (upstream.header(METADATA), upstream.header(ID)),
        (None, None)
    );
    proxy.configure(json!({})).unwrap();
    let reply = proxy.send(Request::get("/"));
    assert!(reply.upstream().unwrap().header(METADATA).is_some());
}

#[scenario]
fn a_cluster_may_turn_the_exchange_off(proxy: &mut Proxy) {
    let metadata = json!({ "istio": { "disable_mx": true } });
    proxy.surround(productpage().outbound().cluster_metadata(metadata));
    proxy.configure(json!({})).unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_eq!(reply.upstream().unwrap().header(METADATA), None);
}

#[scenario]
fn older_peers_can_be_sent_all_that_they_know(proxy: &mut Proxy) {
    proxy.surround(productpage().outbound());
    proxy.configure(json!({ "legacy_fields": true })).unwrap();
    let reply = proxy.send(Request::get("/"));
    let sent = reply.upstream().unwrap().header(METADATA).unwrap().to_vec();
    // All five labels, and the lists that it always sent.
    assert!(sent.len() > PRODUCTPAGE.len() + 80, "{}", sent.len());
}

#[scenario]
fn additional_labels_are_sent(proxy: &mut Proxy) {
    proxy.surround(productpage().outbound());
    let config = json!({ "additionalLabels": ["pod-template-hash"] });
    proxy.configure(config).unwrap();
    let reply = proxy.send(Request::get("/"));
    let sent = reply.upstream().unwrap().header(METADATA).unwrap().to_vec();
    // The key and the value, their tags and lengths, in base64.
    let more = (sent.len() - PRODUCTPAGE.len()) * 3 / 4;
    assert!((30..40).contains(&more), "{more}");
}
