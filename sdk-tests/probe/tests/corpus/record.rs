//! What Envoy did, case by case: the files in `record`, one a phase.
//!
//! A file begins with what the phase is like without an operation. The other cases say where they
//! differ: `@2-5` are the second to the fifth line of the first case, any other line is itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::run::Outcomes;
use crate::table::NOTHING;

fn file(phase: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("record");
    directory.join(format!("{phase}.txt"))
}

/// The cases by phase.
fn by_phase(cases: &[Case]) -> BTreeMap<&'static str, Vec<&Case>> {
    let mut phases: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for case in cases {
        phases.entry(case.phase).or_default().push(case);
    }
    phases
}

/// Writes what Envoy did.
pub(crate) fn write(cases: &[Case], outcomes: &Outcomes) {
    for (phase, cases) in by_phase(cases) {
        let nothing = outcomes
            .get(&format!("{phase} {NOTHING}"))
            .map_or(&[][..], |outcome| &outcome.lines);
        let mut text = String::new();
        for case in cases {
            let Some(outcome) = outcomes.get(&case.name) else {
                continue;
            };
            let operation = case.operation();
            let lines = if operation == NOTHING {
                outcome.lines.clone()
            } else {
                shortened(&outcome.lines, nothing)
            };
            text.push_str(&format!("== {operation}\n"));
            for line in lines {
                text.push_str(&format!("{line}\n"));
            }
        }
        let file = file(phase);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a place for the record");
        fs::write(&file, text).expect("a place for the record");
    }
}

/// What Envoy did, for those of the cases that are in the record.
pub(crate) fn read(cases: &[Case]) -> Outcomes {
    let mut outcomes = Outcomes::new();
    for phase in by_phase(cases).keys() {
        let text = fs::read_to_string(file(phase)).unwrap_or_default();
        let mut nothing: Option<Vec<String>> = None;
        for entry in text.split("== ").skip(1) {
            let mut lines = entry.lines();
            let operation = lines.next().unwrap_or_default();
            let lines: Vec<_> = lines.map(str::to_owned).collect();
            let lines = match &nothing {
                Some(nothing) => lengthened(&lines, nothing),
                None => nothing.insert(lines).clone(),
            };
            outcomes.insert(format!("{phase} {operation}"), Outcome { lines });
        }
    }
    outcomes
}

/// Lines with those that are in `nothing`, in its order, replaced by where they are there.
fn shortened(lines: &[String], nothing: &[String]) -> Vec<String> {
    let mut short = Vec::new();
    let (mut at, mut next) = (0, 0);
    while at < lines.len() {
        let same = nothing[next..].iter().position(|line| *line == lines[at]);
        let Some(start) = same.map(|skipped| next + skipped) else {
            short.push(lines[at].clone());
            at += 1;
            continue;
        };
        let rest = lines[at..].iter().zip(&nothing[start..]);
        let length = rest.take_while(|(one, other)| one == other).count();
        short.push(format!("@{}-{}", start + 1, start + length));
        (at, next) = (at + length, start + length);
    }
    short
}

fn lengthened(lines: &[String], nothing: &[String]) -> Vec<String> {
    let range = |line: &String| {
        let (start, end) = line.strip_prefix('@')?.split_once('-')?;
        let (start, end): (usize, usize) = (start.parse().ok()?, end.parse().ok()?);
        nothing.get(start.checked_sub(1)?..end)
    };
    lines
        .iter()
        .flat_map(|line| match range(line) {
            Some(same) => same.to_vec(),
            None => vec![line.clone()],
        })
        .collect()
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let lines = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
    let nothing = lines("abcdef");
    for outcome in ["abcdef", "abXcdef", "af", "", "XbYeZ", "aabbcc"] {
        let outcome = lines(outcome);
        let short = shortened(&outcome, &nothing);
        assert_eq!(lengthened(&short, &nothing), outcome, "{short:?}");
    }
    assert_eq!(shortened(&lines("abXdef"), &nothing), ["@1-2", "X", "@4-6"]);
}
