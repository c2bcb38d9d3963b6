//! What a path could mean.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{get_as, plugin, status_of};

#[scenario]
fn a_path_without_a_safe_reading_is_refused_under_a_protected_host(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "hosts": ["a.test"], "exact": "/secret", "credentials": ["a:b"] }
        ] }))
        .unwrap();
    for path in ["/a%2fb", "/a%5Cb", "/a%00b", "/a%zzb", "/%", "/a%c0%afb"] {
        let reply = proxy.send(Request::get(path).authority("a.test"));
        assert_eq!(reply.status(), 400, "{path}");
        assert!(reply.upstream().is_none());
        let reply = proxy.send(Request::get(path).authority("b.test"));
        assert_eq!(reply.status(), 200, "{path} elsewhere");
    }
    assert_eq!(proxy.metric("basic_auth_denied.reason.unsafe_path"), 6);
}

#[scenario]
fn the_forwarded_path_is_never_rewritten(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/x", "credentials": ["a:b"] }] }))
        .unwrap();
    for path in ["/y/%41;v=1?q=%2f", "/x/%41;v=1?q=%2f"] {
        let reply = get_as(proxy, "a:b", path);
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.upstream().unwrap().path(), path.as_bytes());
    }
}

#[scenario]
fn double_encoding_hides_nothing(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/secret", "credentials": ["a:b"] }] }))
        .unwrap();
    for path in [
        "/%2573ecret",
        "/x/%252e%252e/secret",
        "/x/..;/secret",
        "/x%252f..%252fsecret",
    ] {
        assert_eq!(status_of(proxy, path), 401, "{path}");
    }
    assert_eq!(status_of(proxy, "/100%25"), 200);
}

#[scenario]
fn escaped_separators_can_be_matched_instead(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [
                { "prefix": "/a/b", "credentials": ["a:b"] },
                { "prefix": "/c%2fd", "credentials": ["a:b"] }
            ],
            "escaped_separators": "match"
        }))
        .unwrap();
    assert_eq!(status_of(proxy, "/a%2fb"), 401);
    assert_eq!(status_of(proxy, "/a%5cb"), 401);
    assert_eq!(status_of(proxy, "/c%2fd"), 401);
    assert_eq!(status_of(proxy, "/c/d"), 401);
    assert_eq!(status_of(proxy, "/x%2fy"), 200);
}

#[scenario]
fn the_rules_of_all_readings_are_required(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "prefix": "/staff", "credentials": ["staff:1", "both:3"] },
            { "prefix": "/admin", "credentials": ["admin:2", "both:3"] }
        ] }))
        .unwrap();
    let path = "/staff/../admin";
    assert_eq!(get_as(proxy, "staff:1", path).status(), 401);
    assert_eq!(get_as(proxy, "admin:2", path).status(), 401);
    assert_eq!(get_as(proxy, "both:3", path).status(), 200);
}

#[scenario]
fn an_exact_rule_decides_and_prefix_and_suffix_are_both_required(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "prefix": "/", "credentials": ["all:1", "json:2"] },
            { "suffix": ".json", "credentials": ["json:2", "only:3"] },
            { "exact": "/health", "credentials": ["probe:4"] }
        ] }))
        .unwrap();
    assert_eq!(get_as(proxy, "probe:4", "/health").status(), 200);
    assert_eq!(get_as(proxy, "all:1", "/health").status(), 401);
    assert_eq!(get_as(proxy, "json:2", "/a.json").status(), 200);
    assert_eq!(get_as(proxy, "all:1", "/a.json").status(), 401);
    assert_eq!(get_as(proxy, "only:3", "/a.json").status(), 401);
}

#[scenario]
fn between_equal_paths_the_closer_host_wins(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "prefix": "/", "credentials": ["any:1"] },
            { "hosts": ["*.a.test"], "prefix": "/", "credentials": ["sub:2"] },
            { "hosts": ["www.a.test"], "prefix": "/", "credentials": ["www:3"] }
        ] }))
        .unwrap();
    for (host, pair) in [
        ("b.test", "any:1"),
        ("x.a.test", "sub:2"),
        ("www.a.test", "www:3"),
    ] {
        for candidate in ["any:1", "sub:2", "www:3"] {
            let request = Request::get("/")
                .authority(host)
                .header("authorization", super::basic(candidate));
            let expected = if candidate == pair { 200 } else { 401 };
            assert_eq!(proxy.send(request).status(), expected, "{host} {candidate}");
        }
    }
}

#[scenario]
fn a_suffix_is_not_stepped_around_by_what_follows_it(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "suffix": ".json", "credentials": ["a:b"] }] }))
        .unwrap();
    for path in [
        "/a.json",
        "/a.json/",
        "/a.json/.",
        "/a.json/x/..",
        "/a.json%20",
    ] {
        assert_eq!(status_of(proxy, path), 401, "{path}");
    }
    assert_eq!(status_of(proxy, "/a.json%0a"), 400);
    assert_eq!(status_of(proxy, "/a.jsonp"), 200);
}

#[scenario]
fn an_exact_rule_opens_no_path_that_differs_in_a_slash(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "prefix": "/admin/", "credentials": ["root:1"] },
            { "exact": "/admin", "credentials": ["guest:2"] }
        ] }))
        .unwrap();
    assert_eq!(get_as(proxy, "guest:2", "/admin").status(), 200);
    assert_eq!(get_as(proxy, "guest:2", "/admin/").status(), 401);
    assert_eq!(get_as(proxy, "guest:2", "/admin//").status(), 401);
    assert_eq!(get_as(proxy, "root:1", "/admin/x").status(), 200);
}

/// A path of many kilobytes that is made to be read in many ways.
#[scenario]
fn a_path_that_is_costly_to_read_is_refused(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/x", "credentials": ["a:b"] }] }))
        .unwrap();
    let path = format!("/{};//./%2541;//./x", "a".repeat(50_000));
    assert_eq!(status_of(proxy, &path), 400);
}
