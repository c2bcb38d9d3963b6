//! The bugs of the older C++ filter, each with what must hold instead.

use sdk_tests::{Proxy, Request, Rule, json, scenario};

use super::{basic, get_as, plugin, status_of};

/// B1: the query is no part of the path.
#[scenario]
fn b1_a_query_does_not_step_around_a_rule_nor_into_one(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "exact": "/secret", "credentials": ["a:b"] },
            { "suffix": "/private", "credentials": ["a:b"] }
        ] }))
        .unwrap();
    for path in ["/secret?x=1", "/x/private?a=1", "/secret?"] {
        assert_eq!(status_of(proxy, path), 401, "{path}");
    }
    assert_eq!(status_of(proxy, "/open?u=/private"), 200);
}

/// B2: other spellings of a path are the same path.
#[scenario]
fn b2_other_spellings_of_a_path_are_protected(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "exact": "/secret", "credentials": ["a:b"] }] }))
        .unwrap();
    for path in [
        "//x/secret",
        "//secret",
        "/./secret",
        "/x/../secret",
        "/%73ecret",
        "/secret;a",
        "/secret/",
    ] {
        assert_eq!(status_of(proxy, path), 401, "{path}");
        assert_eq!(get_as(proxy, "a:b", path).status(), 200, "{path}");
    }
}

/// B3: neither case, nor port, nor a trailing dot makes another host.
#[scenario]
fn b3_other_spellings_of_a_host_are_protected(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "hosts": ["example.com"], "prefix": "/", "credentials": ["a:b"] }
        ] }))
        .unwrap();
    for (host, status) in [
        ("example.com", 401),
        ("EXAMPLE.com", 401),
        ("Example.COM:80", 401),
        ("example.com.", 401),
        ("example.com:x", 401),
        ("example.org", 200),
    ] {
        let reply = proxy.send(Request::get("/").authority(host));
        assert_eq!(reply.status(), status, "{host}");
    }
}

/// B4: HEAD shows what GET shows, and a method's case in the config does not matter.
#[scenario]
fn b4_a_rule_for_get_covers_head_however_it_is_written(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "exact": "/secret", "request_methods": ["get"], "credentials": ["a:b"] },
            { "exact": "/all", "credentials": ["a:b"] }
        ] }))
        .unwrap();
    for (method, path, status) in [
        ("GET", "/secret", 401),
        ("HEAD", "/secret", 401),
        ("DELETE", "/secret", 200),
        ("DELETE", "/all", 401),
        ("OPTIONS", "/all", 401),
    ] {
        let reply = proxy.send(Request::new(method, path));
        assert_eq!(reply.status(), status, "{method} {path}");
    }
}

/// B5: a config that protects nothing is refused.
#[scenario]
fn b5_a_config_that_protects_nothing_is_refused(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    for (config, expected) in [
        (json!({}), "basic_auth_rules: expected at least one rule"),
        (
            json!({ "basic_auth_rule": [] }),
            "basic_auth_rule: unknown field",
        ),
        (
            json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": [] }] }),
            "basic_auth_rules[0].credentials: expected at least one credential",
        ),
    ] {
        let rejected = proxy.configure(config).unwrap_err();
        assert!(
            rejected.reason().contains(expected),
            "{}",
            rejected.reason()
        );
    }
}

/// B6: an empty prefix is refused; `/` is what covers everything.
#[scenario]
fn b6_an_empty_prefix_is_refused(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    let rejected = proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "", "credentials": ["a:b"] }] }))
        .unwrap_err();
    assert!(
        rejected
            .reason()
            .contains("basic_auth_rules[0].prefix: got \"\", expected"),
        "{}",
        rejected.reason()
    );
}

/// B7: a word without a colon is no credential, though it may look like base64.
#[scenario]
fn b7_a_credential_without_a_colon_is_refused_and_not_shown(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    let rejected = proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": ["password"] }] }))
        .unwrap_err();
    assert!(
        rejected
            .reason()
            .contains("basic_auth_rules[0].credentials[0]: expected `user:password`"),
        "{}",
        rejected.reason()
    );
}

/// B8: the closer rule decides; nobody has to be in both.
#[scenario]
fn b8_the_longer_prefix_decides(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "prefix": "/", "credentials": ["staff:1"] },
            { "prefix": "/admin", "credentials": ["admin:2"] }
        ] }))
        .unwrap();
    assert_eq!(get_as(proxy, "admin:2", "/admin").status(), 200);
    assert_eq!(get_as(proxy, "staff:1", "/admin").status(), 401);
    assert_eq!(get_as(proxy, "staff:1", "/").status(), 200);
    let told = "rule 1 (prefix \"/admin\") is required instead of rule 0 (prefix \"/\")";
    assert!(proxy.logs().iter().any(|log| log.message.contains(told)));
}

