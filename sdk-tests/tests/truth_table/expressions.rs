//! The foreign functions of expressions: what parses, what it gives, and who keeps it.

use sdk_tests::{Proxy, Request, scenario};

use crate::callouts::allow;
use crate::plugin;
use crate::steps::{call, check, check_root};

const BAD_ARGUMENT: &str = "status 2";
/// No value.
const FAILED: &str = "status 10";
/// A value without bytes.
const NO_BYTES: &str = "status 3";
const YES: &str = r#""\x01""#;
const NO: &str = r#""\x00""#;
const ONE: &str = r#""\x01\x00\x00\x00\x00\x00\x00\x00""#;

fn create(source: &str) -> String {
    call("expr_create", source)
}

fn evaluate(token: u32) -> String {
    call("expr_evaluate", token.to_le_bytes())
}

/// Evaluates expressions with the request's headers.
fn check_values(proxy: &mut Proxy, table: &[(&str, &str)]) {
    proxy.configure("").unwrap();
    let mut steps = vec![("set,mine,1".to_owned(), "0".to_owned())];
    for (token, (source, answer)) in (0..).zip(table) {
        let token: u32 = token;
        let shown = token.to_le_bytes().escape_ascii().to_string();
        steps.push((create(source), format!("\"{shown}\"")));
        steps.push((evaluate(token), (*answer).to_owned()));
    }
    let table: Vec<_> = steps
        .iter()
        .map(|(step, answer)| (step.as_str(), answer.as_str()))
        .collect();
    let request = Request::get("/plain?q=1")
        .header("x-dup", "a")
        .header("x-dup", "b");
    check(proxy, request, &table);
}

