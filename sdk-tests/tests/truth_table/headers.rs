//! Header maps, shared data, metrics and properties.

use sdk_tests::{Proxy, Request, scenario};

use crate::{plugin, send};

#[scenario]
fn what_a_plugin_changes_reaches_the_upstream_and_the_client(proxy: &mut Proxy) {
    proxy.configure("hello").unwrap();
    let reply = proxy.send(Request::get("/plain?q=1").header("X-Raw", b"\xff"));
    assert_eq!(reply.header("X-Greeting"), Some(&b"hello"[..]));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.path(), b"/plain?q=1");
    assert_eq!(upstream.header(":method"), Some(&b"GET"[..]));
    assert_eq!(upstream.header(":authority"), Some(&b"example.test"[..]));
    assert_eq!(upstream.header("x-raw"), Some(&b"\xff"[..]));
    assert_eq!(upstream.header("x-fixture"), Some(&b"1"[..]));
}

#[scenario]
fn duplicates_stay_apart_but_for_the_headers_that_envoy_joins(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (reply, logs) = send(
        proxy,
        Request::get("/headers")
            .header("X-Dup", "a")
            .header("x-dup", "b")
            .header("Authorization", "a")
            .header("authorization", "b")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("x-empty", ""),
    );
    let names = ":authority :path :method :scheme x-dup x-dup authorization cookie cookie x-empty \
                 x-forwarded-proto x-request-id x-fixture";
    assert_eq!(
        logs[1..9],
        [
            &format!("names {names}"),
            r#"dup Some("a")"#,
            r#"authorization Some("a,b")"#,
            r#"empty Some("")"#,
            "dup pairs 3",
            "missing None",
            "method Some([71, 69, 84])",
            "whole Err(SerializationFailure)",
        ]
    );
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.headers("authorization"), [b"a,b,c"]);
    assert_eq!(upstream.headers("x-dup"), [b"one"]);
    assert_eq!(upstream.headers("cookie"), [b"a=1", b"b=2"]);
    // A replaced header moves to the end.
    assert_eq!(upstream.all_headers().last().unwrap().0, "x-dup");
}

#[scenario]
fn headers_of_the_connection_stay_on_it(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let reply = proxy.send(
        Request::get("/plain")
            .header("connection", "x-a")
            .header("x-a", "1")
            .header("keep-alive", "1")
            .header("expect", "100-continue")
            .header("te", "trailers")
            .header("x-envoy-internal", "true")
            .header("x-envoy-retry-on", "5xx")
            .header("x-request-id", "mine")
            .header("x-forwarded-proto", "https")
            .header("x-spaced", "  a\t"),
    );
    let names: Vec<_> = reply
        .upstream()
        .unwrap()
        .all_headers()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            ":authority",
            ":path",
            ":method",
            ":scheme",
            "te",
            "x-request-id",
            "x-forwarded-proto",
            "x-spaced",
            "x-fixture"
        ]
    );
    assert_eq!(
        reply.upstream().unwrap().header(":scheme"),
        Some(&b"https"[..])
    );
    assert_eq!(
        reply.upstream().unwrap().header("x-spaced"),
        Some(&b"a"[..])
    );
}

#[scenario]
fn the_authority_is_what_the_client_says(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    for (request, authority) in [
        (
            Request::get("/").authority("EXAMPLE.test:80"),
            "EXAMPLE.test:80",
        ),
        (
            Request::get("/").header("host", "second"),
            "example.test,second",
        ),
        (Request::get("http://other.test/abs?x"), "other.test"),
        (Request::get("/").authority(""), ""),
    ] {
        let reply = proxy.send(request);
        let seen = reply.upstream().unwrap().header(":authority");
        assert_eq!(seen, Some(authority.as_bytes()));
    }
}

/// The fixture asserts the rules itself, and panics if one does not hold.
#[scenario]
fn shared_data_and_metrics_follow_envoys_rules(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let (_, logs) = send(proxy, Request::get("/shared"));
    assert_eq!(logs[1], "shared data holds");
    let (_, logs) = send(proxy, Request::get("/metrics"));
    assert_eq!(logs[1], "metrics hold");
    assert_eq!(proxy.metric("fixture_counter"), 5);
    assert_eq!(proxy.metric("fixture_gauge"), 4);
    assert_eq!(proxy.metric("fixture_unknown"), 0);
    assert!(!proxy.metrics().contains_key("fixture_histogram"));
}
