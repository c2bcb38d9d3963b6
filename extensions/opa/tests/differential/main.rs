//! The engine here and the real one, asked the same: every decision must be the same.
//!
//! `cargo xtask test` starts the real engine and runs this. By hand: start an OPA server, set
//! `OPA_ADDRESS`, and test with the feature `differential`. `TEST_CORPUS` is the number of requests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod policies;
mod requests;
mod server;
mod tokens;

use std::time::{Duration, SystemTime};

use extension_common::{config, headers::HeaderView, headers::serialize};
use opa::{
    answer::{Answer, Outcome},
    config::{Config, ConfigJson},
    decision::Decision,
    evaluator::{Evaluation, Evaluator},
    input::{Body, Connection, Facts, Input},
};
use serde_json::{Value, json};

use policies::POLICIES;
use requests::Request;
use server::Server;

/// The requests of one run, unless `TEST_CORPUS` says otherwise.
const REQUESTS: usize = 1000;

fn configure(config: &Value) -> Config {
    let parsed: ConfigJson = config::parse(config.to_string().as_bytes()).unwrap();
    parsed.validate().unwrap()
}

/// Asks the engine here about a request, and gives what it made of it with the text for the server;
/// `None` where it is refused without asking anybody.
fn ask_here(
    evaluator: &mut Evaluator,
    input: &Input,
    request: &Request,
) -> Option<(Evaluation, String)> {
    let pairs = request.headers.iter();
    let pairs = pairs.map(|(name, value)| (name.as_bytes(), value.as_slice()));
    let headers = HeaderView::parse(serialize(pairs)).unwrap();
    let connection = Connection {
        destination_address: b"10.1.2.3:8080".to_vec(),
        protocol: b"HTTP/2".to_vec(),
        source_principal: request.principal.clone(),
        sni: b"a.test".to_vec(),
    };
    let facts = Facts {
        headers: &headers,
        source_address: &request.source,
        connection: &connection,
        workload: b"",
        body: request.body.as_deref().map(|bytes| Body {
            bytes,
            is_truncated: request.is_cut,
        }),
    };
    let now = SystemTime::UNIX_EPOCH + Duration::new(1_795_377_340, 5);
    let document = input.document(&facts, now).ok()?;
    Some((evaluator.evaluate_document(&document), document.text()))
}

/// A decision without its id, or a word.
fn shown(outcome: Outcome) -> Result<Decision, String> {
    match outcome {
        Outcome::Decided(decision) => Ok(Decision {
            id: None,
            metadata: decision
                .metadata
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
            ..(*decision).clone()
        }),
        Outcome::Undefined(_) => Err("undefined".to_owned()),
        Outcome::Malformed(problem, _) => Err(problem.to_string()),
    }
}

/// A value with its numbers written one way: the server of the tests is written in Python, which makes
/// `300.0` of `3e2` before the engine sees it.
fn plain(text: &str) -> String {
    fn rewrite(value: &mut Value) {
        match value {
            Value::Number(number) => {
                let float = number
                    .as_f64()
                    .filter(|_| !number.is_i64() && !number.is_u64());
                if let Some(whole) =
                    float.filter(|float| float.fract() == 0.0 && float.abs() < 1e18)
                {
                    *value = (whole as i64).into();
                }
            }
            Value::Array(list) => list.iter_mut().for_each(rewrite),
            Value::Object(object) => object.values_mut().for_each(rewrite),
            _ => {}
        }
    }
    match serde_json::from_str(text) {
        Ok(mut value) => {
            rewrite(&mut value);
            value.to_string()
        }
        Err(_) => text.to_owned(),
    }
}

#[test]
fn the_engine_here_decides_as_the_real_one_does() {
    let mut server = Server::connect();
    let count = std::env::var("TEST_CORPUS").map_or(REQUESTS, |count| count.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(20_260_101);
    let requests: Vec<_> = (0..count).map(|_| Request::any(&mut random)).collect();
    let (mut compared, mut refused, mut incomparable) = (0, 0, 0);
    let mut different = Vec::new();
    let mut kinds = std::collections::BTreeMap::new();
    let mut policies: Vec<_> = POLICIES
        .iter()
        .map(|policy| (policy.package, policy.text.to_owned()))
        .collect();
    policies.push(("tokens", tokens::policy()));
    for (package, text) in &policies {
        let query = format!("data.{package}.result");
        let inline = format!("package {package}\n{text}");
        server.put_policy(package, &inline);
        let config = configure(&json!({
            "policy": { "inline": inline, "query": query, "limits": { "time": "10s" } },
            "input": { "body": { "max_bytes": 1024 } }
        }));
        let input = Input::new(&config);
        let mut evaluator = Evaluator::new(&config.policy.unwrap(), None).unwrap();
        for request in &requests {
            let Some((here, document)) = ask_here(&mut evaluator, &input, request) else {
                refused += 1;
                continue;
            };
            let Evaluation::Outcome(here) = here else {
                panic!("{package}: {document}");
            };
            let (status, body) = server.ask(&format!("/v1/data/{package}/result"), &document);
            let answer = Answer {
                status: status.as_bytes(),
                is_from_server: true,
                body: &body,
            };
            // The engine gives up where a server would take a call of a function for undefined.
            let gave_up = String::from_utf8_lossy(&body).contains("eval_builtin_error");
            if gave_up && *package != "single" {
                incomparable += 1;
                continue;
            }
            let there = match gave_up {
                true => Ok(Outcome::Undefined(None)),
                false => answer.outcome(),
            };
            let there = there.unwrap_or_else(|failure| {
                panic!(
                    "{package}: {failure}: {}: {document}",
                    String::from_utf8_lossy(&body)
                )
            });
            let (here, there) = (shown(here), shown(there));
            let kind = match &there {
                Ok(decision) if decision.allowed => "allowed",
                Ok(_) => "denied",
                Err(_) => "undefined",
            };
            *kinds.entry((*package, kind)).or_insert(0) += 1;
            compared += 1;
            if here != there {
                different.push(format!(
                    "{package}\nhere:  {here:?}\nthere: {there:?}\n{document}"
                ));
            }
        }
    }
    println!(
        "{count} requests, {compared} decisions compared, {refused} refused without asking, \
         {incomparable} given up by the engine: {kinds:?}"
    );
    assert!(incomparable * 20 < compared);
    // At least 500 inputs for each policy.
    assert!(count < REQUESTS || compared >= 500 * policies.len());
    assert!(
        different.is_empty(),
        "{} differ, such as\n{}",
        different.len(),
        different[..different.len().min(6)].join("\n\n")
    );
}
