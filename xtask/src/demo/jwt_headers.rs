//! What the demo asks of jwt-headers.
//!
//! The keys come from a server that this file plays, so that they can be rotated.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use sdk_tests::{Request, UpstreamReply, UpstreamRequest};
use serde_json::{Value, json};

use super::case::Case;
use super::stage::{self, Extension, Scene, Update};

const ISSUER: &str = "https://issuer.demo";

/// A key of the issuer: its `kid`, and what it is made of. Nobody else trusts it.
struct Key(&'static str, [u8; 32]);

const OLD: Key = Key("2025", [25; 32]);
const NEW: Key = Key("2026", [26; 32]);

/// Whether the issuer has replaced the old key by the new one.
static ROTATED: AtomicBool = AtomicBool::new(false);

pub(super) const EXTENSION: Extension = Extension {
    name: "jwt-headers",
    artifact: "jwt_headers",
    config,
    before: stage::nothing,
    routes,
    finish: stage::as_it_is,
    server: Some(("keys", published)),
    cases,
    curl: &[
        ("no token: 401", "http://{address}/"),
        ("no token is needed: 200", "http://{address}/public"),
    ],
};

/// Envoy verifies, the extension only writes headers.
pub(super) const BEHIND_JWT_AUTHN: Extension = Extension {
    name: "jwt-headers behind jwt_authn",
    artifact: "jwt_headers",
    config: || {
        json!({ "providers": { "envoy": {
            "from_metadata": { "key": "payload" },
            "claims_to_headers": [
                { "claim": "sub", "header": "x-sub" },
                { "claim": "roles", "header": "x-roles", "format": "csv" },
                { "claim": "number", "header": "x-number" },
            ],
        } } })
    },
    before: jwt_authn,
    routes: stage::to_upstream,
    finish: stage::as_it_is,
    server: None,
    cases: cases_behind_jwt_authn,
    curl: &[],
};

fn config() -> Value {
    let issuer = json!({
        "issuer": ISSUER,
        "audiences": ["demo"],
        "algorithms": ["EdDSA"],
        "jwks": { "remote": { "cluster": "keys", "authority": "issuer.demo", "path": "/keys" } },
        "claims_to_headers": [
            { "claim": "sub", "header": "x-sub" },
            { "claim": "realm_access.roles", "header": "x-roles", "format": "csv" },
            { "claim": "number", "header": "x-number" },
        ],
        "filter_state": ["sub"],
        "set_authority": { "claim": "tenant", "suffix": ".tenants.demo", "default": "nobody.demo" },
    });
    let mut admins = issuer.clone();
    admins["required_claims"] = json!([{ "claim": "/realm_access/roles", "contains": "admin" }]);
    json!({
        "providers": { "users": issuer, "admins": admins },
        "rules": [
            { "prefix": "/", "requires": "users" },
            { "prefix": "/admin", "requires": "admins" },
            { "exact": "/public", "requires": "none" },
        ],
        "clear_route_cache": true,
    })
}

/// The tenant decides. The header says which way a request took, and what an access log would show.
fn routes() -> Vec<Value> {
    let route = |tenant: Option<&str>| {
        let mut found = json!({ "prefix": "/" });
        if let Some(tenant) = tenant {
            let exact = format!("{tenant}.tenants.demo");
            found["headers"] =
                json!([{ "name": ":authority", "string_match": { "exact": exact } }]);
        }
        let header = |name: &str, value: &str| json!({ "header": { "key": name, "value": value } });
        json!({
            "match": found,
            "route": { "cluster": "upstream" },
            "request_headers_to_add": [
                header("x-route", tenant.unwrap_or("everybody")),
                header("x-logged", "%FILTER_STATE(wasm.jwt.users.sub:PLAIN)%"),
            ],
        })
    };
    vec![route(Some("blue")), route(Some("green")), route(None)]
}

/// The issuer's server.
fn published(_: &UpstreamRequest) -> UpstreamReply {
    let key = if ROTATED.load(Ordering::SeqCst) {
        &NEW
    } else {
        &OLD
    };
    UpstreamReply::new(200)
        .header("content-type", "application/json")
        .body(json!({ "keys": [key.jwk()] }).to_string())
}

fn jwt_authn() -> Vec<Value> {
    let provider = json!({
        "issuer": ISSUER,
        "audiences": ["demo"],
        "local_jwks": { "inline_string": json!({ "keys": [OLD.jwk()] }).to_string() },
        "payload_in_metadata": "payload",
    });
    vec![json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "issuer": provider },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "issuer" } }],
        },
    })]
}

