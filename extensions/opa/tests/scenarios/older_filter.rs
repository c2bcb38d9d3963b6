//! The bugs of the older C++ filter, each with what must hold instead.

mod murmur;

use std::time::Duration;

use sdk_tests::{Proxy, Request, Rule, UpstreamReply, json, scenario};
use serde_json::Value;

use super::{always, get, input, plugin, result, server};
use murmur::{colliding_path, hash};

/// A config of the older filter, with decisions that are remembered for a minute.
fn older() -> Value {
    json!({
        "opa_service_host": "opa.local", "opa_cluster_name": "opa",
        "check_result_cache_valid_sec": 60
    })
}

/// A policy over the older filter's input that allows what begins with `/public/`.
fn public_only(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let path = body["input"]["request_url_path"].as_str().unwrap();
        result(json!(path.starts_with("/public/")))
    });
    proxy.configure(older()).unwrap();
}

/// O1: the key was a 32-bit hash, so that another path could be found whose decision `/admin` got.
#[scenario]
fn o1_a_path_whose_hash_collides_gets_no_foreign_decision(proxy: &mut Proxy) {
    // The pair that was shown to work against the older filter, and one that is computed here.
    assert_eq!(hash(b"/admin"), 0xc479_5c7a);
    assert_eq!(hash(b"/public/---W6wzV"), hash(b"/admin"));
    let computed = colliding_path(b"/public/", u64::from(hash(b"/admin"))).unwrap();
    assert_eq!(hash(computed.as_bytes()), hash(b"/admin"));
    public_only(proxy);
    for path in ["/public/---W6wzV", &computed] {
        assert_eq!(get(proxy, path).status(), 200, "{path}");
        assert_eq!(get(proxy, path).status(), 200, "{path}");
        let reply = get(proxy, "/admin");
        assert_eq!(reply.status(), 403);
        assert!(reply.upstream().is_none());
    }
    assert!(proxy.metric("opa_cache_hits") >= 3);
}

/// O2: the key was a sum, so that what one field lost another could make up for.
#[scenario]
fn o2_fields_cannot_make_up_for_each_other(proxy: &mut Proxy) {
    let sum =
        |method: &[u8], path: &str| u64::from(hash(method)) + u64::from(hash(path.as_bytes()));
    let (secret, path) = (0..)
        .find_map(|number| {
            let secret = format!("/admin/{number}");
            let wanted = sum(b"DELETE", &secret).checked_sub(u64::from(hash(b"GET")))?;
            Some((secret, colliding_path(b"/public/", wanted)?))
        })
        .unwrap();
    assert_eq!(sum(b"DELETE", &secret), sum(b"GET", &path));
    public_only(proxy);
    assert_eq!(get(proxy, &path).status(), 200);
    let reply = proxy.send(Request::new("DELETE", secret));
    assert_eq!(reply.status(), 403);
}

/// O2, with the very same values in each other's place.
#[scenario(native, wasm)]
fn o2_swapped_fields_are_another_input(proxy: &mut Proxy) {
    let principal = &["connection", "uri_san_peer_certificate"];
    public_only(proxy);
    proxy.property(principal, "/admin");
    assert_eq!(get(proxy, "/public/x").status(), 200);
    proxy.property(principal, "/public/x");
    assert_eq!(get(proxy, "/admin").status(), 403);
}

/// O3: the 1001st entry corrupted the memory.
#[scenario]
fn o3_more_inputs_than_the_cache_holds_are_served_well(proxy: &mut Proxy) {
    public_only(proxy);
    for number in 0..1_100 {
        let (path, status) = match number % 2 {
            0 => (format!("/public/{number}"), 200),
            _ => (format!("/private/{number}"), 403),
        };
        assert_eq!(get(proxy, &path).status(), status);
    }
    // The first ones were forgotten, the last ones were not.
    assert_eq!(get(proxy, "/public/0").status(), 200);
    assert_eq!(get(proxy, "/private/1").status(), 403);
    assert_eq!(proxy.callouts().len(), 1_102);
    assert_eq!(get(proxy, "/public/1098").status(), 200);
    assert_eq!(proxy.callouts().len(), 1_102);
}

/// O4: the text "true" was as good as true.
#[scenario]
fn o4_text_is_no_decision(proxy: &mut Proxy) {
    proxy.serve("opa", |_| result(json!("true")));
    proxy.configure(older()).unwrap();
    assert_eq!(get(proxy, "/").status(), 403);
    assert_eq!(proxy.metric("opa_malformed"), 1);
}

/// O5: the status of the answer did not matter.
#[scenario]
fn o5_an_answer_that_is_not_200_allows_nothing(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let path = body["input"]["request_url_path"].as_str().unwrap();
        let status = path.trim_start_matches('/').parse().unwrap();
        UpstreamReply::new(status).body(r#"{"result": true}"#)
    });
    proxy.configure(older()).unwrap();
    for status in [500, 302, 404, 201] {
        assert_eq!(get(proxy, &format!("/{status}")).status(), 500);
    }
    assert_eq!(get(proxy, "/200").status(), 200);
}

