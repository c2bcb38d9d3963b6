use std::cell::RefCell;

use extension_common::headers::HeaderView;

use super::*;
use crate::{
    attribute::tests::Written,
    config::{self, Match},
};

/// A host whose expressions are single names: `yes`, `no`, `error`, `text`, or a fold of them.
#[derive(Default)]
struct Names {
    request: Written,
    evaluated: RefCell<Vec<String>>,
    without_cel: bool,
}

impl Source for Names {
    fn request_headers(&self) -> HeaderView {
        self.request.request_headers()
    }
    fn response_headers(&self) -> HeaderView {
        self.request.response_headers()
    }
    fn response_code(&self) -> Option<i64> {
        self.request.code
    }
}

fn value_of(source: &str) -> Option<Vec<u8>> {
    if let Some((condition, rest)) = source
        .strip_prefix('(')
        .and_then(|s| s.split_once("\n) ? "))
    {
        let (number, rest) = rest.split_once(" : (").unwrap();
        return match value_of(condition)?.as_slice() {
            [1] => Some(number.parse::<i64>().unwrap().to_le_bytes().to_vec()),
            [0] => value_of(rest.strip_suffix(')').unwrap()),
            _ => None,
        };
    }
    match source {
        "yes" => Some(vec![1]),
        "no" => Some(vec![0]),
        "text" => Some(b"text".to_vec()),
        "-1" => Some((-1_i64).to_le_bytes().to_vec()),
        "string(text\n)" => Some(b"text".to_vec()),
        "''.matches('^/a')" | "''.matches('^/x+')" => Some(vec![0]),
        _ => None,
    }
}

impl Host for Names {
    type Expression = String;

    fn parse(&self, source: &str) -> Result<String, Refusal> {
        match source {
            _ if self.without_cel => Err(Refusal::Unsupported),
            "wrong" => Err(Refusal::Wrong("the reason".into())),
            source => Ok(source.to_owned()),
        }
    }

    fn evaluate(&self, source: &String) -> Option<Vec<u8>> {
        self.evaluated.borrow_mut().push(source.clone());
        value_of(source)
    }
}

fn attribute(on_error: OnError, conditions: &[&str]) -> config::Attribute {
    let matches = conditions.iter().enumerate().map(|(at, condition)| Match {
        condition: (!condition.is_empty()).then(|| (*condition).to_owned()),
        value: config::Value::Constant(at.to_string()),
    });
    config::Attribute {
        name: "x".into(),
        phase: Phase::OnRequest,
        on_error,
        matches: matches.collect(),
    }
}

/// The match, the errors, and how often the host evaluated something.
fn run(on_error: OnError, conditions: &[&str]) -> (Option<usize>, Vec<usize>, usize) {
    let host = Names::default();
    let program = compile(&host, 0, attribute(on_error, conditions)).unwrap();
    let outcome = program.run(&Observation::new(&host));
    let count = host.evaluated.borrow().len();
    let matched = outcome.matched.map(|(at, value)| {
        assert_eq!(*value, at.to_string().into_bytes());
        at
    });
    (matched, outcome.errors, count)
}

#[test]
fn the_first_match_that_holds_gives_the_value_in_one_call() {
    use OnError::{Abandon, Continue};
    for on_error in [Continue, Abandon] {
        assert_eq!(run(on_error, &[]), (None, vec![], 0));
        assert_eq!(run(on_error, &[""]), (Some(0), vec![], 0));
        assert_eq!(run(on_error, &["yes"]), (Some(0), vec![], 1));
        assert_eq!(run(on_error, &["no", "no"]), (None, vec![], 1));
        assert_eq!(run(on_error, &["no", "yes", "yes"]), (Some(1), vec![], 1));
        assert_eq!(run(on_error, &["no", "no", ""]), (Some(2), vec![], 1));
        // An error behind the match that fires is never met.
        assert_eq!(run(on_error, &["no", "yes", "error"]), (Some(1), vec![], 1));
        // The guest's own conditions need no host, and part the row.
        assert_eq!(run(on_error, &["false", "true"]), (Some(1), vec![], 0));
        assert_eq!(
            run(on_error, &["no", "no", "false", "no", "yes"]),
            (Some(4), vec![], 2)
        );
    }
}