impl Key {
    fn jwk(&self) -> Value {
        let x = encode(SigningKey::from_bytes(&self.1).verifying_key().as_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": self.0, "x": x })
    }

    /// A token of an hour with these claims.
    fn token(&self, more: Value) -> String {
        self.token_that("EdDSA", more)
    }

    fn token_that(&self, algorithm: &str, more: Value) -> String {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = since_epoch.as_ref().map_or(0, Duration::as_secs);
        let mut claims = json!({ "iss": ISSUER, "aud": "demo", "sub": "alice", "exp": now + 3600 });
        if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
            claims.extend(more);
        }
        let header = json!({ "alg": algorithm, "kid": self.0 });
        let text = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let signature = SigningKey::from_bytes(&self.1).sign(text.as_bytes());
        format!("{text}.{}", encode(signature.to_bytes()))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn get(path: &str, token: &str) -> Request {
    Request::get(path).header("authorization", format!("Bearer {token}"))
}

/// Sends a request; what came of it, with what the upstream was told under these names.
fn ask(
    scene: &mut Scene<'_>,
    what: &str,
    request: &Request,
    headers: &[&str],
    expected: &str,
) -> Result<Case> {
    let (reply, upstream) = scene.send(request)?;
    let told = |request: &UpstreamRequest| {
        let value = |name: &&str| {
            let value = request.header(name)?;
            Some(format!(", {name}: {}", String::from_utf8_lossy(value)))
        };
        headers.iter().filter_map(value).collect::<String>()
    };
    let got = match (reply.status(), upstream) {
        (200, Some(upstream)) => format!("200{}", told(&upstream)),
        (status, None) => status.to_string(),
        (status, Some(_)) => format!("{status}, and the upstream saw the request"),
    };
    Ok(Case {
        request: what.to_owned(),
        expected: expected.to_owned(),
        got,
    })
}

fn cases(scene: &mut Scene<'_>) -> Result<Vec<Case>> {
    ROTATED.store(false, Ordering::SeqCst);
    let mut cases = Vec::new();
    let mut try_one = |what: &str, request: &Request, headers: &[&str], expected: &str| {
        ask(scene, what, request, headers, expected).map(|case| cases.push(case))
    };
    let roles = json!({ "realm_access": { "roles": ["reader", "writer"] } });
    let alice = OLD.token(roles);

    try_one("GET /public", &Request::get("/public"), &[], "200")?;
    try_one("GET / without a token", &Request::get("/"), &[], "401")?;
    try_one(
        "GET / as alice",
        &get("/", &alice),
        &["x-sub", "x-roles", "x-logged"],
        "200, x-sub: alice, x-roles: reader,writer, x-logged: alice",
    )?;
    try_one(
        "again: her token stays here",
        &get("/", &alice),
        &["authorization"],
        "200",
    )?;
    let number = OLD.token(json!({ "number": 9_007_199_254_740_993_u64 }));
    try_one(
        "a number that no double holds",
        &get("/", &number),
        &["x-number"],
        "200, x-number: 9007199254740993",
    )?;
    try_one(
        "GET /public with x-sub: admin and x_roles: admin",
        &Request::get("/public")
            .header("x-sub", "admin")
            .header("x_roles", "admin"),
        &["x-sub", "x_roles"],
        "200",
    )?;
    let newline = OLD.token(json!({ "sub": "a\r\nx-roles: admin" }));
    let told = ["x-sub", "x-roles"];
    try_one("a line break in sub", &get("/", &newline), &told, "200")?;

    for tenant in ["blue", "green", "red"] {
        let token = OLD.token(json!({ "tenant": tenant }));
        let way = if tenant == "red" { "everybody" } else { tenant };
        let expected = format!("200, :authority: {tenant}.tenants.demo, x-route: {way}");
        let told = [":authority", "x-route"];
        try_one(
            &format!("GET / of the tenant {tenant}"),
            &get("/", &token),
            &told,
            &expected,
        )?;
    }

    try_one("GET /admin as alice", &get("/admin", &alice), &[], "403")?;
    let admin = OLD.token(json!({ "realm_access": { "roles": ["admin"] } }));
    try_one("GET /admin as an admin", &get("/admin", &admin), &[], "200")?;

    let expired = OLD.token(json!({ "exp": 1_700_000_000 }));
    let (text, _) = alice.rsplit_once('.').unwrap_or_default();
    let twice = get("/", &alice).header("authorization", format!("Bearer {alice}"));
    let bytes = Request::get("/").header("authorization", b"Bearer \xff\xfe");
    for (what, request, expected) in [
        ("an expired token", get("/", &expired), "401"),
        (
            "one for somebody else",
            get("/", &OLD.token(json!({ "aud": "other" }))),
            "401",
        ),
        (
            "one that says alg: none",
            get("/", &OLD.token_that("none", json!({}))),
            "401",
        ),
        (
            "one without its signature",
            get("/", &format!("{text}.")),
            "401",
        ),
        ("the same token twice", twice, "400"),
        ("bytes that are no text", bytes, "401"),
    ] {
        try_one(what, &request, &[], expected)?;
    }

    ROTATED.store(true, Ordering::SeqCst);
    let young = NEW.token(json!({}));
    try_one(
        "the issuer rotates: a token by the new key",
        &get("/", &young),
        &["x-sub"],
        "200, x-sub: alice",
    )?;
    try_one(
        "alice's token, by the old key",
        &get("/", &alice),
        &[],
        "401",
    )?;

    let update = scene.update(&json!({ "providers": { "users": { "issuer": ISSUER } } }))?;
    cases.push(Case {
        request: "a new config with an error in it".to_owned(),
        expected: format!("{:?}", Update::Refused),
        got: format!("{update:?}"),
    });
    let case = ask(
        scene,
        "the old config still guards",
        &Request::get("/"),
        &[],
        "401",
    )?;
    cases.push(case);
    Ok(cases)
}

fn cases_behind_jwt_authn(scene: &mut Scene<'_>) -> Result<Vec<Case>> {
    let token = OLD.token(json!({
        "sub": "abcdefgh", "roles": ["reader", "a,b"], "number": 1234567.5,
    }));
    let told = ["x-sub", "x-roles", "x-number"];
    let expected = "200, x-sub: abcdefgh, x-roles: reader,a%2Cb, x-number: 1234567.5";
    let spoofed = get("/", &token).header("x_sub", "admin");
    Ok(vec![
        ask(
            scene,
            "GET / without a token",
            &Request::get("/"),
            &[],
            "401",
        )?,
        ask(
            scene,
            "GET / with a token",
            &get("/", &token),
            &told,
            expected,
        )?,
        ask(
            scene,
            "the same with x_sub: admin",
            &spoofed,
            &["x_sub"],
            "200",
        )?,
    ])
}