/// O6: a policy saw neither query, nor headers, nor host, and the path only as it was spelled.
#[scenario]
fn o6_a_policy_sees_and_the_cache_tells_apart_what_matters(proxy: &mut Proxy) {
    always(proxy, result(json!(true)), json!({ "cache": {} }));
    let base = || Request::get("/admin");
    for request in [
        base(),
        Request::get("/admin?admin=true"),
        Request::get("/%61dmin"),
        Request::get("/x/../admin"),
        base().header("x-user", "root"),
        base().authority("other.test"),
    ] {
        assert_eq!(proxy.send(request).status(), 200);
    }
    assert_eq!(proxy.callouts().len(), 6);
    assert_eq!(
        input(proxy, 1)["parsed_query"],
        json!({ "admin": ["true"] })
    );
    assert_eq!(input(proxy, 2)["parsed_path"], json!(["admin"]));
    let http = |input: &Value, field: &str| input["attributes"]["request"]["http"][field].clone();
    assert_eq!(http(&input(proxy, 4), "headers")["x-user"], "root");
    assert_eq!(http(&input(proxy, 5), "host"), "other.test");
}

/// O7: everybody without a certificate shared one decision.
#[scenario]
fn o7_clients_without_a_certificate_do_not_share_decisions(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let headers = &body["input"]["attributes"]["request"]["http"]["headers"];
        result(json!(headers["authorization"] == "Bearer alice"))
    });
    proxy.configure(server(json!({ "cache": {} }))).unwrap();
    let as_user = |token: &str| Request::get("/").header("authorization", token);
    assert_eq!(proxy.send(as_user("Bearer alice")).status(), 200);
    assert_eq!(proxy.send(as_user("Bearer mallory")).status(), 403);
    assert_eq!(get(proxy, "/").status(), 403);
}

/// O8: a body went on while the decision was pending. See also the tests in `src/filter`.
#[scenario]
fn o8_a_body_does_not_pass_while_the_decision_is_pending(proxy: &mut Proxy) {
    let slow = result(json!(false)).after(Duration::from_millis(300));
    always(proxy, slow, json!({}));
    let reply = proxy.send(
        Request::post("/")
            .chunk("abc")
            .chunk("de")
            .trailer("x-sum", "9"),
    );
    assert_eq!(reply.status(), 403);
    assert!(reply.upstream().is_none());
}

/// O9: an answer for a client that had left was undefined behaviour.
#[scenario]
fn o9_an_answer_for_a_client_that_left_is_no_harm(proxy: &mut Proxy) {
    let slow = result(json!(false)).after(Duration::from_millis(200));
    always(proxy, slow, json!({}));
    let leaves = proxy.start(Request::get("/"));
    let stays = proxy.start(Request::get("/other"));
    proxy.leave(leaves);
    assert_eq!(proxy.finish(stays).status(), 403);
    assert_eq!(get(proxy, "/").status(), 403);
}

/// O10: a newer answer did not replace an older one, and a long time overflowed.
#[scenario]
fn o10_what_is_remembered_is_the_newest_and_ages(proxy: &mut Proxy) {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    proxy.serve("opa", move |_| {
        result(json!(
            asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0
        ))
    });
    let mut config = older();
    config["check_result_cache_valid_sec"] = json!(1);
    proxy.configure(config).unwrap();
    assert_eq!(get(proxy, "/").status(), 200);
    proxy.advance(Duration::from_millis(1_100));
    for _ in 0..2 {
        assert_eq!(get(proxy, "/").status(), 403);
    }
    assert_eq!(proxy.callouts().len(), 2);
    let mut ages = older();
    ages["check_result_cache_valid_sec"] = json!(u64::MAX);
    proxy.configure(ages).unwrap();
    for _ in 0..2 {
        assert_eq!(get(proxy, "/").status(), 403);
    }
    assert_eq!(proxy.callouts().len(), 3);
}

/// O11: the README had another name for the cache's field than the code, and nobody noticed.
#[scenario]
fn o11_both_names_of_the_cache_work_and_others_are_refused(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    proxy.serve("opa", |_| result(json!(true)));
    for (number, name) in ["check_result_cache_valid_sec", "cache_valid_for_sec"]
        .into_iter()
        .enumerate()
    {
        let mut config = json!({ "opa_service_host": "a", "opa_cluster_name": "opa" });
        config[name] = json!(60);
        proxy.configure(config).unwrap();
        get(proxy, "/");
        get(proxy, "/");
        assert_eq!(proxy.callouts().len(), number + 1, "{name}");
    }
    let mut config = older();
    config["cache_valid_sec"] = json!(1);
    let reason = proxy.configure(config).unwrap_err().reason();
    assert!(
        reason.contains("cache_valid_sec: unknown field"),
        "{reason}"
    );
}

/// O12: path and timeout were fixed, and a slow server got every request of the crowd.
#[scenario]
fn o12_path_and_timeout_are_configured_and_a_crowd_asks_once(proxy: &mut Proxy) {
    proxy.serve("opa", |request| {
        assert_eq!(request.path(), b"/v1/data/my/rule");
        result(json!(true)).after(Duration::from_secs(2))
    });
    let server = json!({ "cluster": "opa", "path": "/v1/data/my/rule", "timeout": "0.4s" });
    proxy.configure(json!({ "server": server })).unwrap();
    let crowd: Vec<_> = (0..5).map(|_| proxy.start(Request::get("/"))).collect();
    for started in crowd {
        assert_eq!(proxy.finish(started).status(), 403);
    }
    assert_eq!(proxy.callouts().len(), 1);
    assert_eq!(proxy.metric("opa_errors.kind.timeout"), 5);
}
