//! Compares a host with Envoy's record.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sdk_tests::HostKind;

use crate::case::Case;
use crate::known::{KNOWN, Known};
use crate::run::Outcomes;

/// What a comparison found.
#[derive(Default)]
pub(crate) struct Comparison {
    /// Cases that differ for a reason that is known, by the entry of the table.
    pub(crate) explained: BTreeMap<usize, Vec<String>>,
    /// Cases that differ, and nobody knows why: what is different.
    pub(crate) unexplained: Vec<String>,
    /// Entries of the table that no case needs.
    pub(crate) stale: Vec<&'static Known>,
}

/// Compares what a host did with what Envoy did.
pub(crate) fn compare(
    cases: &[Case],
    host: HostKind,
    outcomes: &Outcomes,
    envoy: &Outcomes,
) -> Comparison {
    let mut found = Comparison::default();
    for case in cases {
        let (ours, envoys) = (outcomes.get(&case.name), envoy.get(&case.name));
        if ours == envoys {
            continue;
        }
        let explained = KNOWN.iter().position(|known| known.covers(case, host));
        let is_explained = |entry: &usize| {
            host != HostKind::Envoy || KNOWN.get(*entry).is_some_and(|it| it.varies)
        };
        match explained.filter(is_explained) {
            Some(entry) => found
                .explained
                .entry(entry)
                .or_default()
                .push(case.name.clone()),
            None => {
                let lines = |outcome: Option<&crate::outcome::Outcome>| {
                    outcome.map_or_else(Vec::new, |outcome| outcome.lines.clone())
                };
                let difference = difference(&lines(envoys), &lines(ours));
                found
                    .unexplained
                    .push(format!("{}\n{difference}", case.name));
            }
        }
    }
    if host != HostKind::Envoy {
        found.stale = KNOWN
            .iter()
            .enumerate()
            .filter(|(index, known)| {
                !known.varies
                    && cases.iter().any(|case| known.covers(case, host))
                    && !found.explained.contains_key(index)
            })
            .map(|(_, known)| known)
            .collect();
    }
    found
}

/// The lines that only Envoy has (`-`), and those that only the other host has (`+`).
fn difference(envoy: &[String], ours: &[String]) -> String {
    let mut text = String::new();
    let same_start = envoy
        .iter()
        .zip(ours)
        .take_while(|(one, other)| one == other)
        .count();
    let (envoy, ours) = (&envoy[same_start..], &ours[same_start..]);
    let same_end = envoy
        .iter()
        .rev()
        .zip(ours.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    for line in &envoy[..envoy.len() - same_end] {
        let _ = writeln!(text, "  - {line}");
    }
    for line in &ours[..ours.len() - same_end] {
        let _ = writeln!(text, "  + {line}");
    }
    text
}

impl Comparison {
    /// The failure, if it is one.
    pub(crate) fn failure(&self, host: HostKind) -> Option<String> {
        let mut text = String::new();
        if !self.unexplained.is_empty() {
            let _ = writeln!(
                text,
                "{} cases on {host:?} are not as Envoy's record has them (-: Envoy, +: {host:?}):",
                self.unexplained.len()
            );
        }
        for case in &self.unexplained {
            let _ = writeln!(text, "{case}");
        }
        for known in &self.stale {
            let _ = writeln!(
                text,
                "no longer different: {} {}: {}",
                known.phases, known.operations, known.reason
            );
        }
        (!text.is_empty()).then_some(text)
    }
}
