//! What a decision does to a request.

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{always, get, input, plugin, result, server};

#[scenario]
fn an_allowed_request_reaches_the_upstream_and_a_denied_one_does_not(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        result(json!(body["input"]["parsed_path"][0] == "public"))
    });
    proxy.configure(server(json!({}))).unwrap();
    let reply = get(proxy, "/public/x");
    assert_eq!(reply.status(), 200);
    assert!(reply.upstream().is_some());
    let reply = get(proxy, "/private");
    assert_eq!(reply.status(), 403);
    assert!(reply.upstream().is_none());
    assert_eq!(proxy.metric("opa_allowed"), 1);
    assert_eq!(proxy.metric("opa_denied"), 1);
}

#[scenario]
fn the_server_is_asked_as_opa_wants_it(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), json!({}));
    proxy.send(
        Request::get("/a%20b?x=1&x=2")
            .header("X-User", "alice")
            .header("x-user", "bob"),
    );
    let callouts = proxy.callouts();
    let request = &callouts[0].request;
    assert_eq!(request.path(), b"/v1/data/envoy/authz/result");
    assert_eq!(request.header(":method"), Some(&b"POST"[..]));
    assert_eq!(request.header(":authority"), Some(&b"opa"[..]));
    assert_eq!(
        request.header("content-type"),
        Some(&b"application/json"[..])
    );
    let input = input(proxy, 0);
    let http = &input["attributes"]["request"]["http"];
    assert_eq!(http["method"], "GET");
    assert_eq!(http["host"], "example.test");
    assert_eq!(http["protocol"], "HTTP/1.1");
    assert_eq!(http["headers"]["x-user"], "alice,bob");
    assert_eq!(input["parsed_path"], json!(["a b"]));
    assert_eq!(input["parsed_query"], json!({ "x": ["1", "2"] }));
    assert_eq!(
        input["version"],
        json!({ "encoding": "protojson", "ext_authz": "v3" })
    );
}

#[scenario]
fn a_decision_changes_the_request_and_the_response(proxy: &mut Proxy) {
    proxy.upstream_replies(UpstreamReply::new(200).header("x-tier", "upstream"));
    always(
        proxy,
        result(json!({
            "allowed": true,
            "headers": { "X-User": "alice", "x-many": ["1", "2"] },
            "request_headers_to_remove": ["authorization"],
            "response_headers_to_add": { "x-tier": "gold", "x-new": "1" },
            "query_parameters_to_set": { "user": "a&b" },
            "query_parameters_to_remove": ["token"]
        })),
        json!({}),
    );
    let reply = proxy.send(
        Request::get("/a?token=1&x=%20&user=root")
            .header("authorization", "Bearer x")
            .header("x-user", "root")
            .header("x_user", "root"),
    );
    assert_eq!(reply.status(), 200);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.path(), b"/a?x=%20&user=a%26b");
    assert_eq!(upstream.headers("x-user"), [b"alice"]);
    assert_eq!(upstream.headers("x-many"), [b"2"]);
    assert_eq!(upstream.header("x_user"), None);
    assert_eq!(upstream.header("authorization"), None);
    assert_eq!(reply.headers("x-tier"), [b"gold"]);
    assert_eq!(reply.headers("x-new"), [b"1"]);
}

#[scenario]
fn a_denial_can_say_what_the_client_gets(proxy: &mut Proxy) {
    always(
        proxy,
        result(json!({
            "allowed": false,
            "http_status": 401,
            "headers": { "WWW-Authenticate": "Bearer", "content-type": "application/json" },
            "response_headers_to_add": { "x-not-sent": "1" },
            "body": "{\"error\": \"no token\"}\n"
        })),
        json!({}),
    );
    let reply = get(proxy, "/");
    assert_eq!(reply.status(), 401);
    assert_eq!(reply.header("www-authenticate"), Some(&b"Bearer"[..]));
    assert_eq!(reply.header("content-type"), Some(&b"application/json"[..]));
    assert_eq!(reply.header("x-not-sent"), None);
    assert_eq!(reply.text(), "{\"error\": \"no token\"}\n");
    assert!(reply.upstream().is_none());
}

