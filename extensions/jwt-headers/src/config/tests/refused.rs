//! Configurations that are refused, and what an operator is told.

use serde_json::json;

use super::*;

#[test]
fn what_is_wrong_is_named() {
    for (fields, message) in [
        (
            json!({ "issuer": "" }),
            "providers.main.issuer: expected an issuer, or a list of them",
        ),
        (
            json!({ "issuer": [] }),
            "providers.main.issuer: expected an issuer, or a list of them",
        ),
        (
            json!({ "algorithms": [] }),
            "providers.main.algorithms: expected at least one entry (leave the field out for none)",
        ),
        (
            json!({ "algorithms": ["HS256", "RS256"] }),
            r#"providers.main.algorithms: got ["HS256","RS256"], expected HS256, HS384 and HS512 only by themselves"#,
        ),
        (
            json!({ "audiences": [] }),
            "providers.main.audiences: expected at least one entry (leave the field out for none)",
        ),
        (
            json!({ "clock_skew": "601s" }),
            r#"providers.main.clock_skew: got "601s", expected at most "600s""#,
        ),
        (
            json!({ "jwks": {} }),
            "providers.main.jwks: expected exactly one of `inline`, `remote` and `env`",
        ),
        (
            json!({ "jwks": { "env": "not a name" } }),
            "providers.main.jwks.env: expected the name of an environment variable: letters, digits and `_`",
        ),
        (
            json!({ "jwks": { "env": "MISSING" } }),
            r#"providers.main.jwks.env: got "MISSING", expected the name of an environment variable that holds a JSON Web Key Set"#,
        ),
        (
            json!({ "jwks": { "env": "EMPTY" } }),
            r#"providers.main.jwks.env: got "EMPTY", expected the name of an environment variable that holds a JSON Web Key Set"#,
        ),
        (
            json!({ "jwks": { "env": "GARBAGE" } }),
            "providers.main.jwks.env: expected a JSON Web Key Set, but it is not JSON (line 1, column 1)",
        ),
        (
            json!({ "jwks": { "inline": "x" } }),
            "providers.main.jwks.inline: expected a JSON Web Key Set, but it is not JSON (line 1, column 1)",
        ),
        (
            json!({ "jwks": { "inline": keys(SECRET) } }),
            "providers.main.jwks.inline: expected secrets (`oct`) for HS256, HS384 and HS512, and public keys for all other algorithms",
        ),
        (
            json!({ "algorithms": ["HS256"] }),
            "providers.main.jwks.inline: expected secrets (`oct`) for HS256, HS384 and HS512, and public keys for all other algorithms",
        ),
        (
            json!({ "algorithms": ["HS256"], "jwks": { "remote": { "cluster": "a", "authority": "a", "path": "/" } } }),
            "providers.main.jwks: expected `inline` or `env`: a secret for HS256, HS384 or HS512 is not published",
        ),
        (
            json!({ "jwks": { "remote": { "cluster": "a", "authority": "a", "path": "x" } } }),
            r#"providers.main.jwks.remote.path: got "x", expected a path such as "/.well-known/jwks.json""#,
        ),
        (
            json!({ "jwks": { "remote": { "cluster": "", "authority": "a", "path": "/" } } }),
            r#"providers.main.jwks.remote.cluster: got "", expected a name without blanks"#,
        ),
        (
            json!({ "jwks": { "remote": { "cluster": "a", "authority": "a", "path": "/", "timeout": "0s" } } }),
            r#"providers.main.jwks.remote.timeout: got "0s", expected from "0.001s" to "60s""#,
        ),
        (
            json!({ "sources": [] }),
            "providers.main.sources: expected at least one entry (leave the field out for none)",
        ),
        (
            json!({ "sources": [{ "header": "host" }] }),
            r#"providers.main.sources[0].header: got "host", expected a header that can hold a token"#,
        ),
        (
            json!({ "sources": [{ "header": "a", "query": "b" }] }),
            "providers.main.sources[0]: expected exactly one of `header` (with an optional `scheme`), `query` and `cookie`, not empty",
        ),
        (
            json!({ "sources": [{ "query": "b", "scheme": "Bearer" }] }),
            "providers.main.sources[0]: expected exactly one of `header` (with an optional `scheme`), `query` and `cookie`, not empty",
        ),
        (
            json!({ "sources": [{ "header": "a", "scheme": "" }] }),
            r#"providers.main.sources[0].scheme: got "", expected a scheme such as "Bearer""#,
        ),
        (
            json!({ "claims_to_headers": [{ "header": "x-a" }] }),
            "providers.main.claims_to_headers[0].claim: expected a claim",
        ),
        (
            json!({ "claims_to_headers": [{ "claim": "", "header": "x-a" }] }),
            r#"providers.main.claims_to_headers[0].claim: got "", expected the name of a claim, a dotted path such as "realm_access.roles", or a JSON pointer"#,
        ),
        (
            json!({ "claims_to_headers": [{ "claim": "a", "header": "content-length" }] }),
            r#"providers.main.claims_to_headers[0].header: got "content-length", expected a header that means nothing to the proxy, such as "x-sub""#,
        ),
        (
            json!({ "claims_to_headers": [{ "claim": "a", "header": "x-a", "prefix": "\n" }] }),
            r#"providers.main.claims_to_headers[0].prefix: got "\n", expected a text without control characters"#,
        ),
        (
            json!({ "claims_to_headers": [{ "claim": "a", "header": "x-a", "map": { "a": "\r" } }] }),
            r#"providers.main.claims_to_headers[0].map: got "\r", expected a text without control characters"#,
        ),
        (
            json!({ "claims_to_headers": [{ "claim": "a", "header": "Authorization" }] }),
            r#"providers.main.sources: got "authorization", expected a header that no claim is written to"#,
        ),
        (
            json!({ "payload_header": "cookie" }),
            r#"providers.main.payload_header: got "cookie", expected a header that means nothing to the proxy, such as "x-sub""#,
        ),
        (
            json!({ "required_claims": [{ "claim": "a", "one_of": [] }] }),
            "providers.main.required_claims[0].one_of: expected at least one entry (leave the field out for none)",
        ),
        (
            json!({ "filter_state": ["a\u{0}b"] }),
            "providers.main.filter_state[0]: got \"a\\u0000b\", expected no control characters",
        ),
        (
            json!({ "from_metadata": { "key": "a" } }),
            "providers.main: expected exactly one of `jwks` and `from_metadata`",
        ),
    ] {
        assert_eq!(error_with(fields.clone()), message, "{fields}");
    }
}

