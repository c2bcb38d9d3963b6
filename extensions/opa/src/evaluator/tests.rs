use serde_json::{Value, json};

use super::*;
use crate::config::{ConfigJson, Policy};

mod builtins;
mod tokens;

fn policy(text: &str) -> Policy {
    let config = json!({ "policy": { "inline": text, "query": "data.a.allow" } });
    let config: ConfigJson =
        extension_common::config::parse(config.to_string().as_bytes()).unwrap();
    config.validate().unwrap().policy.unwrap()
}

fn evaluate(text: &str, input: &Value) -> Evaluation {
    match Evaluator::new(&policy(text), None) {
        Ok(mut evaluator) => evaluator.evaluate(&input.to_string()),
        Err(error) => panic!("{text}: {error}"),
    }
}

fn allowed(text: &str, input: &Value) -> bool {
    match evaluate(text, input) {
        Evaluation::Outcome(Outcome::Decided(decision)) => decision.allowed,
        other => panic!("{text}: {other:?}"),
    }
}

fn refusal(text: &str) -> String {
    match Evaluator::new(&policy(text), None) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn one_evaluation_leaves_nothing_to_the_next() {
    let text = "package a\ndefault allow := false\nallow if input.user == \"alice\"";
    let mut evaluator = Evaluator::new(&policy(text), None).unwrap();
    for _ in 0..3 {
        for (user, expected) in [("alice", true), ("bob", false)] {
            let document = json!({ "user": user }).to_string();
            let Evaluation::Outcome(Outcome::Decided(decision)) = evaluator.evaluate(&document)
            else {
                panic!()
            };
            assert_eq!(decision.allowed, expected);
        }
    }
}

fn is_undefined(evaluation: &Evaluation) -> bool {
    matches!(evaluation, Evaluation::Outcome(Outcome::Undefined(_)))
}

#[test]
fn a_builtin_that_fails_is_undefined() {
    let text = "package a\nallow if to_number(input.x) > 0";
    assert!(is_undefined(&evaluate(text, &json!({ "x": "no number" }))));
    assert!(allowed(text, &json!({ "x": "1" })));
}

#[test]
fn networks_are_compared() {
    let contains = |network: &str, other: &str| {
        let text =
            "package a\ndefault allow := false\nallow if net.cidr_contains(input.n, input.o)";
        allowed(text, &json!({ "n": network, "o": other }))
    };
    assert!(contains("10.0.0.0/8", "10.1.2.3"));
    assert!(contains("10.0.0.0/8", "10.1.0.0/16"));
    assert!(contains("0.0.0.0/0", "192.0.2.1"));
    assert!(contains("::/0", "::1"));
    assert!(contains("2001:db8::/32", "2001:db8::1"));
    for (network, other) in [
        ("10.0.0.0/16", "10.0.0.0/8"),
        ("10.0.0.0/8", "11.0.0.1"),
        ("10.0.0.0/8", "::ffff:10.0.0.1"),
        ("10.0.0.0/33", "10.0.0.1"),
        ("10.0.0.0/+8", "10.0.0.1"),
        ("10.0.0.0", "10.0.0.0"),
        ("nonsense", "10.0.0.1"),
    ] {
        assert!(!contains(network, other), "{network} {other}");
    }
}

#[test]
fn a_call_of_a_function_that_there_is_not_is_refused_where_it_stands() {
    for (text, expected) in [
        (
            "package a\nallow if {\n\tinput.x\n\tnope.f(1)\n}",
            "policy.inline:4:2: there is no function `nope.f` here",
        ),
        (
            "package a\nf(x) := x\nallow if f(g(1))",
            "policy.inline:3:12: there is no function `g` here",
        ),
        (
            "package a\nallow if not graphql.is_valid(\"a\", \"b\")",
            "policy.inline:2:14: there is no function `graphql.is_valid`",
        ),
    ] {
        let text = refusal(text);
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn what_only_looks_like_a_call_is_no_call() {
    for text in [
        "package a\n# nope(1)\nallow := \"nope(1)\" == `nope(1)\nnope(2)`",
        "package a\nf(x) := x + 1\ndefault g(_) := 2\nallow if { f(1) == (2); g(1) == 2 }",
        "package a\nallow if {\n\tevery x in [1, 2] { (x) > 0 }\n\tnot (input.y)\n}",
        "package a\nallow if some_rule(1)\nsome_rule(x) if x == 1",
        "package a\nallow if count({x | some x in [1]}) == 1 # not( \"",
        "package a\nallow if \"a\\\"(\" == \"a\\\"(\"",
    ] {
        evaluate(text, &json!({}));
    }
}

#[test]
fn a_replacement_is_whole_or_not_at_all() {
    let text = |value: &str| format!("package a\nallow := {value}");
    let mut evaluator = Evaluator::new(&policy(&text("data.ok")), None).unwrap();
    assert!(is_undefined(&evaluator.evaluate("{}")));
    let is_allowed = |evaluator: &mut Evaluator| match evaluator.evaluate("{}") {
        Evaluation::Outcome(Outcome::Decided(decision)) => Some(decision.allowed),
        _ => None,
    };
    evaluator
        .replace(None, Some(&json!({ "ok": true })))
        .unwrap();
    assert_eq!(is_allowed(&mut evaluator), Some(true));
    assert!(
        evaluator
            .replace(Some("package a\nallow :="), Some(&json!({})))
            .is_err()
    );
    assert_eq!(is_allowed(&mut evaluator), Some(true));
    evaluator.replace(Some(&text("false")), None).unwrap();
    assert_eq!(is_allowed(&mut evaluator), Some(false));
}

#[test]
fn a_line_of_a_policy_may_be_long() {
    let text = format!("package a\nallow := count(`{}`) == 5000", "x".repeat(5000));
    assert!(allowed(&text, &json!({})));
}

#[test]
fn a_range_is_within_the_memory_that_an_evaluation_may_take() {
    let text = "package a\nallow := count(numbers.range(1, input.n)) == input.n";
    assert!(allowed(text, &json!({ "n": 1000 })));
    assert_eq!(
        evaluate(text, &json!({ "n": 10_000_000_000_u64 })),
        Evaluation::LimitExceeded
    );
    let text =
        "package a\nallow if numbers.range_step(input.from, input.to, input.by) == input.range";
    for (from, to, by, range) in [
        (1, 10, 3, json!([1, 4, 7, 10])),
        (10, 1, 4, json!([10, 6, 2])),
        (3, 3, 1, json!([3])),
        (0, 1, 9, json!([0])),
        (-1, 1, 1, json!([-1, 0, 1])),
    ] {
        assert!(allowed(
            text,
            &json!({ "from": from, "to": to, "by": by, "range": range })
        ));
    }
    let nothing = json!({ "from": 1, "to": 2, "by": 0, "range": [] });
    assert!(is_undefined(&evaluate(text, &nothing)));
}

#[test]
fn a_pattern_that_would_take_for_ever_is_not_tried() {
    let long = "a".repeat(10_000);
    for call in [
        "regex.match(input.p, input.t)",
        "glob.match(input.p, [], input.t)",
    ] {
        let text = format!("package a\nallow := {call}");
        let short = json!({ "p": "a", "t": "a" });
        assert!(allowed(&text, &short));
        let input = json!({ "p": format!("?{long}*"), "t": long });
        assert_eq!(evaluate(&text, &input), Evaluation::LimitExceeded);
    }
}
