//! Which rules give way to which others: for the operator's log, so that nobody is surprised.

use super::{PathKind, PathPattern, Scope};
use extension_common::host::HostPattern;

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
    if !hosts_overlap(winner, loser) || !methods_overlap(winner, loser) {
        return false;
    }
    match precedence(&winner.path, &loser.path) {
        Precedence::Wins => true,
        Precedence::Equal => has_more_specific_host(winner, loser),
        Precedence::Independent => false,
    }
}

enum Precedence {
    Wins,
    Equal,
    Independent,
}

/// How `a` stands to `b` where both match a path.
fn precedence(a: &PathPattern, b: &PathPattern) -> Precedence {
    match (a.kind, b.kind) {
        (PathKind::Exact, PathKind::Exact) if a.text == b.text => Precedence::Equal,
        (PathKind::Exact, PathKind::Prefix | PathKind::Suffix)
            if b.matches(&a.text).is_some() || b.matches(&with_slash(&a.text)).is_some() =>
        {
            Precedence::Wins
        }
        (PathKind::Prefix, PathKind::Prefix) | (PathKind::Suffix, PathKind::Suffix) => {
            if a.text == b.text {
                Precedence::Equal
            } else if b.matches(&a.text).is_some() {
                Precedence::Wins
            } else {
                Precedence::Independent
            }
        }
        _ => Precedence::Independent,
    }
}

fn with_slash(path: &[u8]) -> Vec<u8> {
    [path, b"/"].concat()
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
                .any(|method| scope.covers_method(method.as_bytes()))
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
