use std::time::Duration;

use extension_common::config;
use serde_json::{Value, json};

use super::*;

fn parse_for(has_engine: bool, json: &Value) -> Result<Config, String> {
    config::parse::<ConfigJson>(json.to_string().as_bytes())
        .and_then(|parsed| parsed.validate_for(has_engine))
        .map_err(|error| error.to_string())
}

fn parse(json: &Value) -> Config {
    parse_for(true, json).unwrap()
}

fn error(json: &Value) -> String {
    parse_for(true, json)
        .err()
        .unwrap_or_else(|| panic!("accepted: {json}"))
}

/// A config with a server, and with what `extra` has besides.
fn server(extra: Value) -> Value {
    let mut config = json!({ "server": { "cluster": "opa" } });
    for (key, value) in extra.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

const POLICY: &str = "package envoy.authz\nallow := true";

#[test]
fn the_config_of_the_documentation_is_accepted() {
    let config = parse(&json!({
        "server": {
            "cluster": "opa", "authority": "opa.local",
            "path": "/v1/data/envoy/authz/result", "timeout": "0.2s"
        },
        "input": {
            "form": "envoy", "headers": ["authorization", "X-User", ":path"],
            "body": { "max_bytes": 8192 }
        },
        "cache": { "ttl": "10s", "negative_ttl": "2s", "max_entries": 1000 },
        "on_error": "deny", "status_on_error": 403, "mode": "enforce"
    }));
    let expected = Server {
        cluster: "opa".into(),
        authority: "opa.local".into(),
        path: "/v1/data/envoy/authz/result".into(),
        timeout: Duration::from_millis(200),
    };
    assert_eq!(config.server, Some(expected));
    assert_eq!(
        config.input.headers,
        HeaderChoice::Listed(vec![
            "authorization".into(),
            "x-user".into(),
            ":path".into()
        ])
    );
    let body = config.input.body.unwrap();
    assert_eq!(body.max_bytes, 8192);
    assert!(body.wants(b"Application/JSON; charset=utf-8") && !body.wants(b"text/plain"));
    assert_eq!(config.cache.unwrap().ttl, Duration::from_secs(10));
}

#[test]
fn a_policy_alone_is_enough_and_so_is_a_server() {
    let config = parse(&json!({ "policy": { "inline": POLICY, "query": "data.a.b", "data": {} } }));
    let policy = config.policy.unwrap();
    assert_eq!(policy.query, "data.a.b");
    assert_eq!(policy.time_limit, Duration::from_millis(50));
    let config = parse(&server(json!({})));
    let expected = Server {
        cluster: "opa".into(),
        authority: "opa".into(),
        path: "/v1/data/envoy/authz/allow".into(),
        timeout: Duration::from_millis(200),
    };
    assert_eq!(config.server, Some(expected));
    assert_eq!(config.cache, None);
    assert_eq!(
        (config.on_error, config.status_on_error),
        (OnError::Deny, 403)
    );
}

#[test]
fn a_policy_can_stand_in_for_a_server() {
    let config = parse(&server(
        json!({ "policy": { "inline": POLICY }, "on_error": "embedded" }),
    ));
    assert!(config.server.is_some() && config.policy.is_some());
}

#[test]
fn configs_of_the_older_filter_are_accepted() {
    for cache in ["check_result_cache_valid_sec", "cache_valid_for_sec"] {
        for seconds in [json!(10), json!("10")] {
            let config = parse(&json!({
                "opa_service_host": "opa.default.svc.cluster.local",
                "opa_cluster_name": "outbound|8080||opa.default.svc.cluster.local",
                cache: seconds,
            }));
            let expected = Server {
                cluster: "outbound|8080||opa.default.svc.cluster.local".into(),
                authority: "opa.default.svc.cluster.local".into(),
                path: "/v1/data/test/allow".into(),
                timeout: Duration::from_secs(5),
            };
            assert_eq!(config.server, Some(expected));
            assert_eq!(config.input.form, Form::Legacy);
            let cache = config.cache.unwrap();
            let ten = Duration::from_secs(10);
            assert_eq!(
                (cache.ttl, cache.negative_ttl, cache.max_entries),
                (ten, ten, 1000)
            );
            assert_eq!(
                (config.on_error, config.status_on_error),
                (OnError::Deny, 500)
            );
        }
    }
    let older = |extra: Value| {
        let mut config = json!({ "opa_service_host": "a", "opa_cluster_name": "b" });
        config
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        config
    };
    assert_eq!(parse(&older(json!({}))).cache, None);
    assert_eq!(
        parse(&older(json!({ "cache_valid_for_sec": 0 }))).cache,
        None
    );
    let ages = parse(&older(json!({ "cache_valid_for_sec": u64::MAX })));
    assert_eq!(ages.cache.unwrap().ttl, Duration::from_secs(86_400));
    assert_eq!(
        parse(&older(json!({ "mode": "shadow" }))).mode,
        Mode::Shadow
    );

    let both = json!({ "cache_valid_for_sec": 1, "check_result_cache_valid_sec": 1 });
    assert!(error(&older(both)).starts_with("cache_valid_for_sec: expected this or"));
    assert!(error(&older(json!({ "cache": {} }))).starts_with("cache: expected either this or"));
    assert!(error(&json!({ "opa_service_host": "a" })).contains("`opa_cluster_name`"));
    assert!(error(&older(json!({ "cache_valid_for_sec": "x" }))).contains("a number of seconds"));
}

#[test]
fn without_an_engine_a_policy_is_refused_and_the_other_module_named() {
    let refused = |json: &Value| parse_for(false, json).unwrap_err();
    let text = refused(&json!({ "policy": { "inline": POLICY } }));
    assert!(
        text.starts_with("policy: expected a `server`: opa.wasm cannot"),
        "{text}"
    );
    assert!(text.contains("opa_embedded.wasm"), "{text}");
    let text = refused(&server(json!({ "on_error": "embedded" })));
    assert!(
        text.starts_with("on_error: got \"embedded\", expected"),
        "{text}"
    );
    assert!(text.contains("opa_embedded.wasm"), "{text}");
    assert!(parse_for(false, &server(json!({}))).is_ok());
}

#[test]
fn errors_name_the_field_the_value_and_what_was_expected() {
    let policy = |extra: Value| {
        let mut policy = json!({ "inline": POLICY });
        policy
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        json!({ "policy": policy })
    };
    let cases = [
        (json!({}), "configuration: expected `server` or `policy`"),
        (json!({ "sever": {} }), "sever: unknown field"),
        (
            server(json!({ "policy": { "inline": POLICY } })),
            "policy: expected `server` or `policy`, not both",
        ),
        (
            server(json!({ "on_error": "embedded" })),
            "on_error: got \"embedded\", expected a `policy`",
        ),
        (
            server(json!({ "on_error": "open" })),
            "on_error: unknown variant `open`, expected one of",
        ),
        (
            server(json!({ "status_on_error": 200 })),
            "status_on_error: got 200, expected a status from 400",
        ),
        (
            server(json!({ "input": { "body": { "max_bytes": 0 } } })),
            "input.body.max_bytes: got 0, expected 1 to 1048576",
        ),
        (
            server(json!({ "input": { "body": {} } })),
            "input.body: missing field `max_bytes`",
        ),
        (
            server(json!({ "input": { "headers": ["a b"] } })),
            "input.headers[0]: got \"a b\", expected the name",
        ),
        (
            server(json!({ "input": { "form": "legacy", "headers": [] } })),
            "input.headers: expected nothing",
        ),
        (
            server(json!({ "cache": { "ttl": "2d" } })),
            "cache.ttl: \"2d\" is not a duration",
        ),
        (
            server(json!({ "cache": { "negative_ttl": "90000s" } })),
            "cache.negative_ttl: got \"90000s\", expected at most a day",
        ),
        (
            server(json!({ "cache": { "max_entries": 0 } })),
            "cache.max_entries: got 0, expected 1 to 100000",
        ),
        (
            server(json!({ "cache": { "key": ["method", "user"] } })),
            "cache.key[1]: got \"user\", expected method",
        ),
        (
            server(json!({ "cache": { "key": [] } })),
            "cache.key: expected at least one",
        ),
        (
            server(json!({ "cache": { "key": ["body"] } })),
            "cache.key[0]: got \"body\", expected `input.body`",
        ),
        (
            server(json!({ "cache": { "key": ["headers.x"] }, "input": { "headers": ["y"] } })),
            "cache.key[0]: got \"headers.x\", expected a header of `input.headers`",
        ),
        (
            json!({ "server": { "cluster": "" } }),
            "server.cluster: got \"\", expected the name of a cluster",
        ),
        (
            json!({ "server": { "cluster": "a", "path": "v1" } }),
            "server.path: got \"v1\", expected a path",
        ),
        (
            json!({ "server": { "cluster": "a", "timeout": "0s" } }),
            "server.timeout: got \"0s\", expected whole milliseconds",
        ),
        (
            json!({ "server": { "cluster": "a", "timeout": "0.0001s" } }),
            "server.timeout: got \"0.0001s\", expected whole",
        ),
        (json!({ "policy": {} }), "policy: expected `inline`"),
        (
            policy(json!({ "query": "envoy.authz" })),
            "policy.query: got \"envoy.authz\", expected the path of a rule",
        ),
        (policy(json!({ "query": "data.a[0]" })), "policy.query: got"),
        (
            policy(json!({ "limits": { "time": "60s" } })),
            "policy.limits.time: got \"60s\", expected",
        ),
        (
            policy(json!({ "limits": { "memory_bytes": 1 } })),
            "policy.limits.memory_bytes: got 1, expected",
        ),
        (
            policy(json!({ "poll": { "cluster": "a" } })),
            "policy.poll: expected `policy_path`",
        ),
        (
            policy(json!({ "poll": { "cluster": "a", "data_path": "/d", "interval": "0s" } })),
            "policy.poll.interval: got \"0s\"",
        ),
    ];
    for (json, expected) in cases {
        let text = error(&json);
        assert!(text.starts_with(expected), "{json}: {text}");
    }
}

#[test]
fn a_warning_says_that_on_error_allow_switches_the_policy_off() {
    let config = parse(&server(json!({ "on_error": "allow" })));
    assert_eq!(config.warnings.len(), 1);
    let shadow = parse(&server(json!({ "on_error": "allow", "mode": "shadow" })));
    assert!(shadow.warnings.is_empty());
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
