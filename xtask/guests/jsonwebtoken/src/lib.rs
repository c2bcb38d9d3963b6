//! The shortest plugin that verifies a bearer token with the crate `jsonwebtoken` and its own
//! cryptography, for comparison. It is measured, and used nowhere.

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode,
    jwk::{Jwk, JwkSet},
};
use proxy_wasm::{
    hostcalls,
    traits::{Context, HttpContext, RootContext},
    types::{Action, BufferType, ContextType, MapType},
};

#[cfg(target_family = "wasm")]
mod start {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(super::Root { keys: None }));
    }}
}

/// One per configuration, which is a JSON Web Key Set; or `null`, and then nothing is done at all.
pub struct Root {
    keys: Option<JwkSet>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let json = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX);
        let json = json.ok().flatten().unwrap_or_default();
        serde_json::from_slice(&json).is_ok_and(|keys| {
            self.keys = keys;
            true
        })
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        let jwk = match &self.keys {
            Some(set) => Some(set.keys.first()?.clone()),
            None => None,
        };
        Some(Box::new(Filter { jwk }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Filter {
    jwk: Option<Jwk>,
}

impl Filter {
    fn is_right(&self) -> Option<()> {
        let Some(jwk) = &self.jwk else {
            return Some(());
        };
        let map = MapType::HttpRequestHeaders;
        let value = hostcalls::get_map_value_bytes(map, "authorization").ok()??;
        let token = value.strip_prefix(b"Bearer ")?;
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&["https://issuer.example"]);
        validation.set_audience(&["api"]);
        decode::<serde_json::Value>(token, &key, &validation).ok()?;
        Some(())
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        if self.is_right().is_some() {
            return Action::Continue;
        }
        self.send_http_response(401, Vec::new(), None);
        Action::Pause
    }
}
