use serde_json::{Value, json};

use super::*;

fn error(mut fields: Value) -> String {
    fields["allowed"] = json!(true);
    match Decision::from_value(fields.clone()) {
        Ok(decision) => panic!("{fields} is taken for {decision:?}"),
        Err(error) => error.to_string(),
    }
}

fn name(text: &str) -> HeaderName {
    HeaderName::new(text).unwrap()
}

#[test]
fn the_whole_object_of_opa_envoy_plugin_is_understood() {
    let decision = Decision::from_value(json!({
        "allowed": true,
        "headers": { "X-User": "alice", "x-list": ["1", "2"] },
        "response_headers_to_add": [{ "x-a": "1" }, { "x-a": "2", "x-b": ["3"] }],
        "request_headers_to_remove": ["Authorization"],
        "query_parameters_to_set": { "user": "alice", "role": ["a", "b"] },
        "query_parameters_to_remove": ["token"],
        "body": "no\n",
        "http_status": 302,
        "dynamic_metadata": { "user": "alice", "roles": ["a\nb"], "age": 7 },
        "cache_ttl": "1.5s",
        "something": "else"
    }))
    .unwrap();
    assert!(decision.allowed);
    assert_eq!(
        decision.headers,
        [
            (name("x-user"), "alice".into()),
            (name("x-list"), "2".into())
        ]
    );
    assert_eq!(
        decision.response_headers,
        [(name("x-a"), "2".into()), (name("x-b"), "3".into())]
    );
    assert_eq!(decision.headers_to_remove, [name("authorization")]);
    let set = [("role", "a"), ("role", "b"), ("user", "alice")];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut query = decision.query_to_set;
    query.sort();
    assert_eq!(query, set.map(owned));
    assert_eq!(decision.query_to_remove, ["token"]);
    assert_eq!(
        (decision.body.as_str(), decision.status),
        ("no\n", Some(302))
    );
    let mut metadata = decision.metadata;
    metadata.sort();
    let expected = [("age", "7"), ("roles", "[\"a\\nb\"]"), ("user", "alice")];
    assert_eq!(metadata, expected.map(owned));
    assert_eq!(decision.cache_ttl, Some(Duration::from_millis(1500)));
}

#[test]
fn only_a_boolean_is_an_answer() {
    for value in [
        json!("true"),
        json!(1),
        json!(null),
        json!([true]),
        json!({}),
        json!({ "allowed": 1 }),
    ] {
        assert!(Decision::from_value(value.clone()).is_err(), "{value}");
    }
    assert_eq!(
        Decision::from_value(json!(false)),
        Ok(Decision::bare(false))
    );
}

#[test]
fn what_would_reroute_or_split_a_message_is_refused() {
    for field in ["headers", "response_headers_to_add"] {
        for bad in [
            ":path",
            ":authority",
            "host",
            "Host",
            "content-length",
            "transfer-encoding",
            "connection",
            "a b",
            "",
            "a\r\nb",
        ] {
            let text = error(json!({ field: { bad: "x" } }));
            assert!(text.starts_with(field), "{bad}: {text}");
        }
        for bad in ["1\r\nset-cookie: a=b", "\0", "a\u{7f}"] {
            let text = error(json!({ field: { "x-a": bad } }));
            assert_eq!(text, format!("{field}.x-a: expected no control characters"));
            error(json!({ field: [{ "x-a": ["fine", bad] }] }));
        }
        for bad in [
            json!("x"),
            json!(1),
            json!(null),
            json!([1]),
            json!({ "x-a": 1 }),
            json!({ "x-a": [1] }),
            json!({ "x-a": null }),
        ] {
            error(json!({ field: bad }));
        }
    }
    for bad in [
        json!("a"),
        json!([1]),
        json!([":path"]),
        json!(["host"]),
        json!({}),
    ] {
        error(json!({ "request_headers_to_remove": bad }));
    }
    for bad in [
        json!("a"),
        json!({ "a": 1 }),
        json!({ "a": ["\n"] }),
        json!({ "a\n": "b" }),
    ] {
        error(json!({ "query_parameters_to_set": bad }));
    }
    error(json!({ "query_parameters_to_remove": ["a\0"] }));
    error(json!({ "dynamic_metadata": "x" }));
    error(json!({ "dynamic_metadata": { "a": "x\ny" } }));
    error(json!({ "body": 1 }));
}

#[test]
fn an_impossible_status_is_refused() {
    for bad in [
        json!("403"),
        json!(100),
        json!(101),
        json!(0),
        json!(99),
        json!(600),
        json!(999),
        json!(403.5),
        json!(-1),
        json!(430),
        json!(null),
    ] {
        let text = error(json!({ "http_status": bad }));
        assert!(text.starts_with("http_status: expected"), "{bad}: {text}");
    }
}

#[test]
fn a_cache_ttl_is_seconds_or_a_duration_and_at_most_a_day() {
    let ttl = |ttl: Value| {
        Decision::from_value(json!({ "allowed": true, "cache_ttl": ttl }))
            .ok()
            .map(|decision| decision.cache_ttl.unwrap().as_secs_f64())
    };
    assert_eq!(ttl(json!(5)), Some(5.0));
    assert_eq!(ttl(json!(0.5)), Some(0.5));
    assert_eq!(ttl(json!("2s")), Some(2.0));
    assert_eq!(ttl(json!(1e9)), Some(86_400.0));
    for bad in [
        json!(-1),
        json!("5m"),
        json!(null),
        json!(true),
        json!(1e300),
    ] {
        assert_eq!(ttl(bad.clone()), None, "{bad}");
    }
}
