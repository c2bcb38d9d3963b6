mod refused;

use serde_json::json;

use super::*;
use crate::provider::{ClaimsOrigin, Keys};

const ED25519: &str =
    r#"{"kid":"a","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const SECRET: &str = r#"{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;

fn keys(key: &str) -> serde_json::Value {
    let key: serde_json::Value = serde_json::from_str(key).unwrap();
    json!({ "keys": [key] })
}

fn validate(config: &serde_json::Value) -> Result<Config, ConfigError> {
    let parsed: ConfigJson = extension_common::config::parse(config.to_string().as_bytes())?;
    let env = |name: &str| match name {
        "KEYS" => Some(keys(ED25519).to_string()),
        "SECRET" => Some(keys(SECRET).to_string()),
        "EMPTY" => Some(String::new()),
        "GARBAGE" => Some("hunter2".into()),
        _ => None,
    };
    parsed.validate(env, None)
}

/// A config with one provider, `main`, with these fields beside what is required.
fn with(fields: serde_json::Value) -> serde_json::Value {
    let mut provider = json!({
        "issuer": "https://issuer.example",
        "jwks": { "inline": keys(ED25519) },
        "audiences": ["api"],
        "algorithms": ["EdDSA"]
    });
    let fields = fields.as_object().unwrap().clone();
    provider.as_object_mut().unwrap().extend(fields);
    json!({ "providers": { "main": provider } })
}

fn error(config: &serde_json::Value) -> String {
    validate(config).map(drop).unwrap_err().to_string()
}

fn error_with(fields: serde_json::Value) -> String {
    error(&with(fields))
}

/// The shape that the documentation promises.
#[test]
fn the_promised_shape_is_taken() {
    let config = validate(&json!({
        "providers": {
            "main": {
                "issuer": "https://issuer.example",
                "audiences": ["api"],
                "algorithms": ["RS256", "ES256", "EdDSA"],
                "jwks": { "inline": { "keys": [] } },
                "sources": [
                    { "header": "authorization", "scheme": "Bearer" },
                    { "query": "access_token" },
                    { "cookie": "session" }
                ],
                "forward": false,
                "clock_skew": "30s",
                "require_expiration": true,
                "claims_to_headers": [
                    { "claim": "sub", "header": "x-sub" },
                    { "claim": "/realm_access/roles", "header": "x-roles", "format": "csv" }
                ]
            }
        },
        "rules": [{ "prefix": "/", "requires": "main" }]
    }))
    .map_err(|error| error.to_string())
    .unwrap();
    assert_eq!(config.rule_count, 1);
    assert_eq!(config.challenge, "Bearer realm=\"jwt\"");
    let produced = config.authenticator.produced_headers();
    let names: Vec<_> = produced.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["x-sub", "x-roles"]);
    assert_eq!(
        config.remarks.warnings,
        ["providers.main.jwks.inline: there is no key, so every token is refused"]
    );
}

