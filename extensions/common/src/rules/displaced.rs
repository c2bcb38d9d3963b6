//! Which rules give way to which others: for the operator's log, so that nobody is surprised.

use super::{PathKind, PathPattern, Reading, Scope};
use crate::host::HostPattern;

/// Where both rules match a request, only `winner` is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// The index of the rule that gives way.
    pub rule: usize,
    /// The index of the rule that is required instead.
    pub winner: usize,
}

pub(super) fn all(scopes: &[Scope]) -> Vec<Displaced> {
    let mut displaced = Vec::new();
    for (rule, loser) in scopes.iter().enumerate() {
        for (winner, other) in scopes.iter().enumerate() {
            if rule != winner && displaces(other, loser) {
                displaced.push(Displaced { rule, winner });
            }
        }
    }
    displaced
}

fn displaces(winner: &Scope, loser: &Scope) -> bool {
    // The path first: it rules most pairs out.
    let by_path = match precedence(&winner.path, &loser.path) {
        Precedence::Wins => true,
        Precedence::Equal => has_more_specific_host(winner, loser),
        Precedence::Independent => false,
    };
    by_path && hosts_overlap(winner, loser) && methods_overlap(winner, loser)
}

enum Precedence {
    Wins,
    Equal,
    Independent,
}

/// How `a` stands to `b` where both match a path.
fn precedence(a: &PathPattern, b: &PathPattern) -> Precedence {
    let (path, other) = (a.canonical(), b.canonical());
    match (a.kind, b.kind) {
        (same, kind) if same == kind && path == other => Precedence::Equal,
        (PathKind::Exact, PathKind::Prefix | PathKind::Suffix)
        | (PathKind::Prefix, PathKind::Prefix)
        | (PathKind::Suffix, PathKind::Suffix)
            if b.matches(&Reading::new(path)).is_some() =>
        {
            Precedence::Wins
        }
        _ => Precedence::Independent,
    }
}

fn hosts_overlap(a: &Scope, b: &Scope) -> bool {
    a.hosts
        .iter()
        .any(|host| b.hosts.iter().any(|other| host.overlaps(other)))
}

fn methods_overlap(a: &Scope, b: &Scope) -> bool {
    let covers_one_of = |scope: &Scope, other: &Scope| {
        other.methods.as_ref().is_none_or(|methods| {
            methods
                .iter()
                .any(|method| scope.covers_method(Some(method.as_bytes())))
        })
    };
    covers_one_of(a, b) || covers_one_of(b, a)
}

/// Whether some host of `a` is closer than a host of `b` that it overlaps.
fn has_more_specific_host(a: &Scope, b: &Scope) -> bool {
    let closer = |host: &HostPattern, other: &HostPattern| {
        host.overlaps(other) && host.specificity() > other.specificity()
    };
    a.hosts
        .iter()
        .any(|host| b.hosts.iter().any(|other| closer(host, other)))
}
