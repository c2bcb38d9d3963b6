//! jwt-headers under load, beside Envoy's own filter and the usual Rust library.
//!
//! The token is one of RS256 with a key of 2048 bits, 870 bytes long, as identity providers make
//! them. It is good until 2100, and its key was thrown away.

use anyhow::Result;
use serde_json::{Value, json};

use super::subject::{Subject, Variant};
use crate::tools::Tools;
use crate::{build, workspace};

const TOKEN: &str = include_str!("jwt_headers/token.txt");
const JWKS: &str = include_str!("jwt_headers/jwks.json");
const ISSUER: &str = "https://issuer.example";

/// The plugin with the usual library.
const GUEST: &str = "xtask/guests/jsonwebtoken";

pub(super) fn subject() -> Subject {
    let guest = workspace::root().join(GUEST);
    let guest = guest.join("target/wasm/jsonwebtoken_guest.wasm");
    let extension = |what, config: &Value| Variant::extension(what, "jwt_headers", config);
    Subject {
        load: vec![("authorization", format!("Bearer {}", TOKEN.trim()))],
        variants: vec![
            Variant::module("a plugin that does nothing", &guest, &Value::Null),
            extension("jwt-headers, no rule for the path", &elsewhere()),
            extension("jwt-headers, token remembered", &config(1000, &[])),
            extension(
                "jwt-headers, remembered, two headers",
                &config(1000, &["sub", "realm_access.roles"]),
            ),
            extension("jwt-headers, first sight", &config(0, &[])),
            Variant::native("Envoy's jwt_authn, cached", &jwt_authn(true)),
            Variant::native("Envoy's jwt_authn", &jwt_authn(false)),
            Variant::module(
                "a plugin with jsonwebtoken's cryptography",
                &guest,
                &serde_json::from_str(JWKS).unwrap_or_default(),
            ),
        ],
        ..Subject::default()
    }
}

/// Builds what is no extension of the workspace.
pub(super) fn prepare(tools: &Tools) -> Result<()> {
    build::elsewhere(&workspace::root().join(GUEST).join("Cargo.toml"), tools).map(drop)
}

/// A token is required, so many are remembered, and these claims become headers.
fn config(max_entries: usize, claims: &[&str]) -> Value {
    let header = |(index, claim): (usize, &&str)| json!({ "claim": claim, "header": format!("x-claim-{index}"), "format": "csv" });
    json!({
        "providers": {
            "main": {
                "issuer": ISSUER,
                "audiences": ["api"],
                "algorithms": ["RS256"],
                "jwks": { "inline": JWKS },
                "claims_to_headers": claims.iter().enumerate().map(header).collect::<Vec<_>>(),
            },
        },
        "token_cache": { "max_entries": max_entries },
    })
}

fn elsewhere() -> Value {
    let mut config = config(1000, &[]);
    config["rules"] = json!([{ "prefix": "/elsewhere", "requires": "main" }]);
    config
}

fn jwt_authn(is_cached: bool) -> Value {
    let mut provider = json!({
        "issuer": ISSUER,
        "audiences": ["api"],
        "local_jwks": { "inline_string": JWKS },
        "require_expiration": true,
    });
    if is_cached {
        provider["jwt_cache_config"] = json!({ "jwt_cache_size": 1000 });
    }
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        "providers": { "issuer": provider },
        "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "issuer" } }],
    })
}
