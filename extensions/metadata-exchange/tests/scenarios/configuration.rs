//! What an operator sees.

use sdk_tests::{Level, Proxy, Request, Rule, json, scenario};

use super::{ID, METADATA, PRODUCTPAGE, plugin, productpage};

#[scenario]
fn an_info_log_proves_that_it_is_on(proxy: &mut Proxy) {
    proxy.surround(productpage());
    proxy.configure("").unwrap();
    let logs = proxy.logs();
    let expected = format!("metadata-exchange is on: {} bytes", PRODUCTPAGE.len());
    let line = logs.iter().find(|log| log.message.contains(&expected));
    assert_eq!(line.map(|log| log.level), Some(Level::Info), "{logs:?}");
}

#[scenario]
fn a_refused_config_is_counted_and_the_old_one_keeps_serving(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    let rejected = proxy
        .configure(json!({ "max_peer_bytes": "many" }))
        .unwrap_err();
    let reason = rejected.reason();
    assert!(
        reason.contains("max_peer_bytes: invalid type: string"),
        "{reason}"
    );
    assert_eq!(proxy.metric("metadata_exchange_config_errors"), 1);
    let reply = proxy.send(Request::get("/").header(METADATA, PRODUCTPAGE));
    assert_eq!(reply.header(METADATA), Some(PRODUCTPAGE.as_bytes()));
}

#[scenario]
fn a_proxy_that_knows_nothing_of_itself_still_takes_part(proxy: &mut Proxy) {
    proxy.configure(json!({})).unwrap();
    let reply = proxy.send(Request::get("/").header(ID, "client"));
    assert_eq!(reply.header(ID), Some(&b"sdk-tests"[..]));
    let upstream = reply.upstream().unwrap();
    // LABELS, with nothing in it.
    assert_eq!(
        upstream.header(METADATA),
        Some(&b"CgwKBkxBQkVMUxICKgA="[..])
    );
}