#[test]
fn shapes_are_strict() {
    for (config, message) in [
        (json!({}), "configuration: missing field `providers`"),
        (
            json!({ "providers": {} }),
            "providers: expected at least one provider",
        ),
        (
            json!({ "providers": { "none": {} } }),
            r#"providers: got "none", expected a name of letters, digits, `-` and `_`, which is not "none""#,
        ),
        (
            json!({ "providers": { "a.b": {} } }),
            r#"providers: got "a.b", expected a name of letters, digits, `-` and `_`, which is not "none""#,
        ),
        (
            json!({ "providers": { "a": {} } }),
            "providers.a: expected exactly one of `jwks` and `from_metadata`",
        ),
        (
            json!({ "providers": { "a": { "issue": 1 } } }),
            "providers.a.issue: unknown field `issue`, expected one of",
        ),
        (
            with(json!({ "algorithms": ["none"] })),
            "providers.main.algorithms[0]: unknown variant `none`",
        ),
        (
            with(json!({ "clock_skew": "1m" })),
            "providers.main.clock_skew: \"1m\" is not a duration",
        ),
        (
            with(json!({ "claims_to_headers": [{ "claim": "a", "header": "a b" }] })),
            "providers.main.claims_to_headers[0].header: \"a b\" is not a header name",
        ),
    ] {
        let message_of = error(&config);
        assert!(message_of.starts_with(message), "{message_of}");
    }
    let twice = r#"{"providers":{"a":{},"a":{}}}"#;
    let parsed = extension_common::config::parse::<ConfigJson>(twice.as_bytes()).map(drop);
    let message = parsed.unwrap_err().to_string();
    assert!(message.contains("a member occurs twice"), "{message}");
}

#[test]
fn rules_name_what_there_is() {
    let rules = |rules: serde_json::Value| {
        let mut config = with(json!({}));
        config["rules"] = rules;
        error(&config)
    };
    for (given, message) in [
        (
            json!([]),
            "rules: expected at least one rule (leave the field out to require a token everywhere)",
        ),
        (
            json!([{ "prefix": "/", "requires": "other" }]),
            r#"rules[0].requires: got "other", expected the name of a provider"#,
        ),
        (
            json!([{ "prefix": "/", "requires": { "any": [] } }]),
            "rules[0].requires.any: expected at least one provider",
        ),
        (
            json!([{ "prefix": "/", "requires": { "all": ["main", "main"] } }]),
            r#"rules[0].requires.all[1]: got "main", expected each provider once"#,
        ),
        (
            json!([{ "prefix": "/", "requires": { "any": ["none"] } }]),
            r#"rules[0].requires.any[0]: got "none", expected the name of a provider"#,
        ),
        (
            json!([{ "prefix": "/", "requires": { "any": ["main"], "all": ["main"] } }]),
            "rules[0].requires: expected exactly one of `any`, `all` and `optional`",
        ),
        (
            json!([{ "requires": "main" }]),
            "rules[0]: expected exactly one of `prefix`, `exact` and `suffix`",
        ),
        (
            json!([{ "prefix": "/", "methods": [], "requires": "main" }]),
            "rules[0].methods: got [], expected at least one method (leave the field out for every method)",
        ),
    ] {
        assert_eq!(rules(given.clone()), message, "{given}");
    }
    assert!(rules(json!([{ "prefix": "/" }])).starts_with("rules[0]: missing field `requires`"));
}
