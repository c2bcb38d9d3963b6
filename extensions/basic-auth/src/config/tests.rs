use extension_common::config;
use serde_json::{Value, json};

use super::*;

const SHA: &str = "{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=";

fn parse(json: &Value) -> Result<Config, String> {
    let env = |name: &str| match name {
        "USERS" => Some(format!("alice:{SHA}\n")),
        "EMPTY" => Some("\n# nobody\n".into()),
        _ => None,
    };
    config::parse::<ConfigJson>(json.to_string().as_bytes())
        .and_then(|parsed| parsed.validate(env, [0; 32]))
        .map_err(|error| error.to_string())
}

fn error(json: &Value) -> String {
    parse(json)
        .err()
        .unwrap_or_else(|| panic!("accepted: {json}"))
}

/// A rule for `/` with what `extra` has besides.
fn rule(extra: Value) -> Value {
    let mut rule = json!({ "prefix": "/", "credentials": ["a:b"] });
    for (key, value) in extra.as_object().unwrap() {
        rule[key] = value.clone();
    }
    json!({ "basic_auth_rules": [rule] })
}

#[test]
fn a_config_of_the_older_filter_is_accepted() {
    let config = parse(&json!({
        "basic_auth_rules": [
            {
                "hosts": ["example.com", "*.example.org", "internal.*"],
                "prefix": "/api",
                "request_methods": ["GET", "POST"],
                "credentials": ["ok:test", "YWRtaW4zOmFkbWluMw=="]
            },
            { "exact": "/secret", "request_methods": ["GET"], "credentials": ["a:b"] },
            { "suffix": "/private", "request_methods": ["DELETE"], "credentials": ["a:b"] }
        ]
    }))
    .unwrap();
    assert_eq!(config.rule_count, 3);
    assert_eq!(config.challenge, r#"Basic realm="istio", charset="UTF-8""#);
    assert!(config.forward_authorization);
}

#[test]
fn the_realm_is_quoted_and_escaped() {
    let mut json = rule(json!({}));
    json["realm"] = json!(r#"a "b" \c ü"#);
    assert_eq!(
        parse(&json).unwrap().challenge,
        r#"Basic realm="a \"b\" \\c ü", charset="UTF-8""#
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (json, expected) in [
        (json!({}), "basic_auth_rules: expected at least one rule"),
        (
            json!({ "basic_auth_rules": [] }),
            "basic_auth_rules: expected at least one rule",
        ),
        (
            json!({ "basic_auth_rulez": [] }),
            "basic_auth_rulez: unknown field",
        ),
        (
            rule(json!({ "prefix": "" })),
            "basic_auth_rules[0].prefix: got \"\", expected a path",
        ),
        (
            rule(json!({ "prefix": "?a=b" })),
            "basic_auth_rules[0].prefix: got \"?a=b\", expected",
        ),
        (
            rule(json!({ "exact": "/a" })),
            "basic_auth_rules[0]: expected exactly one of `prefix`, `exact` and `suffix`",
        ),
        (
            json!({ "basic_auth_rules": [{ "credentials": ["a:b"] }] }),
            "basic_auth_rules[0]: expected exactly one of",
        ),
        (
            rule(json!({ "request_methods": [] })),
            "basic_auth_rules[0].request_methods: got [], expected at least one method",
        ),
        (
            rule(json!({ "request_methods": ["GET", "a b"] })),
            "basic_auth_rules[0].request_methods[1]: got \"a b\", expected a method",
        ),
        (
            rule(json!({ "hosts": ["a*b"] })),
            "basic_auth_rules[0].hosts[0]: got \"a*b\", expected a host name",
        ),
        (
            rule(json!({ "allowed_users": ["mallory"] })),
            "basic_auth_rules[0].allowed_users[0]: got \"mallory\", expected a user of",
        ),
        (
            rule(json!({ "allowed_users": [] })),
            "basic_auth_rules[0].allowed_users: expected at least one user",
        ),
        (
            rule(json!({ "credentials": [] })),
            "basic_auth_rules[0].credentials: expected at least one credential",
        ),
        (
            json!({ "basic_auth_rules": [{ "prefix": "/" }] }),
            "basic_auth_rules[0]: expected `credentials`, or users in `users` or `users_env`",
        ),
        (
            json!({ "basic_auth_rules": [{ "prefix": "/" }], "users_env": "NO_SUCH" }),
            "users_env: got \"NO_SUCH\", expected the name of an environment variable",
        ),
        (
            json!({ "basic_auth_rules": [{ "prefix": "/" }], "users_env": "EMPTY" }),
            "users_env: got \"EMPTY\", expected the name of an environment variable",
        ),
    ] {
        let error = error(&json);
        assert!(error.starts_with(expected), "{json}\n  {error}");
    }
}

#[test]
fn wrong_options_are_named() {
    for (field, value, expected) in [
        (
            "realm",
            json!("a\r\nb"),
            "realm: got \"a\\r\\nb\", expected a text without control",
        ),
        ("realm", json!("a\u{85}"), "realm: got"),
        (
            "username_header",
            json!("x user"),
            "username_header: \"x user\" is not a header name",
        ),
        (
            "username_header",
            json!(":path"),
            "username_header: \":path\" is not a header name",
        ),
        (
            "username_header",
            json!("Authorization"),
            "username_header: got \"authorization\"",
        ),
        (
            "username_header",
            json!("Host"),
            "username_header: got \"host\", expected a header that",
        ),
        (
            "escaped_separators",
            json!("ignore"),
            "escaped_separators: unknown variant `ignore`",
        ),
        (
            "password_cache",
            json!({ "ttl": "5m" }),
            "password_cache.ttl: \"5m\" is not a duration",
        ),
        (
            "password_cache",
            json!({ "ttl": "86401s" }),
            "password_cache.ttl: got \"86401s\"",
        ),
        (
            "password_cache",
            json!({ "max_entries": 100001 }),
            "password_cache.max_entries: got 100001, expected at most 100000",
        ),
        (
            "expensive_checks",
            json!({ "per_second": 0.0 }),
            "expensive_checks.per_second: got 0.0, expected a number above 0",
        ),
        (
            "expensive_checks",
            json!({ "burst": 0.5 }),
            "expensive_checks.burst: got 0.5",
        ),
        (
            "users",
            json!(7),
            "users: expected htpasswd lines: one text, or a list",
        ),
    ] {
        let mut json = rule(json!({}));
        json[field] = value;
        let error = error(&json);
        assert!(error.starts_with(expected), "{json}\n  {error}");
    }
}

#[test]
fn no_error_shows_a_secret() {
    const SECRET: &str = "hunter2";
    let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, SECRET);
    for json in [
        rule(json!({ "credentials": [SECRET] })),
        rule(json!({ "credentials": [base64] })),
        rule(json!({ "credentials": format!("admin:{SECRET}") })),
        rule(json!({ "credentials": { "admin": SECRET } })),
        rule(json!({ "credentials": [format!("admin:{SECRET}\r")] })),
        json!({ "basic_auth_rules": format!("admin:{SECRET}") }),
        json!({ "users": format!("admin:{SECRET}"), "basic_auth_rules": [] }),
        json!({ "users": ["", format!("admin:$2b${SECRET}")], "basic_auth_rules": [] }),
        json!({ "users": { "admin": SECRET }, "basic_auth_rules": [] }),
        json!(format!("admin:{SECRET}")),
        rule(json!({ "allowed_users": [format!("admin:{SECRET}")] })),
        rule(json!({ format!("admin:{SECRET}"): 1 })),
        json!({ "users_env": format!("admin:$2b${SECRET}"), "basic_auth_rules": [] }),
    ] {
        let error = error(&json);
        assert!(
            !error.contains(SECRET) && !error.contains(&base64),
            "{error}"
        );
    }
}

#[test]
fn users_come_from_the_config_and_the_environment() {
    let config = parse(&json!({
        "users": ["", format!("bob:{SHA}")],
        "users_env": "USERS",
        "basic_auth_rules": [{ "prefix": "/", "allowed_users": ["alice", "bob"] }]
    }))
    .unwrap();
    assert_eq!(config.user_count, 2);
    let twice = error(&json!({
        "users": format!("alice:{SHA}"),
        "users_env": "USERS",
        "basic_auth_rules": [{ "prefix": "/" }]
    }));
    assert_eq!(
        twice,
        "users_env, variable \"USERS\" (line 1), user \"alice\": expected each user once"
    );
}

#[test]
fn an_operator_is_told_what_may_surprise() {
    let config = parse(&json!({
        "users": "bob:$2b$12$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATry",
        "basic_auth_rules": [
            { "prefix": "/", "credentials": ["a:b"] },
            { "exact": "/health?x=1", "credentials": ["YTpiCg=="] },
            { "prefix": "api", "hosts": ["https://a.com"], "credentials": ["a:b"] },
            { "prefix": "%2fapi", "hosts": ["b.com"], "credentials": ["a:b"] }
        ]
    }))
    .unwrap();
    assert_eq!(
        config.remarks.warnings,
        [
            "expensive_checks.per_second: 5 checks of 229 ms each keep a worker busy for 115 % of its time",
            r#"basic_auth_rules[1].exact: "/health?x=1" is matched as "/health": queries do not count"#,
            "basic_auth_rules[1].credentials[0]: the line break at its end does not count",
            r#"basic_auth_rules[2].hosts[0]: "https://a.com" protects nothing: expected a host name such as "example.com", "*.example.com", "example.*" or "*""#,
            r#"basic_auth_rules[2].prefix: "api" protects nothing: every path begins with a slash"#,
            "no rule admits the users of the table: each has credentials alone",
        ]
    );
    assert_eq!(
        config.remarks.notes,
        [
            r#"rule 1 (exact "/health?x=1") is required instead of rule 0 (prefix "/") where both match"#,
            r#"rule 3 (prefix "%2fapi" on b.com) is required instead of rule 0 (prefix "/") where both match"#,
        ]
    );
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