#[scenario]
fn a_bare_denial_is_403(proxy: &mut Proxy) {
    always(proxy, result(json!({ "allowed": false })), json!({}));
    let reply = get(proxy, "/");
    assert_eq!((reply.status(), reply.body()), (403, &b""[..]));
}

#[scenario]
fn an_undefined_policy_denies_and_has_a_counter_of_its_own(proxy: &mut Proxy) {
    always(
        proxy,
        UpstreamReply::new(200).body("{}"),
        json!({ "on_error": "allow" }),
    );
    assert_eq!(get(proxy, "/").status(), 403);
    assert_eq!(proxy.metric("opa_undefined"), 1);
    assert_eq!(proxy.metric("opa_denied"), 0);
}

#[scenario]
fn what_is_no_decision_denies_whatever_errors_lead_to(proxy: &mut Proxy) {
    let results = [
        json!("true"),
        json!(1),
        json!(null),
        json!([]),
        json!({ "allow": true }),
        json!({ "allowed": "true" }),
        json!({ "allowed": true, "headers": { ":path": "/admin" } }),
        json!({ "allowed": true, "headers": { "host": "other" } }),
        json!({ "allowed": true, "headers": { "x-a": "1\r\nset-cookie: a=b" } }),
        json!({ "allowed": true, "http_status": 42 }),
    ];
    let count = results.len() as u64;
    let all = results.clone();
    proxy.serve("opa", move |request| {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let index = body["input"]["parsed_path"][0].as_str().unwrap();
        result(all[index.parse::<usize>().unwrap()].clone())
    });
    proxy
        .configure(server(json!({ "on_error": "allow" })))
        .unwrap();
    for (index, result) in results.iter().enumerate() {
        let reply = get(proxy, &format!("/{index}"));
        assert_eq!(reply.status(), 403, "{result}");
        assert_eq!(reply.header("set-cookie"), None);
        assert!(reply.upstream().is_none());
    }
    assert_eq!(proxy.metric("opa_malformed"), count);
}

#[scenario]
fn a_request_that_cannot_be_described_is_400_whatever_errors_lead_to(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), json!({ "on_error": "allow" }));
    for path in ["/%zz", "/?a;b", "/?%"] {
        let reply = get(proxy, path);
        assert_eq!(reply.status(), 400, "{path}");
        assert!(reply.upstream().is_none());
    }
    assert!(proxy.callouts().is_empty());
    assert_eq!(proxy.metric("opa_bad_requests"), 3);
}

#[scenario]
fn bytes_that_are_no_text_break_nothing(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), json!({}));
    let reply = proxy.send(Request::get("/").header("x-a", b"\xff\xfe\"\\"));
    assert_eq!(reply.status(), 200);
    let input = input(proxy, 0);
    assert_eq!(
        input["attributes"]["request"]["http"]["headers"]["x-a"],
        "!!\"\\"
    );
}

#[scenario]
fn a_body_and_trailers_wait_with_the_headers(proxy: &mut Proxy) {
    always(
        proxy,
        result(json!({ "allowed": true, "headers": { "x-user": "a" } })),
        json!({}),
    );
    let reply = proxy.send(
        Request::post("/")
            .chunk("abc")
            .chunk("de")
            .trailer("x-sum", "9"),
    );
    assert_eq!(reply.status(), 200);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.body(), b"abcde");
    assert_eq!(upstream.trailer("x-sum"), Some(&b"9"[..]));
    assert_eq!(upstream.header("x-user"), Some(&b"a"[..]));
}

#[scenario]
fn only_listed_headers_are_sent(proxy: &mut Proxy) {
    always(
        proxy,
        result(json!(true)),
        json!({ "input": { "headers": ["x-user", ":method"] } }),
    );
    proxy.send(
        Request::get("/")
            .header("x-user", "a")
            .header("x-secret", "b"),
    );
    let input = input(proxy, 0);
    assert_eq!(
        input["attributes"]["request"]["http"]["headers"],
        json!({ ":method": "GET", "x-user": "a" })
    );
}
