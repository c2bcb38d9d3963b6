use super::*;
use crate::attribute::tests::Written;

fn request() -> Written {
    Written {
        request: vec![
            (":path", b"/reviews/7?x=1"),
            (":method", b"GET"),
            (":authority", b"shop.example"),
            ("x-tier", b"gold"),
            ("x-bytes", b"\xff"),
            ("x-umlaut", "ü".as_bytes()),
        ],
        code: Some(404),
        ..Written::default()
    }
}

fn truth(source: &str, phase: Phase) -> Truth {
    let condition =
        Condition::parse(source, phase).unwrap_or_else(|| panic!("the host's: {source}"));
    let request = request();
    condition.holds(&Observation::new(&request))
}

#[test]
fn conditions_mean_what_they_mean_to_envoy() {
    use Truth::{Error, False, True, Unknown};
    for (source, expected) in [
        ("true", True),
        ("!true", False),
        ("request.url_path == '/reviews/7'", True),
        ("request.url_path != \"/reviews/7\"", False),
        ("request.path.endsWith('x=1')", True),
        ("request.query == 'x=1'", True),
        ("'GET' == request.method", True),
        ("request.method in ['PUT', 'GET']", True),
        ("request.method in ['PUT', 1]", False),
        ("request.method == 1", False),
        ("request.method != 1", True),
        ("request.method < 'H'", True),
        ("request.method < 1", Error),
        ("request.host.contains('.')", True),
        ("request.host.startsWith('shop')", True),
        ("request.headers['X-Tier'] == 'gold'", True),
        ("request.headers.server == 'gold'", Error),
        ("request.headers['x-none'] == 'gold'", Error),
        ("!(request.headers['x-none'] == 'gold')", Error),
        ("'x-tier' in request.headers", True),
        ("has(request.headers.none)", False),
        ("has(request.referer)", False),
        ("has(request.path) && true", True),
        // An error counts only where the other side does not decide.
        ("request.referer == 'x' || true", True),
        ("true || request.referer == 'x'", True),
        ("request.referer == 'x' || false", Error),
        ("false && request.referer == 'x'", False),
        ("request.referer == 'x' && false", False),
        ("request.referer == 'x' && true", Error),
        ("true && request.referer == 'x'", Error),
        // What is no UTF-8 is for the host, unless the other side decides.
        ("request.headers['x-bytes'] == 'x'", Unknown),
        ("request.headers['x-bytes'] == 'x' || true", True),
        (
            "request.headers['x-bytes'] == 'x' || request.referer == 'x'",
            Unknown,
        ),
        ("'x-bytes' in request.headers", True),
        ("request.headers['x-umlaut'] == 'ü'", True),
        ("request.headers['x-umlaut'].matches('.')", Unknown),
        (
            "request.url_path.matches('^/reviews/[[:alnum:]]*$') && request.method == 'GET'",
            True,
        ),
        ("request.url_path.matches(r'^/reviews/\\d+$')", True),
        ("request.url_path.matches('^/reviews/\\\\d+$')", True),
        ("(true || false) && !(false)", True),
        ("true || false && false", True),
        ("!!true", True),
        ("  request . method\n==\t'GET' ", True),
    ] {
        assert_eq!(truth(source, Phase::OnRequest), expected, "{source}");
    }
    for (source, expected) in [
        ("response.code >= 200 && response.code <= 299", False),
        ("response.code == 404", True),
        ("500 > response.code", True),
        ("response.code < 404", False),
        ("response.code in [403, 404]", True),
        ("response.code == '404'", False),
        ("has(response.code)", True),
        ("request.method == 'GET' && response.code != 200", True),
    ] {
        assert_eq!(truth(source, Phase::AfterResponse), expected, "{source}");
    }
}