/// B9: wildcards and prefixes are plain string matches, as they always were: a pattern that ends at
/// a boundary is exact about it.
#[scenario]
fn b9_prefixes_and_wildcards_are_plain_string_matches(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [
            { "hosts": ["*foo.com"], "prefix": "/api", "credentials": ["a:b"] },
            { "hosts": ["*.bar.com"], "prefix": "/api/", "credentials": ["a:b"] }
        ] }))
        .unwrap();
    for (host, path, status) in [
        ("foo.com", "/api", 401),
        ("evilfoo.com", "/apiary", 401),
        ("www.bar.com", "/api/x", 401),
        ("www.bar.com", "/apiary", 200),
        ("evilbar.com", "/api/x", 200),
    ] {
        let reply = proxy.send(Request::get(path).authority(host));
        assert_eq!(reply.status(), status, "{host}{path}");
    }
}

/// B10: no log line holds a credential, whatever goes wrong.
#[scenario]
fn b10_credentials_never_reach_a_log(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    for config in [
        r#"{"basic_auth_rules": [{"prefix": "/", "credentials": ["admin:hunter2"]}], "#.to_owned(),
        json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": "admin:hunter2" }] })
            .to_string(),
        json!({ "basic_auth_rules": [{ "prefix": "/" }], "users": "admin:hunter2" }).to_string(),
    ] {
        assert!(proxy.configure(config).is_err());
    }
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:hunter2"] }] }))
        .unwrap();
    get_as(proxy, "a:hunter2", "/");
    get_as(proxy, "b:hunter2", "/");
    proxy.send(Request::get("/").header("authorization", "Basic hunter2"));
    let encoded = basic("a:hunter2").split_off("Basic ".len());
    for log in proxy.logs() {
        assert!(!log.message.contains("hunter2"), "{}", log.message);
        assert!(!log.message.contains(&encoded), "{}", log.message);
    }
}

/// B11: a realm cannot add a header to the response.
#[scenario]
fn b11_a_realm_with_a_line_break_is_refused(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    let rejected = proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }],
            "realm": "a\r\nset-cookie: x"
        }))
        .unwrap_err();
    assert!(
        rejected.reason().contains("realm: got"),
        "{}",
        rejected.reason()
    );
}

/// B12: neither the answer nor its headers tell what was wrong.
#[scenario]
fn b12_no_answer_tells_a_wrong_password_from_an_unknown_user(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "users": "alice:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=",
            "basic_auth_rules": [
                { "prefix": "/table" },
                { "prefix": "/plain", "credentials": ["alice:1"] }
            ]
        }))
        .unwrap();
    let missing = proxy.send(Request::get("/table"));
    for path in ["/table", "/plain"] {
        for pair in ["alice:wrong", "mallory:wrong", ":", "alice:"] {
            let reply = get_as(proxy, pair, path);
            assert_eq!(reply.status(), 401, "{pair}");
            assert_eq!(reply.body(), missing.body());
            assert_eq!(
                reply.header("www-authenticate"),
                missing.header("www-authenticate")
            );
        }
    }
}

/// B13: the password can be kept from the upstream, and the user told.
#[scenario]
fn b13_the_upstream_can_be_told_the_user_instead_of_the_password(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/", "credentials": ["alice:b"] }],
            "username_header": "x-user",
            "forward_authorization": false
        }))
        .unwrap();
    let reply = get_as(proxy, "alice:b", "/");
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.header("x-user"), Some(&b"alice"[..]));
    assert_eq!(upstream.header("authorization"), None);
}

/// B14: a new config replaces the old one whole; a refused one changes nothing.
#[scenario]
fn b14_a_new_config_replaces_the_old_one_and_a_bad_one_does_not(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    let only =
        |pair: &str| json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": [pair] }] });
    proxy.configure(only("old:1")).unwrap();
    assert_eq!(get_as(proxy, "old:1", "/").status(), 200);
    proxy.configure(only("new:2")).unwrap();
    assert_eq!(get_as(proxy, "old:1", "/").status(), 401);
    assert_eq!(get_as(proxy, "new:2", "/").status(), 200);
    let half_good = json!({ "basic_auth_rules": [
        { "prefix": "/", "credentials": ["third:3"] },
        { "prefix": "", "credentials": ["third:3"] }
    ] });
    assert!(proxy.configure(half_good).is_err());
    assert_eq!(get_as(proxy, "third:3", "/").status(), 401);
    assert_eq!(get_as(proxy, "new:2", "/").status(), 200);
}

/// B15: see also `credentials.rs`.
#[scenario]
fn b15_the_scheme_is_case_insensitive(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/", "credentials": ["a:b"] }] }))
        .unwrap();
    let reply = proxy.send(Request::get("/").header("authorization", "bAsIc YTpi"));
    assert_eq!(reply.status(), 200);
}
