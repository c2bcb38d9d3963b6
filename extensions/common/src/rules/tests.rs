use super::*;
use crate::path::EscapedSeparators;

fn path(text: &str) -> PathPattern {
    let (kind, text) = text.split_once(' ').unwrap();
    let kind = match kind {
        "exact" => PathKind::Exact,
        "prefix" => PathKind::Prefix,
        "suffix" => PathKind::Suffix,
        _ => panic!("{kind}"),
    };
    PathPattern::new(kind, text)
}

/// Rules for paths such as `"prefix /api"`, on any host, or on `"host: prefix /api"`.
fn scopes(rules: &[&str]) -> Scopes {
    Scopes::new(
        rules
            .iter()
            .map(|rule| {
                let (host, text) = rule.split_once(": ").unwrap_or(("*", rule));
                Scope {
                    hosts: vec![HostPattern::parse(host).unwrap()],
                    methods: None,
                    path: path(text),
                }
            })
            .collect(),
    )
}

fn required_on(scopes: &Scopes, host: &str, method: &str, path: &str) -> Vec<usize> {
    let readings = Readings::of(path.as_bytes(), EscapedSeparators::Reject).unwrap();
    scopes
        .required(Some(host.as_bytes()), Some(method.as_bytes()), &readings)
        .to_vec()
}

fn required(rules: &[&str], path: &str) -> Vec<usize> {
    required_on(&scopes(rules), "a.com", "GET", path)
}

#[test]
fn an_exact_path_decides() {
    let rules = ["prefix /", "exact /health", "suffix health"];
    assert_eq!(required(&rules, "/health"), [1]);
    assert_eq!(required(&rules, "/x/health"), [0, 2]);
}

/// Servers tell `/admin` and `/admin/` apart: whoever may see the one may not the other.
#[test]
fn a_path_that_is_exact_but_for_a_slash_is_required_besides() {
    let rules = ["prefix /admin/", "exact /admin"];
    assert_eq!(required(&rules, "/admin"), [1]);
    assert_eq!(required(&rules, "/admin/"), [1, 0]);
    assert_eq!(required(&rules, "/admin//x/.."), [0, 1]);
    let rules = ["exact /a/", "exact /a"];
    assert_eq!(required(&rules, "/a"), [1]);
    assert_eq!(required(&rules, "/a/"), [0]);
}

#[test]
fn a_suffix_is_found_before_slashes_and_dots() {
    for path in ["/a.json/", "/a.json/.", "/a.json/x/..", "/a.json%20"] {
        assert_eq!(required(&["suffix .json"], path), [0], "{path}");
    }
}

#[test]
fn otherwise_the_longest_prefix_and_the_longest_suffix_are_required() {
    let rules = ["prefix /", "prefix /api", "suffix .json", "suffix a.json"];
    assert_eq!(required(&rules, "/x"), [0]);
    assert_eq!(required(&rules, "/api/x"), [1]);
    assert_eq!(required(&rules, "/api/x.json"), [1, 2]);
    assert_eq!(required(&rules, "/api/a.json"), [1, 3]);
    assert_eq!(
        required(&rules, "/apiary"),
        [1],
        "a prefix is a plain string match"
    );
}

#[test]
fn between_equal_paths_the_more_specific_host_wins_and_ties_are_all_required() {
    let scopes = scopes(&[
        "*: prefix /api",
        "*.a.com: prefix /api",
        "www.a.com: prefix /api",
        "www.a.com: prefix /api",
        "*: prefix /api/long",
    ]);
    assert_eq!(required_on(&scopes, "b.com", "GET", "/api"), [0]);
    assert_eq!(required_on(&scopes, "x.a.com", "GET", "/api"), [1]);
    assert_eq!(required_on(&scopes, "www.a.com", "GET", "/api"), [2, 3]);
    assert_eq!(
        required_on(&scopes, "www.a.com", "GET", "/api/long"),
        [4],
        "the path comes before the host"
    );
}

#[test]
fn every_reading_brings_its_own_rules() {
    let rules = ["prefix /open", "exact /secret"];
    assert_eq!(required(&rules, "/open/../secret"), [0, 1]);
    assert_eq!(required(&rules, "/%73ecret"), [1]);
    assert_eq!(required(&rules, "//secret;a"), [1]);
}

#[test]
fn a_pattern_may_be_written_percent_encoded() {
    for request in ["/a%20b", "/%61%20b", "/a%2520b"] {
        assert_eq!(required(&["exact /a%20b"], request), [0], "{request}");
    }
}

#[test]
fn a_rule_for_get_covers_head_and_case_does_not_count() {
    let mut scope = scopes(&["prefix /"]).0.remove(0);
    scope.methods = Some(vec!["GET".into(), "POST".into()]);
    let scopes = Scopes::new(vec![scope]);
    for (method, covered) in [
        ("GET", true),
        ("HEAD", true),
        ("get", true),
        ("POST", true),
        ("DELETE", false),
    ] {
        let required = required_on(&scopes, "a.com", method, "/");
        assert_eq!(!required.is_empty(), covered, "{method}");
    }
}

#[test]
fn a_request_without_a_host_could_be_for_any() {
    let scopes = scopes(&["a.com: prefix /"]);
    let readings = Readings::of(b"/", EscapedSeparators::Reject).unwrap();
    assert_eq!(
        scopes.required(None, Some(b"GET"), &readings).as_slice(),
        [0]
    );
    assert!(scopes.protects_host(None));
    assert_eq!(
        scopes.required(Some(b"a.com"), None, &readings).as_slice(),
        [0]
    );
    assert!(!scopes.protects_host(Some(b"b.com")));
    let scopes = self::scopes(&["a.com: prefix /", "*: prefix /"]);
    assert_eq!(
        scopes.required(None, Some(b"GET"), &readings).as_slice(),
        [0, 1]
    );
}

#[test]
fn what_gives_way_to_what_is_known() {
    let pairs = |rules: &[&str]| -> Vec<(usize, usize)> {
        scopes(rules)
            .displaced()
            .iter()
            .map(|displaced| (displaced.rule, displaced.winner))
            .collect()
    };
    assert_eq!(pairs(&["prefix /", "exact /health"]), [(0, 1)]);
    assert_eq!(
        pairs(&["prefix /", "prefix /api", "suffix .json"]),
        [(0, 1)]
    );
    assert_eq!(pairs(&["exact /a.json", "suffix .json"]), [(1, 0)]);
    assert_eq!(pairs(&["prefix /a", "prefix /b"]), []);
    assert_eq!(pairs(&["prefix /a", "prefix /a"]), []);
    assert_eq!(pairs(&["*: prefix /a", "a.com: prefix /a"]), [(0, 1)]);
    assert_eq!(pairs(&["b.com: prefix /", "a.com: exact /x"]), []);
}
