//! Who is at the other end, from all that can tell it.

use extension_common::protobuf_struct::Struct;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use sdk_tests::{Plugin, Proxy, Request, json, scenario};

use super::{counter, shop};

/// A filter that keeps the peers that request headers say, as metadata-exchange does.
struct Exchange;

impl Context for Exchange {}

impl RootContext for Exchange {
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Self))
    }
}

impl HttpContext for Exchange {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        for property in ["downstream_peer", "upstream_peer"] {
            if let Some(workload) = self.get_http_request_header(property) {
                let mut labels = Struct::default();
                labels.set_text("app", "client-app");
                let mut peer = Struct::default();
                for (field, value) in [
                    ("workload", workload.as_str()),
                    ("namespace", "said"),
                    ("app", "client-app"),
                    ("version", "v7"),
                    ("service", "client"),
                    ("revision", "r7"),
                    ("cluster", "c7"),
                ] {
                    peer.set_text(field, value);
                }
                peer.set_object("labels", labels);
                self.set_property(vec![property], Some(&peer.write()));
            }
        }
        Action::Continue
    }
}

fn plugin() -> Plugin {
    let exchange = Plugin::new("exchange", || Box::new(Exchange));
    super::plugin().followed_by(exchange, "")
}

#[scenario(native)]
fn metadata_exchange_tells_who_asks(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    proxy.configure(json!({})).unwrap();
    for _ in 0..2 {
        proxy.send(Request::get("/").header("downstream_peer", "client-v7"));
    }
    let requests = counter(proxy, "requests_total");
    assert_eq!(requests.value, 2);
    requests.assert(&[
        ("source_workload", "client-v7"),
        ("source_workload_namespace", "said"),
        ("source_app", "client-app"),
        ("source_version", "v7"),
        ("source_canonical_service", "client"),
        ("source_canonical_revision", "r7"),
        ("source_cluster", "c7"),
        ("destination_workload", "shop-v1"),
    ]);
}

#[scenario(native)]
fn metadata_exchange_tells_who_is_asked(proxy: &mut Proxy) {
    proxy.surround(shop().outbound());
    proxy.configure(json!({})).unwrap();
    proxy.send(Request::get("/").header("upstream_peer", "server-v7"));
    counter(proxy, "requests_total").assert(&[
        ("source_workload", "shop-v1"),
        ("destination_workload", "server-v7"),
        ("destination_service_namespace", "said"),
    ]);
}

#[scenario(native)]
fn a_label_can_be_a_field_of_a_peer_in_old_words_and_new(proxy: &mut Proxy) {
    proxy.surround(shop().inbound());
    let dimensions = json!({
        "old": "downstream_peer.labels['app'].value",
        "new": "filter_state['wasm.downstream_peer'].workload",
        "none": "downstream_peer.labels['tier'].value"
    });
    proxy
        .configure(json!({ "metrics": [{ "dimensions": dimensions }] }))
        .unwrap();
    proxy.send(Request::get("/").header("downstream_peer", "client-v7"));
    counter(proxy, "requests_total").assert(&[
        ("old", "client-app"),
        ("new", "client-v7"),
        ("none", "unknown"),
    ]);
}