#[test]
fn anything_else_is_the_hosts() {
    for source in [
        "",
        "request.method",
        "'x'",
        "1",
        "request.size > 10",
        "source.address == 'x'",
        "istio_operationId == 'x'",
        "request.headers['host'] == 'x'",
        "request.headers[request.method] == 'x'",
        "request.path == request.url_path",
        "request.path.startsWith(request.method)",
        "request.path.size() > 3",
        "size(request.path) > 3",
        "'GET'.startsWith(request.method)",
        "request.path.matches('\\\\pL')",
        "request.path + 'x' == 'y'",
        "request.method == 'GET' ? true : false",
        "request.method == 'GET' == true",
        "!request.method == 'GET'",
        "(request.method) == 'GET'",
        "true == true",
        "response.code == 404.0",
        "response.code == 404u",
        "response.code == -1",
        "response.code == 0x194",
        "response.code == 99999999999999999999",
        "request.method == 'GE\\x54'",
        "request.method == '''GET'''",
        "request.method == b'GET'",
        "request.method == 'GET' // x",
        "request.method == 'GET' &&",
        "request.method == 'GET' & true",
        "request.method == 'GET",
        "request.method = = 'GET'",
        "request.method in []",
        "request['method'] == 'GET'",
        "request.nothing == 'x'",
        "response.flags == 0",
        "has(request.headers['x'])",
        "(true",
        "true)",
        "true true",
        "true\u{a0}",
    ] {
        for phase in [Phase::OnRequest, Phase::OnResponse, Phase::AfterResponse] {
            assert!(Condition::parse(source, phase).is_none(), "{source}");
        }
    }
    // What Envoy does not have in the phase is an error there: the host's to tell.
    assert!(Condition::parse("response.code == 200", Phase::OnRequest).is_none());
    assert!(Condition::parse("request.method == 'GET'", Phase::OnResponse).is_none());
    assert!(Condition::parse("response.headers['x'] == ''", Phase::OnResponse).is_some());
    assert!(Condition::parse("response.headers['x'] == ''", Phase::AfterResponse).is_some());
    assert!(Condition::parse("response.headers['x'] == ''", Phase::OnRequest).is_none());
}

#[test]
fn depth_is_bounded_and_nonsense_survives() {
    let deep = "(".repeat(100_000) + "true" + &")".repeat(100_000);
    assert!(Condition::parse(&deep, Phase::OnRequest).is_none());
    let denied = "!".repeat(100_000) + "true";
    assert!(Condition::parse(&denied, Phase::OnRequest).is_none());
    let mut random = fastrand::Rng::with_seed(9);
    let pieces = [
        "request",
        ".",
        "method",
        "headers",
        "[",
        "]",
        "'x'",
        "r'\\'",
        "==",
        "in",
        "&&",
        "||",
        "!",
        "(",
        ")",
        " ",
        "1",
        "true",
        "has",
        "matches",
        "startsWith",
        ",",
        "ü",
        "'",
    ];
    for _ in 0..20_000 {
        let count = random.usize(..14);
        let source: String = (0..count)
            .map(|_| pieces[random.usize(..pieces.len())])
            .collect();
        let _ = Condition::parse(&source, Phase::OnRequest);
        let _ = Condition::parse_attribute(&source, Phase::OnRequest);
    }
}

#[test]
fn a_long_chain_is_no_deep_one() {
    let chain = vec!["request.method == 'X'"; 500].join(" || ");
    assert_eq!(truth(&chain, Phase::OnRequest), Truth::False);
}

#[test]
fn regular_expressions_are_found_in_any_expression() {
    assert_eq!(
        Condition::patterns("f(x).matches( r'^[' ) && y.matches(\"b\") || z.matches(w) || matches"),
        ["r'^['", "\"b\""]
    );
}

#[test]
fn an_attribute_alone_is_found() {
    let attribute = |source| Condition::parse_attribute(source, Phase::OnRequest);
    assert_eq!(
        attribute(" request.host "),
        Some(Attribute::Named(":authority"))
    );
    for source in [
        "'x'",
        "request.host + 'x'",
        "response.code",
        "request.headers",
        "true",
    ] {
        assert_eq!(attribute(source), None, "{source}");
    }
}
