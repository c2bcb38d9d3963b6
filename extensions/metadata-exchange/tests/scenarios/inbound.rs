//! As a sidecar in front of the workload: requests that come from peers.

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{ID, METADATA, PRODUCTPAGE, plugin, productpage};

#[scenario]
fn the_workload_never_sees_the_headers(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    let request = Request::get("/").header(METADATA, PRODUCTPAGE);
    let reply = proxy.send(request.header(ID, "client"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(
        (upstream.header(METADATA), upstream.header(ID)),
        (None, None)
    );
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 1);
}

#[scenario]
fn who_asks_with_its_metadata_is_answered_with_ours(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    let request = Request::get("/").header(METADATA, PRODUCTPAGE);
    let reply = proxy.send(request.header(ID, "client"));
    assert_eq!(reply.header(METADATA), Some(PRODUCTPAGE.as_bytes()));
    assert_eq!(reply.header(ID), Some(&b"sdk-tests"[..]));
    // Each header for itself.
    let reply = proxy.send(Request::get("/").header(ID, "client"));
    assert_eq!(reply.header(METADATA), None);
    assert_eq!(reply.header(ID), Some(&b"sdk-tests"[..]));
}

#[scenario]
fn a_client_outside_of_the_mesh_is_told_nothing(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    let answer = UpstreamReply::new(200).header(METADATA, PRODUCTPAGE);
    proxy.upstream_replies(answer.header(ID, "application"));
    proxy.configure(json!({})).unwrap();
    let reply = proxy.send(Request::get("/"));
    assert_eq!((reply.header(METADATA), reply.header(ID)), (None, None));
}

#[scenario]
fn what_cannot_be_read_is_stripped_all_the_same(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    let request = Request::get("/").header(METADATA, b"\xff\xfe not base64");
    let reply = proxy.send(request.header(ID, b"\xff"));
    let upstream = reply.upstream().unwrap();
    assert_eq!(
        (upstream.header(METADATA), upstream.header(ID)),
        (None, None)
    );
    assert_eq!(proxy.metric("metadata_exchange_invalid_peers"), 1);
    // It asked, so it is answered: it is a peer of some other version.
    assert_eq!(reply.header(METADATA), Some(PRODUCTPAGE.as_bytes()));
}
