//! Which rules a request falls under.
//!
//! A rule speaks of hosts, methods and one path pattern. Where several match, an exact path
//! decides; otherwise the longest matching prefix and the longest matching suffix are both
//! required. Between equal paths the more specific host wins; what still ties is all required.

mod displaced;

use extension_common::{
    host::{HostPattern, Specificity},
    path::Readings,
};

pub use displaced::Displaced;

/// A path pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    kind: PathKind,
    /// The pattern as it was configured.
    text: Vec<u8>,
    /// Percent-decoded, where that makes a difference: a request may be written either way.
    decoded: Option<Vec<u8>>,
}

/// How a [`PathPattern`] is compared with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// The whole path; slashes at its end do not count.
    Exact,
    /// The beginning of the path: a plain string match, `/api` covers `/apiary` too.
    Prefix,
    /// The end of the path, likewise.
    Suffix,
}

impl PathPattern {
    /// A pattern of this kind; `text` has no query.
    pub fn new(kind: PathKind, text: &str) -> Self {
        let trim = |path: &[u8]| match kind {
            PathKind::Exact => without_trailing_slashes(path).to_vec(),
            PathKind::Prefix | PathKind::Suffix => path.to_vec(),
        };
        let decoded = extension_common::path::decode(text.as_bytes());
        Self {
            kind,
            text: trim(text.as_bytes()),
            decoded: (decoded != text.as_bytes()).then(|| trim(&decoded)),
        }
    }

    /// How closely the pattern describes `path`, in bytes; `None` where it does not match.
    fn matches(&self, path: &[u8]) -> Option<usize> {
        let is_match = |pattern: &Vec<u8>| match self.kind {
            PathKind::Exact => without_trailing_slashes(path) == pattern,
            PathKind::Prefix => path.starts_with(pattern),
            PathKind::Suffix => path.ends_with(pattern),
        };
        [Some(&self.text), self.decoded.as_ref()]
            .into_iter()
            .flatten()
            .filter(|pattern| is_match(pattern))
            .map(Vec::len)
            .max()
    }
}

fn without_trailing_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte != b'/');
    let length = end.map_or(0, |last| last.saturating_add(1));
    path.get(..length).unwrap_or_default()
}

/// Where a rule applies.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Any of these; at least one.
    pub hosts: Vec<HostPattern>,
    /// Any of these, in upper case; `None` is every method.
    pub methods: Option<Vec<String>>,
    /// This path.
    pub path: PathPattern,
}

impl Scope {
    /// Whether the rule covers `method`; a rule for GET covers HEAD, which shows the same resource.
    fn covers_method(&self, method: &[u8]) -> bool {
        self.methods.as_ref().is_none_or(|methods| {
            methods.iter().any(|covered| {
                covered.as_bytes().eq_ignore_ascii_case(method)
                    || (covered == "GET" && method.eq_ignore_ascii_case(b"HEAD"))
            })
        })
    }

    /// How closely the rule describes `host`; `None` where it does not cover it. A request without
    /// a host could be for any.
    fn covers_host(&self, host: Option<&[u8]>) -> Option<Specificity> {
        self.hosts
            .iter()
            .filter(|pattern| host.is_none_or(|host| pattern.matches(host)))
            .map(HostPattern::specificity)
            .max()
    }
}

/// The scopes of all rules, in the order of the configuration.
#[derive(Debug, Default)]
pub struct Scopes(Vec<Scope>);

/// A scope that covers the request's host and method, and a reading of its path.
struct Candidate {
    index: usize,
    kind: PathKind,
    length: usize,
    host: Specificity,
}

impl Scopes {
    /// Rules are known by their index from here on.
    pub fn new(scopes: Vec<Scope>) -> Self {
        Self(scopes)
    }

    /// Whether any rule speaks of `host`, whatever the method and the path.
    pub fn protects_host(&self, host: Option<&[u8]>) -> bool {
        self.0.iter().any(|scope| scope.covers_host(host).is_some())
    }

    /// The rules that the request must satisfy, every one of them: those of each reading together.
    pub fn required(
        &self,
        host: Option<&[u8]>,
        method: &[u8],
        readings: &Readings<'_>,
    ) -> Vec<usize> {
        let mut required = Vec::new();
        for path in readings.iter() {
            for index in self.required_for(host, method, path) {
                if !required.contains(&index) {
                    required.push(index);
                }
            }
        }
        required
    }

    fn required_for(&self, host: Option<&[u8]>, method: &[u8], path: &[u8]) -> Vec<usize> {
        let candidates: Vec<Candidate> = self
            .0
            .iter()
            .enumerate()
            .filter_map(|(index, scope)| {
                // The path first: it rules most candidates out.
                let length = scope.path.matches(path)?;
                let host = scope.covers_host(host)?;
                scope.covers_method(method).then_some(Candidate {
                    index,
                    kind: scope.path.kind,
                    length,
                    host,
                })
            })
            .collect();
        let exact = closest(&candidates, PathKind::Exact);
        if !exact.is_empty() {
            return exact;
        }
        let mut required = closest(&candidates, PathKind::Prefix);
        required.extend(closest(&candidates, PathKind::Suffix));
        required
    }

    /// Which rules give way to which others, somewhere.
    pub fn displaced(&self) -> Vec<Displaced> {
        displaced::all(&self.0)
    }
}

/// The candidates of `kind` with the longest path and, among these, the most specific host.
fn closest(candidates: &[Candidate], kind: PathKind) -> Vec<usize> {
    let rank = |candidate: &Candidate| (candidate.length, candidate.host);
    let of_kind = || {
        candidates
            .iter()
            .filter(move |candidate| candidate.kind == kind)
    };
    let best = of_kind().map(rank).max();
    of_kind()
        .filter(|candidate| Some(rank(candidate)) == best)
        .map(|candidate| candidate.index)
        .collect()
}

#[cfg(test)]
mod tests;