#[test]
fn an_error_does_not_hide_a_later_match() {
    use OnError::Continue;
    assert_eq!(run(Continue, &["error", "yes"]), (Some(1), vec![0], 3));
    assert_eq!(
        run(Continue, &["no", "error", "text", "no", ""]),
        (Some(4), vec![1, 2], 5)
    );
    assert_eq!(run(Continue, &["error"]), (None, vec![0], 1));
    assert_eq!(
        run(Continue, &["request.host == 'x'", ""]),
        (Some(1), vec![0], 0)
    );
}

#[test]
fn an_error_ends_an_attribute_that_is_to_be_abandoned() {
    use OnError::Abandon;
    assert_eq!(run(Abandon, &["error", "yes"]), (None, vec![0], 2));
    assert_eq!(run(Abandon, &["no", "text", "yes"]), (None, vec![1], 3));
    assert_eq!(
        run(Abandon, &["request.host == 'x'", ""]),
        (None, vec![0], 0)
    );
}

#[test]
fn long_rows_are_folded_in_pieces() {
    let mut conditions = vec!["no"; 100];
    conditions[99] = "yes";
    assert_eq!(run(OnError::Continue, &conditions), (Some(99), vec![], 4));
}

#[test]
fn a_value_that_fails_is_an_error_of_its_match() {
    let host = Names::default();
    let mut given = attribute(OnError::Continue, &["no", "yes", "yes"]);
    given.matches[1].value = config::Value::Expression("nothing".into());
    given.matches[2].value = config::Value::Expression("text".into());
    let program = compile(&host, 0, given).unwrap();
    let outcome = program.run(&Observation::new(&host));
    assert_eq!(outcome.matched, Some((2, b"text".into())));
    assert_eq!(outcome.errors, [1]);

    let mut given = attribute(OnError::Abandon, &["yes", "yes"]);
    given.matches[0].value = config::Value::Expression("nothing".into());
    let program = compile(&host, 0, given).unwrap();
    let outcome = program.run(&Observation::new(&host));
    assert_eq!((outcome.matched, outcome.errors), (None, vec![0]));
}

#[test]
fn an_attribute_as_a_value_needs_no_expression() {
    let host = Names {
        request: Written {
            request: vec![(":authority", b"shop")],
            ..Written::default()
        },
        ..Names::default()
    };
    let mut given = attribute(OnError::Continue, &[""]);
    given.matches[0].value = config::Value::Expression("request.host".into());
    let program = compile(&host, 0, given).unwrap();
    let outcome = program.run(&Observation::new(&host));
    assert_eq!(outcome.matched, Some((0, b"shop".into())));
    assert!(host.evaluated.borrow().is_empty());
}

#[test]
fn what_the_host_does_not_take_is_named() {
    let host = Names::default();
    let error = |given| compile(&host, 3, given).unwrap_err().to_string();
    assert_eq!(
        error(attribute(OnError::Continue, &["yes", "wrong"])),
        "attributes[3].match[1].condition of \"x\": got \"wrong\", expected an expression that the \
         host takes: the reason"
    );
    let mut given = attribute(OnError::Continue, &["yes"]);
    given.matches[0].value = config::Value::Expression("wrong".into());
    // The value is wrapped, so that this host takes it; a real one would not.
    assert!(compile(&host, 3, given).is_ok());
    // This host knows two regular expressions.
    assert!(
        compile(
            &host,
            0,
            attribute(OnError::Continue, &["request.path.matches('^/a')"])
        )
        .is_ok()
    );
    let refused = error(attribute(OnError::Continue, &["request.path.matches('b')"]));
    assert!(
        refused.ends_with("it does not compile the regular expression 'b' (RE2)"),
        "{refused}"
    );
}

#[test]
fn a_host_without_expressions_has_the_guests_own_conditions() {
    let host = Names {
        without_cel: true,
        ..Names::default()
    };
    let program = compile(
        &host,
        0,
        attribute(OnError::Continue, &["request.path.matches('^/x+')", "true"]),
    )
    .unwrap();
    let outcome = program.run(&Observation::new(&host));
    assert_eq!(outcome.matched, Some((1, b"1".into())));
    let error = compile(
        &host,
        0,
        attribute(OnError::Continue, &["source.port == 1"]),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "attributes[0].match[0].condition of \"x\": got \"source.port == 1\", expected nothing that \
         needs CEL, which this host does not have"
    );
}

#[test]
fn old_names_are_rewritten() {
    let host = Names::default();
    let program = compile(
        &host,
        0,
        attribute(OnError::Continue, &["cluster_name == 'x'"]),
    )
    .unwrap();
    program.run(&Observation::new(&host));
    assert_eq!(*host.evaluated.borrow(), ["xds.cluster_name == 'x'"]);
}
