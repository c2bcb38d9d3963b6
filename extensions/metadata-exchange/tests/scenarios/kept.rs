//! What later filters can read of a peer.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use sdk_tests::{Plugin, Proxy, Request, UpstreamReply, json, scenario};

use super::{ID, METADATA, PRODUCTPAGE, productpage};

/// A filter behind ours that tells in response headers what it finds.
struct Reader;

impl Context for Reader {}

impl RootContext for Reader {
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Self))
    }
}

impl HttpContext for Reader {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        for (header, property) in [
            ("x-peer", "downstream_peer"),
            ("x-peer-id", "downstream_peer_id"),
        ] {
            if let Some(bytes) = self.get_property(vec![property]) {
                self.add_http_request_header_bytes(header, &hex(&bytes));
            }
        }
        Action::Continue
    }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect()
}

fn unhex(text: &[u8]) -> Vec<u8> {
    let digit = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    text.chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

fn plugin() -> Plugin {
    let reader = Plugin::new("reader", || Box::new(Reader));
    super::plugin().followed_by(reader, "")
}

/// What the reader has found.
fn found(proxy: &mut Proxy, metadata: &str, id: &str) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let reply = proxy.send(Request::get("/").header(METADATA, metadata).header(ID, id));
    let upstream = reply.upstream().unwrap();
    let header = |name| upstream.header(name).map(unhex);
    (header("x-peer"), header("x-peer-id"))
}

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes
        .windows(part.len())
        .any(|window| window == part.as_bytes())
}

#[scenario(native)]
fn the_peer_is_a_property_for_other_filters(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    let (peer, id) = found(proxy, PRODUCTPAGE, "client");
    let peer = peer.unwrap();
    for part in ["workload", "productpage-v1", "type", "deployment", "labels"] {
        assert!(contains(&peer, part), "{part}");
    }
    assert_eq!(id.as_deref(), Some(&b"client"[..]));
}

#[scenario(native)]
fn an_attacker_with_anothers_id_changes_nothing_for_others(proxy: &mut Proxy) {
    proxy.surround(productpage().inbound());
    proxy.configure(json!({})).unwrap();
    // NAME: evil; then an empty Struct; then nonsense; all under the id of the victim.
    for forged in ["Cg4KBE5BTUUSBhoEZXZpbA==", "", "!"] {
        let (peer, _) = found(proxy, forged, "client");
        assert!(
            !contains(&peer.unwrap_or_default(), "productpage"),
            "{forged}"
        );
    }
    let (peer, _) = found(proxy, PRODUCTPAGE, "client");
    assert!(contains(&peer.unwrap(), "productpage-v1"));
    let (peer, _) = found(proxy, "Cg4KBE5BTUUSBhoEZXZpbA==", "client");
    assert!(contains(&peer.unwrap(), "evil"));
}

#[scenario(native)]
fn an_outbound_listener_takes_nobodys_word_for_a_downstream_peer(proxy: &mut Proxy) {
    proxy.surround(productpage().outbound());
    proxy.upstream_replies(UpstreamReply::new(200).header(METADATA, PRODUCTPAGE));
    proxy.configure(json!({})).unwrap();
    assert_eq!(found(proxy, PRODUCTPAGE, "client"), (None, None));
}

mod by_envoy {
    use sdk_tests::{HostKind, Proxy, Request, json, scenario};

    use super::super::{ID, METADATA, PRODUCTPAGE, plugin, productpage};

    /// Envoy's own words for what is kept: those that access logs and conditions have.
    #[scenario]
    fn envoy_can_look_into_a_peer(proxy: &mut Proxy) {
        let header = |name: &str, value: &str| json!({ "append": { "header": { "key": name, "value": value } } });
        let mutations = json!({
            "name": "envoy.filters.http.header_mutation",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
                "mutations": { "response_mutations": [
                    header("x-workload", "%CEL(filter_state['wasm.downstream_peer'].workload)%"),
                    header("x-app", "%CEL(filter_state['wasm.downstream_peer'].labels['app'])%"),
                    header("x-id", "%FILTER_STATE(wasm.downstream_peer_id:PLAIN)%")
                ] }
            }
        });
        proxy.surround(productpage().inbound().filter(mutations));
        proxy.configure(json!({})).unwrap();
        let request = Request::get("/").header(METADATA, PRODUCTPAGE);
        let reply = proxy.send(request.header(ID, "client"));
        // The mock has none of Envoy's filters.
        let is_envoy = proxy.host() == HostKind::Envoy;
        let said = |text: &'static str| is_envoy.then_some(text.as_bytes());
        assert_eq!(reply.header("x-workload"), said("productpage-v1"));
        assert_eq!(reply.header("x-app"), said("productpage"));
        assert_eq!(reply.header("x-id"), said("client"));
    }
}
