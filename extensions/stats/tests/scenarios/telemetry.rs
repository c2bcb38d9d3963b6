//! `telemetry.wasm`: stats and metadata-exchange in one module, and in Envoy in one VM.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extension_common::protobuf_struct::Struct;
use sdk_tests::{Plugin, Proxy, Request, Rule, json, scenario};

use super::{counter, shop, total};

const METADATA: &str = "x-envoy-peer-metadata";

/// The module, as the plugin with this root id.
fn module(name: &str, root_id: &str) -> Plugin {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/wasm/telemetry.wasm"
    );
    Plugin::new(name, stats::telemetry::root_context)
        .root_id(root_id)
        .wasm_file(file)
}

fn plugin() -> Plugin {
    let exchange = module("exchange", "metadata_exchange");
    module("stats", "stats").followed_by(exchange, "{}")
}

/// What metadata-exchange gets from the workload `client-v7`.
fn metadata() -> String {
    let mut peer = Struct::default();
    peer.set_text("NAME", "client-v7-abc");
    peer.set_text("NAMESPACE", "web");
    peer.set_text("WORKLOAD_NAME", "client-v7");
    STANDARD.encode(peer.write())
}

fn send(proxy: &mut Proxy) {
    let reply = proxy.send(Request::get("/").header(METADATA, metadata()));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.upstream().unwrap().header(METADATA), None);
}

#[scenario]
fn the_peer_that_one_finds_is_a_label_of_the_other(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy.configure(json!({})).unwrap();
    send(proxy);
    send(proxy);
    let requests = counter(proxy, "requests_total");
    assert_eq!(requests.value, 2);
    requests.assert(&[
        ("reporter", "destination"),
        ("source_workload", "client-v7"),
        ("source_workload_namespace", "web"),
        ("destination_workload", "shop-v1"),
    ]);
}

#[scenario(native, wasm)]
fn stats_stays_within_its_budget(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy.configure(json!({})).unwrap();
    send(proxy);
    send(proxy);
    proxy.assert_within_budget("telemetry.wasm, stats: inbound request of a peer");
}

#[scenario]
fn a_refused_config_of_one_leaves_both_as_they_were(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    proxy.surround(shop().inbound());
    proxy.configure(json!({})).unwrap();
    send(proxy);
    let refused = proxy
        .configure(json!({ "max_series": "lots" }))
        .unwrap_err();
    assert!(refused.reason().contains("max_series: invalid type"));
    send(proxy);
    let requests = counter(proxy, "requests_total");
    assert_eq!(requests.value, 2);
    requests.assert(&[("source_workload", "client-v7")]);
}

mod as_metadata_exchange {
    use super::*;

    fn plugin() -> Plugin {
        module("exchange", "metadata_exchange")
    }

    #[scenario(native, wasm)]
    fn it_stays_within_its_budget(proxy: &mut Proxy) {
        proxy.surround(shop().inbound());
        proxy.configure(json!({})).unwrap();
        send(proxy);
        send(proxy);
        proxy.assert_within_budget("telemetry.wasm, metadata-exchange: inbound request of a peer");
    }
}

mod by_its_older_root_id {
    use super::*;

    fn plugin() -> Plugin {
        module("stats", "stats_outbound")
    }

    #[scenario]
    fn stats_knows_its_side(proxy: &mut Proxy) {
        proxy.surround(shop().inbound());
        proxy.configure(json!({})).unwrap();
        proxy.send(Request::get("/"));
        counter(proxy, "requests_total").assert(&[("reporter", "source")]);
    }
}

mod by_another_root_id {
    use super::*;

    fn plugin() -> Plugin {
        module("telemetry", "statistics")
    }

    #[scenario]
    fn it_is_refused(proxy: &mut Proxy) {
        proxy.allow(Rule::ErrorLogs);
        let reason = proxy.configure(json!({})).unwrap_err().reason();
        let expected = "`root_id` is `statistics`, expected `metadata_exchange`, or one of \
                        `stats`, `stats_inbound`, `stats_outbound`";
        assert!(reason.contains(expected), "{reason}");
    }
}

mod as_a_network_filter {
    use super::*;

    fn plugin() -> Plugin {
        module("stats", "stats").network_filter()
    }

    #[scenario]
    fn connections_are_counted(proxy: &mut Proxy) {
        proxy.surround(shop().inbound());
        proxy.configure(json!({})).unwrap();
        let connection = proxy.connect();
        proxy.hang_up(connection);
        assert_eq!(total(proxy, "tcp_connections_opened_total"), 1);
        assert_eq!(total(proxy, "tcp_connections_closed_total"), 1);
    }
}
