//! Configurations that are refused, and what an operator reads then.

use sdk_tests::{HostKind, Proxy, Request, json, scenario};

use super::{CONFIG_ERRORS, assert_soon, matched, plugin};

#[scenario]
fn a_bad_condition_is_refused_by_name_and_the_old_config_stays(proxy: &mut Proxy) {
    let good = json!({ "attributes": [
        { "output_attribute": "x", "phase": "ON_REQUEST", "match": [{ "value": "x" }] }
    ] });
    proxy.configure(good).unwrap();
    for (condition, said) in [
        (
            "request.path ==",
            "expected an expression that the host takes",
        ),
        ("request.path.split(',')", "answered 2 (bad argument)"),
        (
            "request.path.matches('^[')",
            "does not compile the regular expression '^['",
        ),
    ] {
        let rejected = proxy
            .configure(json!({ "attributes": [
                { "output_attribute": "y", "phase": "ON_REQUEST", "match": [{ "value": "y" }] },
                { "output_attribute": "bad", "match": [
                    { "condition": "true", "value": "fine" },
                    { "condition": condition, "value": "bad" }
                ] }
            ] }))
            .unwrap_err();
        let reason = rejected.reason();
        assert!(
            reason.contains("attributes[1].match[1].condition of \"bad\""),
            "{reason}"
        );
        assert!(reason.contains(said), "{reason}");
    }
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| matched(proxy, "x"), &1);
    assert_eq!(matched(proxy, "y"), 0);
    let refused = proxy.metric(CONFIG_ERRORS);
    match proxy.host() {
        // Whichever of its VMs try it.
        HostKind::Envoy => assert!(refused >= 3, "{refused}"),
        _ => assert_eq!(refused % 3, 0, "{refused}"),
    }
}

#[scenario]
fn a_bad_shape_is_refused_by_name(proxy: &mut Proxy) {
    let rejected = proxy
        .configure(json!({ "attributes": [{ "output_attribute": "x", "phase": "ON_LOG" }] }))
        .unwrap_err();
    assert!(
        rejected
            .reason()
            .contains("attributes[0].phase: unknown variant `ON_LOG`"),
        "{rejected}"
    );
}

#[scenario]
fn old_names_are_understood(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "attributes": [{
            "output_attribute": "x",
            "match": [{ "condition": "cluster_name == 'upstream' && node.id != ''", "value": "x" }]
        }] }))
        .unwrap();
    proxy.send(Request::get("/"));
    assert_soon(proxy, |proxy| matched(proxy, "x"), &1);
}
