use super::*;

fn answer(status: &str, body: &str) -> Result<Outcome, Failure> {
    Answer {
        status: status.as_bytes(),
        is_from_server: true,
        body: body.as_bytes(),
    }
    .outcome()
}

fn made_up(status: &str) -> Failure {
    Answer {
        status: status.as_bytes(),
        is_from_server: false,
        body: b"upstream request timeout",
    }
    .outcome()
    .unwrap_err()
}

fn decided(body: &str) -> Decision {
    match answer("200", body).unwrap() {
        Outcome::Decided(decision) => (*decision).clone(),
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_result_is_a_decision_and_no_result_is_undefined() {
    assert_eq!(decided(r#"{"result": true}"#), Decision::bare(true));
    assert_eq!(
        decided(r#"{"result": false, "metrics": {"a": 1.5}}"#),
        Decision::bare(false)
    );
    assert_eq!(
        decided(r#"{"result": {"allowed": true}}"#),
        Decision::bare(true)
    );
    assert_eq!(answer("200", "{}"), Ok(Outcome::Undefined(None)));
    assert_eq!(
        answer("200", r#"{"warning": {"code": "api_usage_warning"}}"#),
        Ok(Outcome::Undefined(None))
    );
}

#[test]
fn the_decision_id_is_kept_if_it_can_be_shown() {
    let id = |id: &str| decided(&format!(r#"{{"result": true, "decision_id": {id}}}"#)).id;
    assert_eq!(id("\"4ca636c1-55e4\"").as_deref(), Some("4ca636c1-55e4"));
    assert_eq!(id("\"a\\nb\""), None);
    assert_eq!(id("7"), None);
    for rest in ["", r#", "result": 1"#] {
        let answer = answer("200", &format!(r#"{{"decision_id": "4ca6"{rest}}}"#));
        assert_eq!(answer.unwrap().id(), Some("4ca6"), "{rest}");
    }
}

#[test]
fn what_is_no_answer_is_a_failure_of_its_own_kind() {
    for status in ["500", "302", "400", "404", "201", "", "2000", "503", "504"] {
        assert_eq!(
            answer(status, r#"{"result": true}"#),
            Err(Failure::Status),
            "{status}"
        );
    }
    assert_eq!(made_up("504"), Failure::Timeout);
    assert_eq!(made_up("503"), Failure::Unreachable);
    assert_eq!(made_up("502"), Failure::Unreachable);
    assert_eq!(answer("200", ""), Err(Failure::EmptyBody));
    assert_eq!(answer("200", " \n"), Err(Failure::EmptyBody));
    for body in [
        "true",
        "[]",
        "null",
        "{\"result\": true",
        "{\"result\": true} x",
        "<html>",
        // Two readers would take it for two things.
        r#"{"result": false, "result": true}"#,
        r#"{"result": {"allowed": false, "allowed": true}}"#,
    ] {
        assert_eq!(answer("200", body), Err(Failure::BadJson), "{body}");
    }
    let deep = format!(
        "{{\"result\": {}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(answer("200", &deep), Err(Failure::BadJson));
}

#[test]
fn a_result_that_is_no_decision_is_malformed() {
    for result in [
        "\"true\"",
        "1",
        "null",
        "[]",
        "{}",
        r#"{"allowed": "true"}"#,
        r#"{"allowed": null}"#,
    ] {
        let outcome = answer("200", &format!(r#"{{"result": {result}}}"#));
        assert!(
            matches!(outcome, Ok(Outcome::Malformed(..))),
            "{result}: {outcome:?}"
        );
    }
}
