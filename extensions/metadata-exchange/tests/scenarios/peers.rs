//! Many peers at once.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use extension_common::protobuf_struct::Struct;
use sdk_tests::{Proxy, Request, json, scenario};

use super::{ID, METADATA, plugin, productpage};

/// What a pod with this number sends.
fn pod(number: usize) -> String {
    let mut metadata = Struct::default();
    metadata.set_text("NAME", format!("pod-{number}"));
    metadata.set_text("WORKLOAD_NAME", format!("workload-{}", number % 10));
    BASE64_STANDARD.encode(metadata.write())
}

#[scenario]
fn a_thousand_peers_come_to_two_workers(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.workers(2);
    proxy
        .configure(json!({ "max_peer_cache_size": 100 }))
        .unwrap();
    for number in 0..1000 {
        let request = Request::get("/").header(METADATA, pod(number));
        let request = request.header(ID, format!("pod-{number}"));
        let reply = proxy.send(request.on_worker(number % 2));
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.upstream().unwrap().header(METADATA), None);
    }
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 1000);
    // Each worker remembers its last hundred, and no more.
    for number in [998, 999] {
        let request = Request::get("/").header(METADATA, pod(number));
        proxy.send(request.on_worker(number % 2));
    }
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 1000);
    proxy.send(Request::get("/").header(METADATA, pod(0)));
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 1001);
}
