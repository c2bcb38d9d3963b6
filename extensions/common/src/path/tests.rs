use super::*;

fn readings(path: &str) -> Vec<String> {
    all(path, EscapedSeparators::Reject)
}

fn all(path: &str, separators: EscapedSeparators) -> Vec<String> {
    Readings::of(path.as_bytes(), separators)
        .unwrap()
        .iter()
        .map(|reading| String::from_utf8_lossy(reading).into_owned())
        .collect()
}

fn refused(path: &str) -> UnsafePath {
    Readings::of(path.as_bytes(), EscapedSeparators::Reject).unwrap_err()
}

#[test]
fn a_plain_path_has_one_reading() {
    assert_eq!(readings("/api/v1/items.json"), ["/api/v1/items.json"]);
    assert_eq!(readings("/"), ["/"]);
    assert_eq!(readings("/api?next=/../%zz//x"), ["/api"]);
    assert_eq!(readings("/api#/../x"), ["/api"]);
}

#[test]
fn whatever_a_server_makes_of_it_is_among_the_readings() {
    for path in [
        "//secret",
        "/./secret",
        "/x/../secret",
        "/../secret",
        "/%73ecret",
        "/%2573ecret",
        "/secret;a",
        "/;a/secret",
        "/x/%2e%2e/secret",
        "/x/%252e%252e/secret",
        "/x/..;/secret",
        "/x/..;a=b/secret",
        "//x//../..//secret",
        "/x//../secret",
        "/secret%3fa",
        "/secret%23a",
        "/secret%3ba",
        "/%2573ecret;x//..",
        "/x%252f..%252fsecret",
        "//x/secret",
        "///x/secret",
        "//a:b@x/secret",
        "/%2e//x/secret",
        "/secret%20",
        "/secret%2520%20",
    ] {
        let readings = readings(path);
        assert_eq!(readings[0], path);
        assert!(
            readings.iter().any(|r| r == "/secret" || r == "/secret/"),
            "{path}: {readings:?}"
        );
    }
}

#[test]
fn servers_that_differ_in_the_order_are_all_considered() {
    // Resolved first, the empty segment is what `..` removes; merged first, it is `x`.
    let readings = readings("/x//../secret");
    assert!(readings.contains(&"/x/secret".to_owned()), "{readings:?}");
    assert!(readings.contains(&"/secret".to_owned()), "{readings:?}");
}

#[test]
fn what_has_no_safe_reading_is_refused() {
    for (path, reason) in [
        ("", UnsafePath::NotAbsolute),
        ("*", UnsafePath::NotAbsolute),
        ("api", UnsafePath::NotAbsolute),
        ("?/", UnsafePath::NotAbsolute),
        ("/%", UnsafePath::BadEscape),
        ("/%2", UnsafePath::BadEscape),
        ("/%zz", UnsafePath::BadEscape),
        ("/%u0073", UnsafePath::BadEscape),
        ("/a%00b", UnsafePath::ControlCharacter),
        ("/a%0a", UnsafePath::ControlCharacter),
        ("/a%7f", UnsafePath::ControlCharacter),
        ("/a%2500b", UnsafePath::ControlCharacter),
        ("/a%2fb", UnsafePath::EscapedSeparator),
        ("/a%2Fb", UnsafePath::EscapedSeparator),
        ("/a%5cb", UnsafePath::EscapedSeparator),
        ("/a\\b", UnsafePath::EscapedSeparator),
        ("/a%c0%afb", UnsafePath::Overlong),
        ("/a%e0%80%afb", UnsafePath::Overlong),
        ("/a%25c0%25afb", UnsafePath::Overlong),
    ] {
        assert_eq!(refused(path), reason, "{path}");
    }
}

#[test]
fn a_percent_sign_that_was_encoded_is_no_bad_escape() {
    let readings = readings("/100%25");
    assert_eq!(readings, ["/100%25", "/100%"]);
}

#[test]
fn escaped_separators_can_be_matched_both_ways() {
    let both = all("/a%2fb", EscapedSeparators::Match);
    assert_eq!(both, ["/a%2fb", "/a/b"]);
    let backslash = all("/x%5c..%5csecret", EscapedSeparators::Match);
    assert!(backslash.contains(&"/secret".to_owned()), "{backslash:?}");
}

#[test]
fn readings_are_bounded() {
    let path = "/a;b//./%2573;x/..//%252e%252e/;".repeat(40);
    assert_eq!(refused(&path), UnsafePath::TooManyReadings);
    let long = format!("/{}", "a//".repeat(20_000));
    assert_eq!(readings(&long).len(), 2);
    let long = format!("/{};//./%41", "a".repeat(60_000));
    assert_eq!(refused(&long), UnsafePath::TooManyReadings);
}
