//! Where a token is in a request, and the request without it.

use std::borrow::Cow;

use extension_common::{
    headers::{HeaderName, HeaderView},
    path,
};

/// A place that a token may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A header, whose value is the token, or `scheme` and the token (RFC 9110, section 11.4).
    Header {
        /// The header.
        name: HeaderName,
        /// The scheme, such as `Bearer`; its case does not count.
        scheme: Option<String>,
    },
    /// A parameter of the query (RFC 6750, section 2.3).
    Query(String),
    /// A cookie (RFC 6265).
    Cookie(String),
}

/// What the places amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// There is no token.
    Nothing,
    /// There is one.
    One(Cow<'a, [u8]>),
    /// There is something that is no token: a scheme without one, say.
    Malformed,
    /// There is more than one.
    Several,
}

impl<'a> Found<'a> {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, found) | (found, Self::Nothing) => found,
            _ => Self::Several,
        }
    }

    fn token(token: impl Into<Cow<'a, [u8]>>) -> Self {
        let token = token.into();
        let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(byte);
        if !token.is_empty() && token.iter().all(is_token_byte) {
            Self::One(token)
        } else {
            Self::Malformed
        }
    }
}

/// Looks into all `sources`, each once.
pub fn find<'a, 's>(
    sources: impl IntoIterator<Item = &'s Source>,
    headers: &'a HeaderView,
    path: &'a [u8],
) -> Found<'a> {
    let mut looked: Vec<&Source> = Vec::new();
    let mut found = Found::Nothing;
    for source in sources {
        if !looked.contains(&source) {
            looked.push(source);
            found = found.and(source.find(headers, path));
        }
    }
    found
}

impl Source {
    /// The `Authorization` header with the scheme `Bearer` (RFC 6750, section 2.1).
    pub fn bearer() -> Option<Self> {
        HeaderName::new("authorization").map(|name| Self::Header {
            name,
            scheme: Some("Bearer".into()),
        })
    }

    fn find<'a>(&self, headers: &'a HeaderView, path: &'a [u8]) -> Found<'a> {
        match self {
            Self::Header { name, scheme } => values(headers, name.as_str())
                .map(|value| match scheme {
                    Some(scheme) => after_scheme(value, scheme),
                    None => Found::token(value),
                })
                .fold(Found::Nothing, Found::and),
            Self::Query(name) => parameters(path)
                .filter(|parameter| is_named(parameter, name))
                .map(|parameter| Found::token(decoded_value(parameter)))
                .fold(Found::Nothing, Found::and),
            Self::Cookie(name) => values(headers, "cookie")
                .flat_map(cookies)
                .filter_map(|cookie| value_of(cookie, name))
                .map(Found::token)
                .fold(Found::Nothing, Found::and),
        }
    }
}

fn values<'a>(headers: &'a HeaderView, name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(move |(key, _)| *key == name.as_bytes())
        .map(|(_, value)| value)
}

/// The scheme, one blank or more, and the token. Another scheme is no token of ours, unless ours
/// comes in behind it: Envoy joins repeated `Authorization` headers with a comma.
fn after_scheme<'a>(value: &'a [u8], scheme: &str) -> Found<'a> {
    let is_ours = |part: &&[u8]| {
        let word = part
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        word.eq_ignore_ascii_case(scheme.as_bytes())
    };
    let mut parts = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let (first, rest) = (parts.next().unwrap_or_default(), parts);
    let hidden = rest.filter(is_ours).count();
    if !is_ours(&first) {
        return match hidden {
            0 => Found::Nothing,
            1 => Found::Malformed,
            _ => Found::Several,
        };
    }
    if hidden > 0 {
        return Found::Several;
    }
    let token = value.trim_ascii().get(scheme.len()..).unwrap_or_default();
    Found::token(token.trim_ascii())
}

