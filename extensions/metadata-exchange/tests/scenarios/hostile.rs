//! Headers that are meant to do harm.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{ID, METADATA, PRODUCTPAGE, plugin, productpage};

#[scenario]
fn no_header_stops_a_request(proxy: &mut Proxy) {
    proxy.surround(productpage());
    proxy.configure(json!({})).unwrap();
    let long = "A".repeat(20_000);
    for value in [
        &b""[..],
        b"=",
        b"====",
        b"AB",
        b"\x80\x81",
        b"CgA=",
        b"CgIKAA==",
        b"//////////8B",
        long.as_bytes(),
    ] {
        let reply = proxy.send(Request::get("/").header(METADATA, value).header(ID, value));
        assert_eq!(reply.status(), 200, "{value:?}");
    }
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 0);
    let good = proxy.send(Request::get("/").header(METADATA, PRODUCTPAGE));
    assert_eq!(good.status(), 200);
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 1);
}

#[scenario]
fn a_peer_that_is_known_is_not_read_again(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    for id in ["a", "b", "c"] {
        proxy.send(
            Request::get("/")
                .header(METADATA, PRODUCTPAGE)
                .header(ID, id),
        );
    }
    assert_eq!(proxy.metric("metadata_exchange_new_peers"), 1);
}

#[scenario]
fn failures_are_not_remembered(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    for _ in 0..3 {
        proxy.send(Request::get("/").header(METADATA, "").header(ID, "a"));
        proxy.send(Request::get("/").header(METADATA, "!").header(ID, "a"));
    }
    assert_eq!(proxy.metric("metadata_exchange_invalid_peers"), 6);
}
