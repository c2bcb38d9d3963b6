//! When attributes are generated, and who sees them.

use sdk_tests::{Proxy, Request, UpstreamReply, json, scenario};

use super::{RUNTIME_ERRORS, assert_soon, matched, plugin, saw, watching};

#[scenario]
fn each_phase_has_its_own(proxy: &mut Proxy) {
    proxy.upstream_replies(UpstreamReply::new(418).header("x-kind", "pot"));
    let config = json!([
        { "output_attribute": "late", "match": [
            { "condition": "response.code == 418 && request.method == 'GET'", "value": "late" }
        ] },
        { "output_attribute": "middle", "phase": "ON_RESPONSE", "match": [
            { "condition": "response.headers['x-kind'] == 'pot' && response.code == 418", "value": "middle" }
        ] },
        { "output_attribute": "early", "phase": "ON_REQUEST", "match": [
            { "condition": "request.path.startsWith('/')", "value": "early" }
        ] },
        // Those of earlier phases are there, by either name.
        { "output_attribute": "all", "match": [
            { "condition": "early == 'early' && filter_state['wasm.middle'] == 'middle' && late == 'late'",
              "value": "all" }
        ] }
    ]);
    proxy.configure(watching(&config, "all", &["all"])).unwrap();
    proxy.send(Request::get("/tea"));
    assert_soon(proxy, |proxy| saw(proxy, &["all"]), &vec![1]);
    for name in ["early", "middle", "late"] {
        assert_eq!(matched(proxy, name), 1, "{name}");
    }
    assert_eq!(proxy.metric(RUNTIME_ERRORS), 0);
}

#[scenario]
fn what_is_not_there_in_a_phase_is_an_error(proxy: &mut Proxy) {
    let match_of = |condition: &str| json!([{ "condition": condition, "value": "x" }]);
    proxy
        .configure(json!({ "attributes": [
            { "output_attribute": "a", "phase": "ON_REQUEST", "match": match_of("response.code == 200") },
            { "output_attribute": "b", "phase": "ON_RESPONSE", "match": match_of("request.method == 'GET'") },
            { "output_attribute": "c", "phase": "ON_REQUEST", "match": match_of("request.referer == 'x'") },
            { "output_attribute": "d", "match": match_of("request.headers['x-none'] == 'x'") },
            { "output_attribute": "e", "phase": "ON_REQUEST", "match": match_of("response.headers[':status'] == '200'") }
        ] }))
        .unwrap();
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| proxy.metric(RUNTIME_ERRORS), &5);
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(matched(proxy, name), 0, "{name}");
    }
}

#[scenario]
fn no_match_is_no_attribute(proxy: &mut Proxy) {
    let config = json!([
        { "output_attribute": "x", "phase": "ON_REQUEST", "match": [
            { "condition": "request.method == 'PUT'", "value": "put" },
            { "condition": "request.size > 1000", "value": "big" }
        ] },
        { "output_attribute": "none", "match": [
            { "condition": "'wasm.x' in filter_state", "value": "wrong" },
            { "value": "none" }
        ] }
    ]);
    proxy
        .configure(watching(&config, "none", &["none"]))
        .unwrap();
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| saw(proxy, &["none"]), &vec![1]);
    assert_eq!(matched(proxy, "x"), 0);
    assert_eq!(proxy.metric(RUNTIME_ERRORS), 0);
}

#[scenario]
fn values_are_taken_from_the_request(proxy: &mut Proxy) {
    let value_of = |expression: &str| json!([{ "value_expression": expression }]);
    let config = json!([
        { "output_attribute": "tenant", "phase": "ON_REQUEST", "match": value_of("request.headers['x-tenant']") },
        { "output_attribute": "code", "match": value_of("response.code") },
        { "output_attribute": "sum", "match": value_of("filter_state['wasm.tenant'] + '/' + string(response.code + 1)") }
    ]);
    proxy
        .configure(watching(&config, "sum", &["acme/201"]))
        .unwrap();
    proxy.send(Request::get("/").header("x-tenant", "acme"));
    assert_soon(proxy, |proxy| saw(proxy, &["acme/201"]), &vec![1]);
    assert_eq!(matched(proxy, "code"), 1);
    // Without the header there is no value, which is an error in two attributes.
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| proxy.metric(RUNTIME_ERRORS), &2);
    assert_eq!(matched(proxy, "tenant"), 1);
}

#[scenario]
fn a_header_of_any_bytes_breaks_nothing(proxy: &mut Proxy) {
    let config = json!([
        { "output_attribute": "x", "phase": "ON_REQUEST", "match": [
            { "condition": "request.headers['x-any'] == 'plain'", "value": "plain" },
            { "condition": "request.headers['x-any'].matches('^[a-z]+$')", "value": "letters" },
            { "condition": "'x-any' in request.headers", "value": "other" },
            { "value": "none" }
        ] }
    ]);
    let values = ["plain", "letters", "other", "none"];
    proxy.configure(watching(&config, "x", &values)).unwrap();
    for value in [&b"plain"[..], b"abc", b"\xff\xfe", b"a,b", b""] {
        proxy.send(Request::get("/").header("x-any", value));
    }
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| saw(proxy, &values), &vec![1, 1, 3, 1]);
}