#[scenario]
fn expressions_see_the_properties(proxy: &mut Proxy) {
    check_values(
        proxy,
        &[
            ("request.path", r#""/plain?q=1""#),
            (r#"request["path"]"#, r#""/plain?q=1""#),
            (r#"request.method == "GET""#, YES),
            (r#"request.path.startsWith("/pl")"#, YES),
            (r#"request.path.matches("^/p.*")"#, YES),
            (r#"request.headers["X-Dup"]"#, r#""a,b""#),
            (r#""x-dup" in request.headers"#, YES),
            (r#"request.headers.exists(name, name == "x-dup")"#, YES),
            (
                "size(request.headers)",
                r#""\x08\x00\x00\x00\x00\x00\x00\x00""#,
            ),
            ("has(request.headers.nope)", NO),
            ("request.headers.nope", FAILED),
            ("request.headers[1]", FAILED),
            ("has(request.referer)", NO),
            ("response.code", FAILED),
            ("request.time > timestamp(\"2020-01-01T00:00:00Z\")", YES),
            ("connection.mtls", NO),
            ("xds.cluster_name", r#""upstream""#),
            ("xds.node.id", r#""sdk-tests""#),
            ("plugin_name", r#""sdk_tests_fixture""#),
            ("plugin_root_id", r#""""#),
            ("mine", r#""1""#),
            (r#"mine == b"1""#, YES),
            (r#"filter_state["wasm.mine"]"#, r#""1""#),
            ("metadata", r#""""#),
            ("metadata.filter_metadata", r#""\x00\x00\x00\x00""#),
            ("xds.node.metadata", r#""\x00\x00\x00\x00""#),
            ("request", NO_BYTES),
            ("filter_state", NO_BYTES),
            ("node.id", FAILED),
            ("unknown", FAILED),
        ],
    );
}

#[scenario]
fn values_have_the_bytes_of_properties(proxy: &mut Proxy) {
    check_values(
        proxy,
        &[
            ("1", ONE),
            ("1u", ONE),
            ("-1", r#""\xff\xff\xff\xff\xff\xff\xff\xff""#),
            ("1.5", r#""\x00\x00\x00\x00\x00\x00\xf8?""#),
            ("true", YES),
            (r#""a" + "b""#, r#""ab""#),
            (r#"b"x""#, r#""x""#),
            (r#""é""#, r#""\xc3\xa9""#),
            (r#"size("é")"#, ONE),
            (r#"duration("1s")"#, r#""\x00\xca\x9a;\x00\x00\x00\x00""#),
            (
                r#"timestamp("2020-01-01T00:00:00Z")"#,
                r#""\x00\x00\x8a\xb95\x9a\xe5\x15""#,
            ),
            (
                r#"["a", "b"]"#,
                r#""\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00a\x00\x00b\x00\x00""#,
            ),
            (
                r#"{"a": "b"}"#,
                r#""\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00a\x00b\x00""#,
            ),
            ("[1, 2].exists(x, x == 2)", YES),
            ("1 == 1.0", YES),
            ("1 < 2u", YES),
            ("1 == 1 || 1 / 0 == 1", YES),
            ("1 / 0", FAILED),
            ("[1][2]", FAILED),
            ("null", NO_BYTES),
            ("[null]", NO_BYTES),
            ("type(1)", NO_BYTES),
        ],
    );
}

#[scenario]
fn an_expression_that_makes_no_sense_is_refused(proxy: &mut Proxy) {
    let sources = [
        "",
        "1 +",
        "in",
        "/* c */ 1",
        "9223372036854775808",
        r#""a".nope()"#,
        r#""a,b".split(",")"#,
        r#""A".lowerAscii()"#,
        "math.greatest(1, 2)",
        "optional.none()",
        "cel.bind(x, 1, x)",
    ];
    let steps = sources.map(create);
    let table = steps.each_ref().map(|step| (step.as_str(), BAD_ARGUMENT));
    check_root(proxy, &table);
}

#[scenario]
fn a_root_context_keeps_expressions_for_its_streams(proxy: &mut Proxy) {
    let token = |token: u32| format!("\"{}\"", token.to_le_bytes().escape_ascii());
    check_root(
        proxy,
        &[
            (&create("plugin_name"), &token(0)),
            (&evaluate(0), r#""sdk_tests_fixture""#),
            (&create("request.path"), &token(1)),
            // Outside a stream there is no request.
            (&evaluate(1), FAILED),
            // It parses and does not compile: the token is gone all the same.
            (&create("nope()"), BAD_ARGUMENT),
            (&create("1 +"), BAD_ARGUMENT),
            (&create("1"), &token(3)),
            (&evaluate(2), "status 1"),
            (&call("expr_delete", 3_u32.to_le_bytes()), "empty"),
            (&call("expr_delete", 99_u32.to_le_bytes()), "empty"),
            (&evaluate(3), "status 1"),
            (&call("expr_evaluate", b"\0"), BAD_ARGUMENT),
            (&call("expr_delete", b""), BAD_ARGUMENT),
        ],
    );
    let (created, logged) = (create("2"), format!("log@{}", evaluate(1)));
    check(
        proxy,
        Request::get("/plain"),
        &[
            (&evaluate(1), r#""/plain""#),
            (&format!("response-headers@{}", evaluate(1)), FAILED),
            (&logged, r#""/plain""#),
            (&created, &token(4)),
        ],
    );
}

/// An answer belongs to the root context, which has no request. Only host calls that heed the
/// context that the SDK chooses see the stream that asked.
#[scenario]
fn an_expression_in_an_answer_sees_no_request(proxy: &mut Proxy) {
    proxy.serve("opa", allow);
    proxy.configure("").unwrap();
    let (in_answer, later) = (evaluate(0), format!("log@{}", evaluate(0)));
    check(
        proxy,
        Request::get("/ask"),
        &[
            (&create("request.path"), r#""\x00\x00\x00\x00""#),
            (&evaluate(0), r#""/ask""#),
            (&format!("answer@{in_answer}"), FAILED),
            ("answer@get,request/path", r#""/ask""#),
            (&later, r#""/ask""#),
        ],
    );
}
