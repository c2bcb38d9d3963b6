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
    /// There is one. Nobody has looked at its bytes yet: for a token that is known that is not
    /// necessary, and it is long.
    One {
        /// The token.
        token: Cow<'a, [u8]>,
        /// In which of the places it is.
        source: usize,
    },
    /// There is something that is no token: a scheme without one, say.
    Malformed,
    /// There is more than one.
    Several,
}

impl Found<'_> {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, found) | (found, Self::Nothing) => found,
            _ => Self::Several,
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
    for (index, source) in sources.into_iter().enumerate() {
        if !looked.contains(&source) {
            looked.push(source);
            found = found.and(source.find(index, headers, path));
        }
    }
    found
}

/// Whether what was found is more than one token: Envoy joins repeated `Authorization` headers with
/// a comma, which no token has.
pub fn is_joined(token: &[u8]) -> bool {
    token.contains(&b',')
}

impl Source {
    /// The `Authorization` header with the scheme `Bearer` (RFC 6750, section 2.1).
    pub fn bearer() -> Option<Self> {
        HeaderName::new("authorization").map(|name| Self::Header {
            name,
            scheme: Some("Bearer".into()),
        })
    }

    fn find<'a>(&self, index: usize, headers: &'a HeaderView, path: &'a [u8]) -> Found<'a> {
        let found = |token: Cow<'a, [u8]>| match token.is_empty() {
            true => Found::Malformed,
            false => Found::One {
                token,
                source: index,
            },
        };
        match self {
            Self::Header { name, scheme } => values(headers, name.as_str())
                .map(|value| match scheme {
                    Some(scheme) => match after_scheme(value, scheme) {
                        AfterScheme::Token(token) => found(token.into()),
                        AfterScheme::Nothing => Found::Nothing,
                        AfterScheme::Hidden => Found::Several,
                    },
                    None => found(value.into()),
                })
                .fold(Found::Nothing, Found::and),
            Self::Query(name) => parameters(path)
                .filter(|parameter| is_named(parameter, name))
                .map(|parameter| found(decoded_value(parameter)))
                .fold(Found::Nothing, Found::and),
            Self::Cookie(name) => values(headers, "cookie")
                .flat_map(cookies)
                .filter_map(|cookie| value_of(cookie, name))
                .map(|value| found(value.into()))
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

enum AfterScheme<'a> {
    Token(&'a [u8]),
    Nothing,
    /// Ours comes in behind another.
    Hidden,
}

/// The scheme, one blank or more, and the token. Another scheme is no token of ours, unless ours
/// comes in behind it and a comma: then there were two headers.
fn after_scheme<'a>(value: &'a [u8], scheme: &str) -> AfterScheme<'a> {
    let is_ours = |part: &[u8]| {
        let word = part.split(u8::is_ascii_whitespace).next();
        word.is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    let value = value.trim_ascii();
    if is_ours(value) {
        // Blanks alone: another character is one of the token, and makes it none.
        let blanks_and_token = value.get(scheme.len()..).unwrap_or_default();
        let blanks = blanks_and_token.iter().take_while(|&&byte| byte == b' ');
        let token = blanks_and_token.get(blanks.count()..).unwrap_or_default();
        return AfterScheme::Token(token);
    }
    let mut parts = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    if parts.any(is_ours) {
        AfterScheme::Hidden
    } else {
        AfterScheme::Nothing
    }
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

/// What to write so that nothing of `sources`, in each of which a token was found, reaches the
/// upstream; everything else stays as it was sent, byte for byte.
pub fn removals<'s>(
    sources: impl IntoIterator<Item = &'s Source>,
    headers: &HeaderView,
    path: &[u8],
) -> Vec<Removal> {
    let mut removals = Vec::new();
    let (mut query_names, mut cookie_names) = (Vec::new(), Vec::new());
    for source in sources {
        match source {
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
