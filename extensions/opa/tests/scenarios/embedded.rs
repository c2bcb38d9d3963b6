//! Policies that are evaluated in the proxy.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sdk_tests::{Fault, Plugin, Proxy, Request, Rule, UpstreamReply, json, scenario};
use serde_json::Value;

use super::{get, server};

fn plugin() -> Plugin {
    Plugin::new("opa_embedded", opa::root_context)
}

const POLICY: &str = r#"package envoy.authz

default allow := false

allow if input.parsed_path[0] == "public"

allow if {
	input.attributes.request.http.headers["x-user"] in data.admins
}
"#;

fn policy(extra: Value) -> Value {
    let mut policy = json!({ "inline": POLICY, "data": { "admins": ["alice"] } });
    policy
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    json!({ "policy": policy })
}

#[scenario]
fn a_policy_and_its_data_decide(proxy: &mut Proxy) {
    proxy.configure(policy(json!({}))).unwrap();
    assert_eq!(get(proxy, "/public/x").status(), 200);
    let reply = get(proxy, "/private");
    assert_eq!(reply.status(), 403);
    assert!(reply.upstream().is_none());
    let alice = Request::get("/private").header("x-user", "alice");
    assert_eq!(proxy.send(alice).status(), 200);
    assert_eq!(proxy.metric("opa_allowed"), 2);
    assert_eq!(proxy.metric("opa_denied"), 1);
    assert!(proxy.callouts().is_empty());
}

#[scenario]
fn a_policy_can_return_the_object(proxy: &mut Proxy) {
    let text = r#"package envoy.authz
result := {"allowed": false, "http_status": 401, "body": sprintf("no %s", [input.parsed_path[0]])}
"#;
    proxy
        .configure(json!({ "policy": { "inline": text, "query": "data.envoy.authz.result" } }))
        .unwrap();
    let reply = get(proxy, "/way");
    assert_eq!((reply.status(), reply.text().as_ref()), (401, "no way"));
}

#[scenario]
fn an_undefined_rule_denies(proxy: &mut Proxy) {
    let text = "package envoy.authz\nallow if input.nothing";
    proxy
        .configure(json!({ "policy": { "inline": text } }))
        .unwrap();
    assert_eq!(get(proxy, "/").status(), 403);
    assert_eq!(proxy.metric("opa_undefined"), 1);
}

#[scenario]
fn an_evaluation_that_goes_wrong_is_an_error(proxy: &mut Proxy) {
    let text = "package envoy.authz\nallow := true\nallow := false if input.version";
    proxy
        .configure(json!({ "policy": { "inline": text }, "status_on_error": 500 }))
        .unwrap();
    assert_eq!(get(proxy, "/").status(), 500);
    assert_eq!(proxy.metric("opa_errors.kind.evaluation"), 1);
}

/// On Wasmtime time stands still while a callback runs.
#[scenario(native, envoy)]
fn an_evaluation_ends_with_its_time_and_denies_whatever_errors_lead_to(proxy: &mut Proxy) {
    let text = r#"package envoy.authz
allow if {
	input.parsed_path[0] == "slow"
	n := numbers.range(1, 1000)
	some x in n
	some y in n
	x * y == -1
}
allow if input.parsed_path[0] == "fast"
"#;
    let config = json!({
        "policy": { "inline": text, "limits": { "time": "0.02s" } }, "on_error": "allow"
    });
    proxy.configure(config).unwrap();
    assert_eq!(get(proxy, "/slow").status(), 403);
    assert_eq!(proxy.metric("opa_errors.kind.limit"), 1);
    assert_eq!(get(proxy, "/fast").status(), 200);
}

#[scenario]
fn an_evaluation_ends_with_its_memory(proxy: &mut Proxy) {
    let text = r#"package envoy.authz
allow if {
	input.parsed_path[0] == "big"
	lists := [l | some x in numbers.range(1, 200); l := numbers.range(x, x + 1000)]
	count(lists) == 0
}
allow if input.parsed_path[0] == "small"
"#;
    let limits = json!({ "time": "10s", "memory_bytes": 1_000_000 });
    proxy
        .configure(json!({ "policy": { "inline": text, "limits": limits } }))
        .unwrap();
    assert_eq!(get(proxy, "/big").status(), 403);
    assert_eq!(proxy.metric("opa_errors.kind.limit"), 1);
    assert_eq!(get(proxy, "/small").status(), 200);
}

