//! Tests of the workflow files: what they call exists.

use std::fs;

use clap::Parser as _;
use serde_json::Value;

use crate::{Cli, workspace};

/// The workflow files, parsed.
fn workflows() -> Vec<(String, Value)> {
    let folder = workspace::root().join(".github/workflows");
    let mut workflows = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().display().to_string();
        workflows.push((name, serde_saphyr::from_str(&text).unwrap()));
    }
    workflows.sort_by(|(a, _), (b, _)| a.cmp(b));
    workflows
}

/// The steps of all jobs.
fn steps(workflow: &Value) -> Vec<Value> {
    let jobs = workflow["jobs"].as_object().unwrap().values();
    jobs.flat_map(|job| {
        assert!(job["timeout-minutes"].is_u64(), "a job without an end");
        job["steps"].as_array().unwrap().clone()
    })
    .collect()
}

/// The calls of this tool in a shell script, as words.
fn calls(script: &str) -> Vec<Vec<String>> {
    let script = script.replace("\\\n", " ");
    let lines = script.lines().map(str::trim);
    lines
        .filter_map(|line| line.strip_prefix("cargo xtask"))
        .map(|arguments| {
            let words = arguments.split_whitespace();
            words
                .map(|word| word.trim_matches('"').to_owned())
                .collect()
        })
        .collect()
}

/// What a workflow writes between `${{` and `}}` has blanks in it; here it is one word.
fn without_expressions(script: &str) -> String {
    let mut text = String::new();
    let mut rest = script;
    while let Some((before, expression)) = rest.split_once("${{") {
        text.push_str(before);
        text.push('x');
        rest = expression.split_once("}}").unwrap().1;
    }
    text + rest
}

#[test]
fn every_command_in_a_workflow_exists() {
    let mut count = 0;
    for (name, workflow) in workflows() {
        for step in steps(&workflow) {
            let script = without_expressions(step["run"].as_str().unwrap_or_default());
            for call in calls(&script) {
                let words = ["cargo xtask".to_owned()].into_iter().chain(call.clone());
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("{name}: {call:?}: {error}");
                }
                count += 1;
            }
        }
    }
    assert!(count >= 6, "{count} calls");
}

#[test]
fn every_recipe_calls_a_command_that_exists() {
    let text = fs::read_to_string(workspace::root().join("justfile")).unwrap();
    let calls = calls(&text);
    assert!(calls.len() > 6);
    for call in calls {
        let command = call.first().unwrap();
        let known = <Cli as clap::CommandFactory>::command();
        assert!(known.find_subcommand(command).is_some(), "{call:?}");
    }
}

#[test]
fn every_action_is_pinned_to_a_version() {
    for (name, workflow) in workflows() {
        for step in steps(&workflow) {
            let Some(action) = step["uses"].as_str() else {
                assert!(step["run"].is_string(), "{name}: {step}");
                continue;
            };
            let (who, version) = action.split_once('@').unwrap();
            let number = version.strip_prefix('v').unwrap();
            assert!(number.starts_with(|c: char| c.is_ascii_digit()), "{action}");
            // A moving tag of somebody else could become anything.
            let is_exact = number.split('.').count() == 3;
            assert!(is_exact || who.starts_with("actions/"), "{name}: {action}");
        }
    }
}

#[test]
fn nobody_may_write_who_need_not() {
    for (name, workflow) in workflows() {
        assert_eq!(workflow["permissions"]["contents"], "read", "{name}");
        for (job, body) in workflow["jobs"].as_object().unwrap() {
            let asks = !body["permissions"].is_null();
            assert_eq!(asks, job == "publish", "{name}: {job}");
        }
    }
}
