//! What access logs and other filters learn of a decision.

use sdk_tests::{HostKind, Plugin, Proxy, Reply, Surroundings, UpstreamReply, json, scenario};

use super::{always, get};

/// The module that asks a server.
fn plugin() -> Plugin {
    super::plugin()
}

/// Envoy's own header mutation shows these filter states to the client, in the words of access logs.
fn show_filter_state(proxy: &mut Proxy) {
    let shown = |header: &str, state: &str| {
        let value = format!("%FILTER_STATE({state}:PLAIN)%");
        json!({ "append": { "header": { "key": header, "value": value } } })
    };
    proxy.surround(Surroundings::default().filter(json!({
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": { "response_mutations": [
                shown("x-id", "wasm.opa_decision_id"),
                shown("x-user", "wasm.opa.user"),
                shown("x-roles", "wasm.opa.roles")
            ] }
        }
    })));
}

/// What Envoy showed; the mock host has no such filter, only the calls that set what it would show.
fn assert_told(proxy: &mut Proxy, reply: &Reply, header: &str, expected: &str, calls: usize) {
    if proxy.host() == HostKind::Envoy {
        let value = reply.header(header).map(String::from_utf8_lossy);
        assert_eq!(value.as_deref(), Some(expected), "{header}");
        return;
    }
    let costs = proxy.costs();
    let all = costs.iter().flat_map(|cost| &cost.host_calls);
    let set = all.filter(|call| call.name == "proxy_set_property").count();
    assert_eq!(set, calls, "{header}");
}

#[scenario]
fn a_decision_id_and_metadata_are_told(proxy: &mut Proxy) {
    show_filter_state(proxy);
    let answer = json!({
        "decision_id": "4ca6-1",
        "result": { "allowed": true, "dynamic_metadata": { "user": "alice", "roles": ["a"] } }
    });
    always(
        proxy,
        UpstreamReply::new(200).body(answer.to_string()),
        json!({}),
    );
    let reply = get(proxy, "/");
    assert_eq!(reply.status(), 200);
    let logs = proxy.logs();
    let told = |text: &str| logs.iter().any(|log| log.message.contains(text));
    assert!(told("passes: allowed (decision 4ca6-1)"), "{logs:?}");
    assert_told(proxy, &reply, "x-id", "4ca6-1", 3);
    assert_told(proxy, &reply, "x-user", "alice", 3);
    assert_told(proxy, &reply, "x-roles", "[\"a\"]", 3);
}

#[scenario]
fn so_is_the_id_of_a_denial_and_of_what_is_no_decision(proxy: &mut Proxy) {
    show_filter_state(proxy);
    proxy.serve("opa", |request| {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let path = body["input"]["parsed_path"][0].as_str().unwrap();
        let answer = match path {
            "denied" => json!({ "decision_id": path, "result": false }),
            "malformed" => json!({ "decision_id": path, "result": 1 }),
            _ => json!({ "decision_id": path }),
        };
        UpstreamReply::new(200).body(answer.to_string())
    });
    proxy.configure(super::server(json!({}))).unwrap();
    for id in ["denied", "malformed", "undefined"] {
        let reply = get(proxy, &format!("/{id}"));
        assert_eq!(reply.status(), 403);
        assert_told(proxy, &reply, "x-id", id, 1);
        let logs = proxy.logs();
        let line = format!("(decision {id})");
        assert!(
            logs.iter().any(|log| log.message.ends_with(&line)),
            "{logs:?}"
        );
    }
}