#[scenario]
fn a_policy_that_does_not_compile_is_refused_with_line_and_column(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    for (text, expected) in [
        (
            "package a\n\nallow := tru e\n",
            "policy.inline:3:14: rule must have a body",
        ),
        (
            "package a\nallow if x == 1",
            "policy.inline:2:10: use of undefined variable `x`",
        ),
        (
            "package a\nallow if foo(1)",
            "policy.inline:2:10: there is no function `foo` here",
        ),
        (
            "package a\nallow if http.send({})",
            "policy.inline:2:10: there is no function `http.send`",
        ),
        (
            "package a\nallow if allow",
            "policy.inline:2:1: recursion detected",
        ),
        (
            "package a\nallow { input.x }",
            "policy.inline:2:7: `if` keyword is required",
        ),
        (
            "package a\nallowed := true",
            "policy.query: got \"data.a.allow\", expected a rule of the policy",
        ),
    ] {
        let config = json!({ "policy": { "inline": text, "query": "data.a.allow" } });
        let reason = proxy.configure(config).unwrap_err().reason();
        assert!(reason.contains(expected), "{text}: {reason}");
    }
}

#[scenario]
fn older_rego_needs_a_switch(proxy: &mut Proxy) {
    let text =
        "package test\n\ndefault allow = false\n\nallow {\n  input.request_method == \"GET\"\n}\n";
    proxy
        .configure(json!({
            "policy": { "inline": text, "query": "data.test.allow", "rego_v0": true },
            "input": { "form": "legacy" }
        }))
        .unwrap();
    assert_eq!(get(proxy, "/").status(), 200);
    assert_eq!(proxy.send(Request::post("/")).status(), 403);
}

#[scenario]
fn a_policy_stands_in_for_a_server_that_fails(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Refused);
    let mut config = policy(json!({}));
    config["on_error"] = json!("embedded");
    proxy.configure(server(config)).unwrap();
    assert_eq!(get(proxy, "/public").status(), 200);
    assert_eq!(get(proxy, "/private").status(), 403);
    assert_eq!(proxy.metric("opa_errors.kind.unreachable"), 2);
    assert_eq!(proxy.metric("opa_allowed"), 1);
    assert_eq!(proxy.metric("opa_denied"), 1);
}

#[scenario]
fn a_decision_of_the_policy_is_remembered_too(proxy: &mut Proxy) {
    let mut config = policy(json!({}));
    config["cache"] = json!({});
    proxy.configure(config).unwrap();
    for _ in 0..2 {
        assert_eq!(get(proxy, "/public").status(), 200);
    }
    assert_eq!(proxy.metric("opa_cache_hits"), 1);
}

#[scenario]
fn a_decision_has_an_id(proxy: &mut Proxy) {
    proxy.configure(policy(json!({}))).unwrap();
    get(proxy, "/public");
    let logs = proxy.logs();
    let line = logs
        .iter()
        .find(|log| log.message.contains("passes: allowed (decision "));
    assert!(
        line.is_some_and(|log| log.message.contains("-1)")),
        "{logs:?}"
    );
}

/// A server of policies that goes from one to the next when it is told to. It counts how often what it
/// has was known, and how often the one after a broken one was asked for as such.
fn serve_policies(proxy: &mut Proxy) -> Arc<[AtomicUsize; 3]> {
    let shared = Arc::new([const { AtomicUsize::new(0) }; 3]);
    let state = shared.clone();
    proxy.serve("policies", move |request| {
        let [version, known, after_broken] = &*state;
        let version = version.load(Ordering::SeqCst);
        let etag = format!("\"{version}\"");
        let sent = request.header("if-none-match");
        if sent == Some(etag.as_bytes()) {
            known.fetch_add(1, Ordering::SeqCst);
            return UpstreamReply::new(304);
        }
        if version == 2 && sent == Some(b"\"1\"") {
            after_broken.fetch_add(1, Ordering::SeqCst);
        }
        let allows = |path: &str| {
            format!("package envoy.authz\nallow if input.parsed_path[0] == \"{path}\"")
        };
        let body = match (request.path(), version) {
            (b"/policy.rego", 0) => allows("a"),
            (b"/policy.rego", 1) => "package".to_owned(),
            (b"/policy.rego", _) => allows("b"),
            _ => return UpstreamReply::new(404),
        };
        UpstreamReply::new(200).header("etag", etag).body(body)
    });
    shared
}

#[scenario]
fn a_fetched_policy_takes_the_place_of_the_one_before_unless_it_is_bad(proxy: &mut Proxy) {
    let state = serve_policies(proxy);
    let [version, known, after_broken] = &*state;
    let poll = json!({ "cluster": "policies", "policy_path": "/policy.rego", "interval": "1s" });
    proxy
        .configure(json!({ "policy": { "poll": poll }, "cache": {} }))
        .unwrap();
    let allowed = |proxy: &mut Proxy| ["/a", "/b"].map(|path| get(proxy, path).status() == 200);
    proxy.advance(Duration::from_millis(300));
    assert_eq!(allowed(proxy), [true, false]);
    proxy.advance(Duration::from_millis(2_500));
    assert!(known.load(Ordering::SeqCst) > 0);
    assert_eq!(proxy.metric("opa_policy_errors"), 0);
    assert_eq!(allowed(proxy), [true, false]);
    version.store(1, Ordering::SeqCst);
    proxy.advance(Duration::from_millis(2_500));
    assert!(proxy.metric("opa_policy_errors") > 0);
    assert_eq!(allowed(proxy), [true, false]);
    // What was decided before is forgotten with the policy that decided it.
    version.store(2, Ordering::SeqCst);
    proxy.advance(Duration::from_millis(2_500));
    assert_eq!(allowed(proxy), [false, true]);
    assert!(after_broken.load(Ordering::SeqCst) > 0);
    assert!(proxy.metric("opa_policy_updates") > 1);
}