/// The parameters of a query, as they were sent.
fn parameters(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let query = path.iter().position(|&byte| byte == b'?');
    let query = query.and_then(|at| path.get(at.saturating_add(1)..));
    let query = query.map(|query| query.split(|&byte| byte == b'#').next().unwrap_or_default());
    query
        .into_iter()
        .flat_map(|query| query.split(|&byte| byte == b'&'))
}

fn name_of(parameter: &[u8]) -> &[u8] {
    parameter
        .split(|&byte| byte == b'=')
        .next()
        .unwrap_or_default()
}

/// Names may be percent-encoded: the upstream would decode them.
fn is_named(parameter: &[u8], name: &str) -> bool {
    let sent = name_of(parameter);
    sent == name.as_bytes() || (sent.contains(&b'%') && path::decode(sent) == name.as_bytes())
}

fn decoded_value(parameter: &[u8]) -> Cow<'_, [u8]> {
    let start = name_of(parameter).len().saturating_add(1);
    let value = parameter.get(start..).unwrap_or_default();
    if value.contains(&b'%') {
        path::decode(value).into()
    } else {
        value.into()
    }
}

/// The pairs of a `Cookie` header, without blanks around them.
fn cookies(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header
        .split(|&byte| byte == b';')
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty())
}

fn value_of<'a>(cookie: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let equals = cookie.iter().position(|&byte| byte == b'=')?;
    let (found, value) = cookie.split_at_checked(equals)?;
    (found.trim_ascii() == name.as_bytes()).then(|| value.get(1..).unwrap_or_default().trim_ascii())
}

/// What is to be written for a request to go on without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// This header goes.
    Header(HeaderName),
    /// `:path` becomes this.
    Path(Vec<u8>),
    /// All `cookie` headers become this one; none if it is empty.
    Cookie(Vec<u8>),
}

/// What to write so that nothing of `sources` reaches the upstream; everything else stays as it was
/// sent, byte for byte.
pub fn removals<'a>(
    sources: impl IntoIterator<Item = &'a Source> + Clone,
    headers: &HeaderView,
    path: &[u8],
) -> Vec<Removal> {
    let mut removals = Vec::new();
    let (mut query_names, mut cookie_names) = (Vec::new(), Vec::new());
    for source in sources {
        match source {
            Source::Header { .. } if source.find(headers, path) == Found::Nothing => {}
            Source::Header { name, .. } => removals.push(Removal::Header(name.clone())),
            Source::Query(name) => query_names.push(name),
            Source::Cookie(name) => cookie_names.push(name),
        }
    }
    removals.extend(without_parameters(path, &query_names).map(Removal::Path));
    removals.extend(without_cookies(headers, &cookie_names).map(Removal::Cookie));
    removals
}

fn without_parameters(path: &[u8], names: &[&String]) -> Option<Vec<u8>> {
    let is_token = |parameter: &&[u8]| names.iter().any(|name| is_named(parameter, name));
    if !parameters(path).any(|parameter| is_token(&parameter)) {
        return None;
    }
    let kept: Vec<&[u8]> = parameters(path)
        .filter(|parameter| !is_token(parameter))
        .collect();
    let end = path.iter().position(|&byte| byte == b'?')?;
    let mut shorter = path.get(..end)?.to_vec();
    if !kept.is_empty() {
        shorter.push(b'?');
        shorter.extend(kept.join(&b'&'));
    }
    Some(shorter)
}

fn without_cookies(headers: &HeaderView, names: &[&String]) -> Option<Vec<u8>> {
    let is_token = |cookie: &&[u8]| names.iter().any(|name| value_of(cookie, name).is_some());
    let all = || values(headers, "cookie").flat_map(cookies);
    if !all().any(|cookie| is_token(&cookie)) {
        return None;
    }
    let kept: Vec<&[u8]> = all().filter(|cookie| !is_token(cookie)).collect();
    Some(kept.join(&b"; "[..]))
}

#[cfg(test)]
mod tests;