#[test]
fn everything_there_is_can_be_said() {
    let config = validate(&json!({
        "providers": {
            "a": {
                "issuer": ["one", "two"],
                "jwks": { "remote": {
                    "cluster": "keys", "authority": "issuer.example", "path": "/jwks?x=1",
                    "timeout": "1.5s", "refresh_interval": "60s", "stale_for": "0s"
                } },
                "subjects": ["alice", { "prefix": "spiffe://a/" }, { "suffix": "@a.example" }],
                "max_lifetime": "3600s",
                "require_expiration": false,
                "sources": [{ "header": "x-token" }],
                "forward": true,
                "required_claims": [
                    { "claim": "scope", "contains": "read" },
                    { "claim": "level", "one_of": [1, "two", true] }
                ],
                "claims_to_headers": [
                    {
                        "claim": "a.b", "header": "X-B", "operation": "append", "format": "first",
                        "prefix": "<", "suffix": ">", "default": "none", "map": { "x": "y" },
                        "unsafe_value": "percent_encode"
                    },
                    { "header": "x-legacy", "operation": "remove" }
                ],
                "payload_header": "x-payload",
                "set_authority": { "claim": "tenant", "suffix": ".internal", "map": { "a": "b" } },
                "filter_state": ["sub", "realm_access.roles"]
            },
            "b": { "issuer": "b", "jwks": { "env": "SECRET" }, "algorithms": ["HS256"] },
            "c": { "from_metadata": { "key": "payload" }, "claims_to_headers": [] },
            "d": { "issuer": "d", "jwks": { "inline": keys(ED25519).to_string() } }
        },
        "rules": [
            { "hosts": ["*.a.example"], "exact": "/x", "methods": ["GET"], "requires": "none" },
            { "prefix": "/", "requires": { "any": ["a", "b"] } },
            { "prefix": "/all", "requires": { "all": ["a", "c"] } },
            { "suffix": ".json", "requires": { "optional": ["d"] } }
        ],
        "realm": "a \"b\"",
        "bypass_cors_preflight": true,
        "clear_route_cache": true,
        "escaped_separators": "match",
        "token_cache": { "max_entries": 0 }
    }))
    .map_err(|error| error.to_string())
    .unwrap();
    assert_eq!(config.challenge, r#"Bearer realm="a \"b\"""#);
    let Rules::Scoped(_, requirements) = &config.authenticator.rules else {
        panic!("there are rules")
    };
    assert_eq!(
        *requirements,
        [
            Requirement::Nothing,
            Requirement::Any(vec![0, 1]),
            Requirement::All(vec![0, 2]),
            Requirement::Optional(vec![3]),
        ]
    );
    let ClaimsOrigin::Token(verification) = &config.authenticator.providers[0].origin else {
        panic!("it has keys")
    };
    let Keys::Remote(remote) = &verification.keys else {
        panic!("they are remote")
    };
    assert_eq!(remote.settings().timeout.as_millis(), 1_500);
    let properties = &config.authenticator.providers[0].using.properties;
    assert_eq!(properties[1].1, "jwt.a.realm_access.roles");
}

#[test]
fn without_rules_every_request_needs_a_token() {
    let config = validate(&with(json!({})))
        .map_err(|e| e.to_string())
        .unwrap();
    let Rules::Everything(requirement) = &config.authenticator.rules else {
        panic!("there are no rules")
    };
    assert_eq!(*requirement, Requirement::Any(vec![0]));
    assert!(config.remarks.warnings.is_empty(), "{:?}", config.remarks);
}

#[test]
fn nothing_that_verifies_stands_beside_metadata() {
    for (name, value) in [
        ("issuer", json!("a")),
        ("audiences", json!(["a"])),
        ("algorithms", json!(["RS256"])),
        ("forward", json!(true)),
        ("sources", json!([{ "query": "a" }])),
    ] {
        let config =
            json!({ "providers": { "a": { "from_metadata": { "key": "p" }, name: value } } });
        assert_eq!(
            error(&config),
            format!(
                "providers.a.{name}: expected no such field beside `from_metadata`: that filter verifies, not this one"
            )
        );
    }
}

#[test]
fn an_operator_is_told_what_may_surprise() {
    let config = validate(&json!({
        "providers": {
            "a": {
                "issuer": "a",
                "require_expiration": false,
                "jwks": { "inline": { "keys": [
                    serde_json::from_str::<serde_json::Value>(ED25519).unwrap(),
                    { "kty": "EC", "crv": "P-521" }
                ] } }
            },
            "b": { "from_metadata": { "key": "p" } }
        },
        "rules": [
            { "prefix": "/", "requires": "a" },
            { "exact": "/health", "requires": "none" }
        ]
    }))
    .map_err(|error| error.to_string())
    .unwrap();
    assert_eq!(
        config.remarks.warnings,
        [
            "providers.a.audiences: tokens for any audience are accepted, also those for other services",
            "providers.a.require_expiration: tokens that never expire are accepted",
            "providers.a.jwks.inline: keys[1] is not used: its `crv` is not known",
            "providers.a.jwks.inline: there is no key for RS256",
            "providers.a.jwks.inline: there is no key for ES256",
            "providers.b: no rule speaks of it",
        ]
    );
    assert_eq!(
        config.remarks.notes,
        [
            "providers.b: takes what envoy.filters.http.jwt_authn has verified",
            r#"rule 1 (exact "/health") is required instead of rule 0 (prefix "/") where both match"#,
        ]
    );
}

#[test]
fn no_error_shows_a_secret() {
    for config in [
        with(
            json!({ "algorithms": ["HS256"], "jwks": { "inline": { "keys": [{ "kty": "oct", "k": "aHVudGVyMg" }] } } }),
        ),
        with(json!({ "jwks": { "inline": { "keys": [{ "kty": "oct", "k": 4711 }] } } })),
        with(json!({ "jwks": { "inline": "hunter2" } })),
        with(json!({ "jwks": "hunter2" })),
        with(json!({ "jwks": { "env": "hunter2 aHVudGVyMg" } })),
        with(json!({ "jwks": { "hunter2 hunter2": 1 } })),
    ] {
        let message = error(&config);
        for secret in ["hunter2", "aHVudGVyMg", "4711"] {
            assert!(!message.contains(secret), "{message}");
        }
    }
}

#[test]
fn the_committed_schema_is_current() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(ConfigJson)).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(FILE, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert_eq!(committed, schema, "run the test again with UPDATE_SCHEMA=1");
}
