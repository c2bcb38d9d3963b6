use super::*;

fn key(headers: &[(&str, &[u8])]) -> Vec<u8> {
    let headers = view(headers);
    of(&facts(&headers, &connection()))
}

fn of(facts: &Facts<'_>) -> Vec<u8> {
    key_of(&["default"], facts)
}

fn key_of(fields: &[&str], facts: &Facts<'_>) -> Vec<u8> {
    let config = match fields {
        ["default"] => json!({ "server": { "cluster": "a" }, "cache": {} }),
        fields => json!({ "server": { "cluster": "a" }, "cache": { "key": fields } }),
    };
    let config: crate::config::ConfigJson =
        extension_common::config::parse(config.to_string().as_bytes()).unwrap();
    Input::new(&config.validate().unwrap()).key(facts)
}

#[test]
fn requests_that_a_policy_can_tell_apart_have_different_keys() {
    let base: [(&str, &[u8]); 3] = [(":method", b"GET"), (":path", b"/a"), ("x", b"1")];
    let others: [&[(&str, &[u8])]; 8] = [
        &[(":method", b"POST"), (":path", b"/a"), ("x", b"1")],
        &[(":method", b"GET"), (":path", b"/a?"), ("x", b"1")],
        &[(":method", b"GET"), (":path", b"/%61"), ("x", b"1")],
        &[(":method", b"GET"), (":path", b"/a")],
        &[(":method", b"GET"), (":path", b"/a"), ("x", b"")],
        &[
            (":method", b"GET"),
            (":path", b"/a"),
            ("x", b"1"),
            ("x", b"1"),
        ],
        // The bytes of one part must not pass for those of another.
        &[(":method", b"GE"), (":path", b"T/a"), ("x", b"1")],
        &[
            (":method", b"GET"),
            (":path", b"/a"),
            ("x", b"1\0"),
            ("y", b""),
        ],
    ];
    for other in others {
        assert_ne!(key(&base), key(other), "{other:?}");
    }
    assert_eq!(key(&base), key(&base));
}

#[test]
fn what_differs_on_every_request_is_left_out() {
    let with = |name: &str| key(&[(":path", b"/"), (name, b"1")]);
    for name in ["x-request-id", "traceparent", "x-b3-traceid"] {
        assert_eq!(with(name), key(&[(":path", b"/")]), "{name}");
    }
    let headers = view(&get("/"));
    let (connection, other) = (connection(), Connection::default());
    let base = facts(&headers, &connection);
    let port = Facts {
        source_address: b"127.0.0.1:1",
        ..base
    };
    let address = Facts {
        source_address: b"127.0.0.2:56306",
        ..base
    };
    assert_eq!(of(&base), of(&port));
    assert_ne!(of(&base), of(&address));
    assert_ne!(
        of(&base),
        of(&Facts {
            connection: &other,
            ..base
        })
    );
    assert_ne!(
        key_of(&["source_port"], &base),
        key_of(&["source_port"], &port)
    );
}

#[test]
fn the_fields_can_be_chosen() {
    let headers = [
        (":method", &b"GET"[..]),
        (":path", b"/a?x=1"),
        ("a", b"1"),
        ("b", b"1"),
    ];
    let changed = [
        (":method", &b"GET"[..]),
        (":path", b"/a?x=1"),
        ("a", b"1"),
        ("b", b"2"),
    ];
    let (headers, changed) = (view(&headers), view(&changed));
    let connection = connection();
    let (base, changed) = (facts(&headers, &connection), facts(&changed, &connection));
    assert_eq!(
        key_of(&["path", "headers.a"], &base),
        key_of(&["path", "headers.a"], &changed)
    );
    assert_ne!(
        key_of(&["headers.b"], &base),
        key_of(&["headers.b"], &changed)
    );
    assert_ne!(key_of(&["headers"], &base), key_of(&["headers"], &changed));
}

#[test]
fn an_empty_body_is_another_thing_than_none_and_a_cut_one_than_a_whole_one() {
    let headers = view(&get("/"));
    let connection = connection();
    let base = facts(&headers, &connection);
    let body = |bytes, is_truncated| {
        of(&Facts {
            body: Some(Body {
                bytes,
                is_truncated,
            }),
            ..base
        })
    };
    assert_ne!(of(&base), body(b"", false));
    assert_ne!(body(b"a", false), body(b"a", true));
    assert_ne!(body(b"a", false), body(b"b", false));
}
