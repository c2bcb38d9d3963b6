//! The report: what was compared, and what is different.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::case::Case;
use crate::known::{Hosts, KNOWN};

/// The chapter that has the report, between two markers.
const CHAPTER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/src/reference/fidelity.md"
);
const BEGIN: &str = "<!-- the corpus: begin -->\n";
const END: &str = "<!-- the corpus: end -->\n";

/// The report as Markdown.
fn report(cases: &[Case]) -> String {
    let functions: BTreeSet<_> = cases.iter().map(|case| case.function.as_str()).collect();
    let mut phases: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        *phases.entry(case.phase).or_default() += 1;
    }
    let mut text = format!(
        "{} cases, {} host functions, {} phases.\n\n| phase | cases |\n|---|---|\n",
        cases.len(),
        functions.len() - usize::from(functions.contains("return")),
        phases.len(),
    );
    for (phase, count) in phases {
        let _ = writeln!(text, "| {phase} | {count} |");
    }
    text.push_str("\nWhat is different, and why:\n\n");
    text.push_str("| phases | operations | where | why |\n|---|---|---|---|\n");
    for known in KNOWN {
        let hosts = match known.hosts {
            Hosts::Native => "native",
            Hosts::Mock => "native, Wasmtime",
        };
        let code = |patterns: &str| {
            let patterns: Vec<_> = patterns.split('|').map(|one| format!("`{one}`")).collect();
            patterns.join(", ")
        };
        let (phases, operations) = (code(known.phases), code(known.operations));
        let _ = writeln!(
            text,
            "| {phases} | {operations} | {hosts} | {} |",
            known.reason
        );
    }
    text
}

#[test]
fn the_report_in_the_docs_is_current() {
    let chapter = std::fs::read_to_string(Path::new(CHAPTER)).expect("the chapter is there");
    let (before, rest) = chapter.split_once(BEGIN).expect("the marker of the begin");
    let (_, after) = rest.split_once(END).expect("the marker of the end");
    let report = report(&crate::table::cases());
    let current = format!("{before}{BEGIN}\n{report}\n{END}{after}");
    if crate::updates() {
        std::fs::write(CHAPTER, current).expect("the chapter can be written");
        return;
    }
    assert!(
        current == chapter,
        "the report has changed: UPDATE_FIDELITY=1 cargo test -p sdk-tests-probe"
    );
}
