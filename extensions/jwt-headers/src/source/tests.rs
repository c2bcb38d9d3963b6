use extension_common::headers;

use super::*;

fn view(pairs: &[(&str, &str)]) -> HeaderView {
    let pairs = pairs.iter().map(|(k, v)| (k.as_bytes(), v.as_bytes()));
    HeaderView::parse(headers::serialize(pairs)).unwrap()
}

fn bearer() -> Source {
    Source::bearer().unwrap()
}

fn plain(name: &str) -> Source {
    Source::Header {
        name: HeaderName::new(name).unwrap(),
        scheme: None,
    }
}

fn found(sources: &[Source], headers: &[(&str, &str)], path: &str) -> String {
    match find(sources, &view(headers), path.as_bytes()) {
        Found::Nothing => "nothing".into(),
        Found::One { token, .. } if is_joined(&token) => "several".into(),
        Found::One { token, .. } => String::from_utf8(token.into_owned()).unwrap(),
        Found::Malformed => "malformed".into(),
        Found::Several => "several".into(),
    }
}

#[test]
fn the_scheme_stands_at_the_beginning_in_any_case() {
    for (value, expected) in [
        ("Bearer a.b.c", "a.b.c"),
        ("bearer a.b.c", "a.b.c"),
        ("BEARER   a.b.c  ", "a.b.c"),
        ("Bearer", "malformed"),
        ("Bearer ", "malformed"),
        ("Bearer a b", "a b"),
        ("Bearer\ta", "\ta"),
        ("Bearer \"a\"", "\"a\""),
        ("Bearer a.b.c, x=y", "several"),
        ("Bearera.b.c", "nothing"),
        ("Bearer=a.b.c", "nothing"),
        ("xBearer a.b.c", "nothing"),
        ("foo Bearer a.b.c", "nothing"),
        ("Basic eA==", "nothing"),
        ("Digest a=\"b\", c=d", "nothing"),
        ("", "nothing"),
        ("Basic eA==, Bearer a.b.c", "several"),
        ("Basic eA==,bearer a.b.c,Bearer d", "several"),
        ("Bearer a.b.c,Bearer a.b.c", "several"),
        ("Bearer a.b.c, Bearer", "several"),
    ] {
        let headers = [("authorization", value)];
        assert_eq!(found(&[bearer()], &headers, "/"), expected, "{value}");
    }
}

#[test]
fn a_header_of_its_own_is_the_token() {
    let source = [plain("x-token")];
    assert_eq!(found(&source, &[("x-token", "a.b.c")], "/"), "a.b.c");
    assert_eq!(found(&source, &[("x-token", "")], "/"), "malformed");
    assert_eq!(found(&source, &[("x-token", "Bearer a")], "/"), "Bearer a");
    let twice = [("x-token", "a.b.c"), ("x-token", "a.b.c")];
    assert_eq!(found(&source, &twice, "/"), "several");
}

#[test]
fn a_parameter_is_found_however_its_name_is_written() {
    let source = [Source::Query("access_token".into())];
    for (path, expected) in [
        ("/x?access_token=a.b.c", "a.b.c"),
        ("/x?y=1&access_token=a.b.c&z", "a.b.c"),
        ("/x?access%5Ftoken=a.b%2Ec", "a.b.c"),
        ("/x?access_token=a.b.c#access_token=d", "a.b.c"),
        ("/x?access_token=", "malformed"),
        ("/x?access_token", "malformed"),
        ("/x?access_token=a%20b", "a b"),
        ("/x?access_token=a&access_token=a", "several"),
        ("/x?access_token=a&%61ccess_token=a", "several"),
        ("/x?Access_token=a", "nothing"),
        ("/x?xaccess_token=a", "nothing"),
        ("/access_token=a", "nothing"),
        ("/", "nothing"),
    ] {
        assert_eq!(found(&source, &[], path), expected, "{path}");
    }
}

#[test]
fn a_cookie_is_found_by_its_whole_name() {
    let source = [Source::Cookie("session".into())];
    for (cookie, expected) in [
        ("session=a.b.c", "a.b.c"),
        ("x=1; session=a.b.c; y=2", "a.b.c"),
        ("x=1;session=a.b.c;", "a.b.c"),
        ("session = a.b.c", "a.b.c"),
        ("session=", "malformed"),
        ("session=\"a.b.c\"", "\"a.b.c\""),
        ("session=a; session=a", "several"),
        ("session2=a", "nothing"),
        ("Session=a", "nothing"),
        ("xsession=a; session", "nothing"),
    ] {
        assert_eq!(
            found(&source, &[("cookie", cookie)], "/"),
            expected,
            "{cookie}"
        );
    }
    let twice = [("cookie", "session=a"), ("cookie", "session=b")];
    assert_eq!(found(&source, &twice, "/"), "several");
}

#[test]
fn one_token_over_all_places_is_enough() {
    let sources = [
        bearer(),
        bearer(),
        plain("x-token"),
        Source::Query("t".into()),
        Source::Cookie("t".into()),
    ];
    let authorization = ("authorization", "Bearer a");
    assert_eq!(found(&sources, &[authorization], "/"), "a");
    for (headers, path) in [
        (vec![authorization, ("x-token", "a")], "/"),
        (vec![authorization], "/?t=a"),
        (vec![("cookie", "t=a")], "/?t=a"),
        (vec![authorization, ("cookie", "t=")], "/"),
    ] {
        assert_eq!(found(&sources, &headers, path), "several", "{headers:?}");
    }
}

fn removed(sources: &[Source], headers: &[(&str, &str)], path: &str) -> Vec<Removal> {
    removals(sources, &view(headers), path.as_bytes())
}

#[test]
fn everything_but_the_token_stays_as_it_was_sent() {
    let query = [Source::Query("t".into())];
    for (path, shorter) in [
        ("/x?t=a", "/x"),
        ("/x?a=%20&t=a&&b", "/x?a=%20&&b"),
        ("/x?%74=a&b=c", "/x?b=c"),
        ("/x?t", "/x"),
    ] {
        let expected = [Removal::Path(shorter.into())];
        assert_eq!(removed(&query, &[], path), expected, "{path}");
    }
    let cookie = [Source::Cookie("t".into())];
    for (sent, rest) in [
        ("t=a", ""),
        ("a=b; t=a; c=\"d\"", "a=b; c=\"d\""),
        ("t2=a;t=a;tt=b", "t2=a; tt=b"),
    ] {
        let expected = [Removal::Cookie(rest.into())];
        assert_eq!(
            removed(&cookie, &[("cookie", sent)], "/"),
            expected,
            "{sent}"
        );
    }
    let two = [("cookie", "a=b; t=x"), ("cookie", "c=d")];
    let expected = [Removal::Cookie("a=b; c=d".into())];
    assert_eq!(removed(&cookie, &two, "/"), expected);
}

#[test]
fn two_parameters_go_together() {
    let sources = [
        Source::Query("t".into()),
        Source::Query("u".into()),
        bearer(),
    ];
    let name = HeaderName::new("authorization").unwrap();
    assert_eq!(
        removed(&sources, &[("authorization", "Bearer a")], "/x?t=a&v=b&u=c"),
        [Removal::Header(name), Removal::Path("/x?v=b".into())]
    );
}