#[scenario]
fn a_huge_result_of_a_function_is_refused_and_the_next_request_is_served(proxy: &mut Proxy) {
    let text = r#"package envoy.authz
allow if count(numbers.range(1, to_number(input.parsed_query.n[0]))) < 100
"#;
    proxy
        .configure(json!({ "policy": { "inline": text }, "on_error": "allow" }))
        .unwrap();
    assert_eq!(get(proxy, "/?n=9000000000000000").status(), 403);
    assert_eq!(proxy.metric("opa_errors.kind.limit"), 1);
    assert_eq!(get(proxy, "/?n=10").status(), 200);
}

/// In Envoy by its own cryptography, on the mock by that of the module.
#[scenario]
fn a_policy_can_verify_tokens(proxy: &mut Proxy) {
    let data: Value = serde_json::from_str(include_str!("../data/tokens.json")).unwrap();
    let text = r#"package envoy.authz
token := trim_prefix(input.attributes.request.http.headers.authorization, "Bearer ")
result := {"allowed": true, "headers": {"x-user": claims.sub}} if {
	[true, _, claims] := io.jwt.decode_verify(token, {"cert": data.jwks, "aud": "api"})
}
"#;
    let policy = json!({
        "inline": text, "query": "data.envoy.authz.result",
        "data": { "jwks": data["jwks"].to_string() }
    });
    proxy.configure(json!({ "policy": policy })).unwrap();
    let with = |token: &str| Request::get("/").header("authorization", format!("Bearer {token}"));
    for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        let token = data["tokens"][algorithm]["token"].as_str().unwrap();
        let reply = proxy.send(with(token));
        let upstream = reply.upstream().unwrap();
        assert_eq!(
            upstream.header("x-user"),
            Some(&b"alice"[..]),
            "{algorithm}"
        );
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (_, rest) = signature.split_at(1);
        let other = if signature.starts_with('A') { "B" } else { "A" };
        let reply = proxy.send(with(&format!("{signed}.{other}{rest}")));
        assert_eq!(reply.status(), 403, "{algorithm}");
    }
    let symmetric = data["tokens"]["HS256"]["token"].as_str().unwrap();
    assert_eq!(proxy.send(with(symmetric)).status(), 403);
    assert_eq!(proxy.send(with("x.y.z")).status(), 403);
    assert_eq!(get(proxy, "/").status(), 403);
}

#[scenario]
fn without_a_policy_yet_errors_lead_where_they_lead(proxy: &mut Proxy) {
    proxy.serve("policies", |_| UpstreamReply::new(500));
    let poll = json!({ "cluster": "policies", "policy_path": "/policy.rego" });
    proxy
        .configure(json!({ "policy": { "poll": poll }, "status_on_error": 503 }))
        .unwrap();
    assert_eq!(get(proxy, "/").status(), 503);
    assert_eq!(proxy.metric("opa_errors.kind.no_policy"), 1);
}

#[scenario]
fn data_is_fetched_beside_an_inline_policy(proxy: &mut Proxy) {
    proxy.serve("policies", |_| {
        UpstreamReply::new(200).body(r#"{"admins": ["bob"]}"#)
    });
    let poll = json!({ "cluster": "policies", "data_path": "/data.json" });
    proxy.configure(policy(json!({ "poll": poll }))).unwrap();
    proxy.advance(Duration::from_millis(300));
    let bob = Request::get("/private").header("x-user", "bob");
    assert_eq!(proxy.send(bob).status(), 200);
    let alice = Request::get("/private").header("x-user", "alice");
    assert_eq!(proxy.send(alice).status(), 403);
}

#[scenario]
fn what_the_policy_does_not_define_has_an_id_too(proxy: &mut Proxy) {
    let text = "package envoy.authz\nallow if input.nothing";
    proxy
        .configure(json!({ "policy": { "inline": text } }))
        .unwrap();
    assert_eq!(get(proxy, "/").status(), 403);
    let logs = proxy.logs();
    let line = logs.iter().find(|log| {
        let message = &log.message;
        message.contains("the policy is undefined (decision ") && message.ends_with("-1)")
    });
    assert!(line.is_some(), "{logs:?}");
}
