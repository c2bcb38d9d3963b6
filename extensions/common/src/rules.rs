//! Which rules a request falls under.
//!
//! A rule speaks of hosts, methods and one path pattern. Where several match, an exact path
//! decides (one that differs in a slash at the end is required besides); otherwise the longest
//! matching prefix and the longest matching suffix are both required. Between equal paths the more
//! specific host wins; what still ties is all required.

mod displaced;
mod written;

use smallvec::SmallVec;

use crate::{
    config::Remarks,
    host::{HostPattern, Specificity},
    path::{self, Readings},
};

pub use displaced::Displaced;
pub use written::Written;

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
    /// The whole path, with or without slashes at its end.
    Exact,
    /// The beginning of the path: a plain string match, `/api` covers `/apiary` too.
    Prefix,
    /// The end of the path, likewise, with or without slashes behind it.
    Suffix,
}

impl PathPattern {
    /// A pattern of this kind; `text` has no query.
    pub fn new(kind: PathKind, text: &str) -> Self {
        let decoded = path::decode(text.as_bytes());
        Self {
            kind,
            text: text.into(),
            decoded: (decoded != text.as_bytes()).then_some(decoded),
        }
    }

    /// How closely the pattern describes `path`; `None` where it does not match.
    fn matches(&self, path: &Reading<'_>) -> Option<Match> {
        let length_of = |pattern: &Vec<u8>| {
            let pattern = pattern.as_slice();
            let matches = match self.kind {
                PathKind::Exact => path.trimmed == without_trailing_slashes(pattern),
                PathKind::Prefix => path.whole.starts_with(pattern),
                PathKind::Suffix => {
                    path.whole.ends_with(pattern) || path.trimmed.ends_with(pattern)
                }
            };
            matches.then_some(pattern.len())
        };
        let length = self.spellings().filter_map(length_of).max()?;
        Some(Match {
            length,
            decides: self.kind == PathKind::Exact
                && self.spellings().any(|pattern| pattern == path.whole),
        })
    }

    /// Whether no path is such: each begins with a slash.
    pub fn can_never_match(&self) -> bool {
        self.kind != PathKind::Suffix && !self.canonical().starts_with(b"/")
    }

    /// The pattern, decoded.
    fn canonical(&self) -> &[u8] {
        self.decoded.as_ref().unwrap_or(&self.text)
    }

    fn spellings(&self) -> impl Iterator<Item = &Vec<u8>> {
        std::iter::once(&self.text).chain(&self.decoded)
    }
}

/// One reading of a request's path.
struct Reading<'a> {
    whole: &'a [u8],
    /// Without slashes at its end.
    trimmed: &'a [u8],
}

impl<'a> Reading<'a> {
    fn new(path: &'a [u8]) -> Self {
        Self {
            whole: path,
            trimmed: without_trailing_slashes(path),
        }
    }
}

/// How a pattern matches a path.
struct Match {
    /// The length of the pattern, in bytes.
    length: usize,
    /// An exact pattern that is the path as it stands. One that differs in slashes at the end may
    /// mean another resource: it is required beside the others.
    decides: bool,
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
    fn covers_method(&self, method: Option<&[u8]>) -> bool {
        let (Some(methods), Some(method)) = (&self.methods, method) else {
            return true;
        };
        methods.iter().any(|covered| {
            covered.as_bytes().eq_ignore_ascii_case(method)
                || (covered == "GET" && method.eq_ignore_ascii_case(b"HEAD"))
        })
    }

    /// How closely the rule describes `host`; `None` where it does not cover it. A request without
    /// a host could be for any, and no rule is closer to it than another.
    fn covers_host(&self, host: Option<&[u8]>) -> Option<Specificity> {
        let Some(host) = host else {
            return Some(HostPattern::Any.specificity());
        };
        self.hosts
            .iter()
            .filter(|pattern| pattern.matches(host))
            .map(HostPattern::specificity)
            .max()
    }
}

/// The scopes of all rules, in the order of the configuration.
#[derive(Debug, Default)]
pub struct Scopes(Vec<Scope>);

/// The indices of rules. A few of them take no allocation.
pub type Required = SmallVec<[usize; 4]>;
type Candidates = SmallVec<[Candidate; 4]>;

/// A scope that covers the request's host and method, and a reading of its path.
struct Candidate {
    index: usize,
    kind: PathKind,
    path: Match,
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
        method: Option<&[u8]>,
        readings: &Readings<'_>,
    ) -> Required {
        let mut required = Required::new();
        let mut candidates = Candidates::new();
        for path in readings.iter() {
            self.find_candidates(host, method, &Reading::new(path), &mut candidates);
            add_closest(&candidates, PathKind::Exact, &mut required);
            if !candidates.iter().any(|candidate| candidate.path.decides) {
                add_closest(&candidates, PathKind::Prefix, &mut required);
                add_closest(&candidates, PathKind::Suffix, &mut required);
            }
        }
        required
    }

    fn find_candidates(
        &self,
        host: Option<&[u8]>,
        method: Option<&[u8]>,
        path: &Reading<'_>,
        candidates: &mut Candidates,
    ) {
        candidates.clear();
        candidates.extend(self.0.iter().enumerate().filter_map(|(index, scope)| {
            // The path first: it rules most candidates out.
            let path = scope.path.matches(path)?;
            let host = scope.covers_host(host)?;
            scope.covers_method(method).then_some(Candidate {
                index,
                kind: scope.path.kind,
                path,
                host,
            })
        }));
    }

    /// Which rules give way to which others, somewhere.
    pub fn displaced(&self) -> Vec<Displaced> {
        displaced::all(&self.0)
    }

    /// Tells the operator about those, given the rules' names in order: at most so many lines.
    pub fn remark_displaced(&self, names: &[String], remarks: &mut Remarks) {
        const MAX_LINES: usize = 50;
        let displaced = self.displaced();
        for pair in displaced.iter().take(MAX_LINES) {
            if let (Some(rule), Some(winner)) = (names.get(pair.rule), names.get(pair.winner)) {
                remarks.note(format!(
                    "{winner} is required instead of {rule} where both match"
                ));
            }
        }
        let more = displaced.len().saturating_sub(MAX_LINES);
        if more > 0 {
            remarks.note(format!("… and {more} more pairs of rules like these"));
        }
    }
}

/// Adds the candidates of `kind` with the closest path and, among these, the most specific host.
fn add_closest(candidates: &[Candidate], kind: PathKind, required: &mut Required) {
    let rank = |candidate: &Candidate| {
        let path = &candidate.path;
        (path.decides, path.length, candidate.host)
    };
    let of_kind = || {
        candidates
            .iter()
            .filter(move |candidate| candidate.kind == kind)
    };
    let best = of_kind().map(rank).max();
    for candidate in of_kind() {
        if Some(rank(candidate)) == best && !required.contains(&candidate.index) {
            required.push(candidate.index);
        }
    }
}

#[cfg(test)]
mod tests;
