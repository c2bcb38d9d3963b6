//! What filters behind this one can read.

use extension_common::hostcalls;
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType, MapType},
};
use sdk_tests::{Plugin, Proxy, json, scenario};

use super::{require_a_token, send, tokens, upstream_header};

/// A plugin that tells the upstream what it reads.
struct Reader;

impl Context for Reader {}

impl RootContext for Reader {
    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Reader))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl HttpContext for Reader {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        for (property, header) in [
            ("jwt.main.sub", "x-sub"),
            ("jwt.main.realm_access.roles", "x-roles"),
            ("jwt.main.missing", "x-missing"),
        ] {
            if let Ok(Some(value)) = hostcalls::get_property(&[property]) {
                let map = MapType::HttpRequestHeaders;
                hostcalls::replace_map_value(map, header, &value).unwrap();
            }
        }
        Action::Continue
    }
}

fn plugin() -> Plugin {
    let reader = Plugin::new("reader", || Box::new(Reader));
    super::plugin().followed_by(reader, "")
}

#[scenario(native)]
fn chosen_claims_become_filter_state(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({ "filter_state": ["sub", "realm_access.roles", "missing"] }),
    );
    let token = tokens::token("EdDSA", json!({ "realm_access": { "roles": ["a"] } }));
    for _ in 0..2 {
        let reply = send(proxy, &token);
        assert_eq!(upstream_header(&reply, "x-sub").as_deref(), Some("alice"));
        assert_eq!(
            upstream_header(&reply, "x-roles").as_deref(),
            Some("[\"a\"]")
        );
        assert_eq!(upstream_header(&reply, "x-missing"), None);
    }
}

mod by_envoy {
    use sdk_tests::{Proxy, Surroundings, json, scenario};

    use super::super::{plugin, provider, send, tokens};

    /// Envoy's own words for it: those of access logs and of conditions.
    #[scenario(envoy)]
    fn envoy_can_read_a_chosen_claim(proxy: &mut Proxy) {
        let header = |name: &str, value: &str| {
            let header = json!({ "key": name, "value": value });
            json!({ "append": { "header": header } })
        };
        proxy.surround(Surroundings::default().filter(json!({
            "name": "envoy.filters.http.header_mutation",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
                "mutations": { "response_mutations": [
                    header("x-sub", "%FILTER_STATE(wasm.jwt.main.sub:PLAIN)%"),
                    header("x-roles", "%CEL(filter_state['wasm.jwt.main.realm_access.roles'])%")
                ] }
            }
        })));
        proxy
            .configure(json!({ "providers": { "main": provider(
                json!({ "filter_state": ["sub", "realm_access.roles"] })
            ) } }))
            .unwrap();
        let token = tokens::token("EdDSA", json!({ "realm_access": { "roles": ["a"] } }));
        let reply = send(proxy, &token);
        assert_eq!(reply.header("x-sub"), Some(&b"alice"[..]));
        assert_eq!(reply.header("x-roles"), Some(&b"[\"a\"]"[..]));
    }
}
