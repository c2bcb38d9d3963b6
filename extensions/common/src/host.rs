//! Host names of requests, and patterns for them.

use std::{borrow::Cow, net::Ipv6Addr};

/// What an `:authority` names: in lower case, without port, brackets and one trailing dot, as
/// Envoy's router sees it.
pub fn normalize(authority: &[u8]) -> Cow<'_, [u8]> {
    if is_normal(authority) {
        return Cow::Borrowed(authority);
    }
    let name = without_port(authority);
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Whether there is nothing to do: the common case, found out in one pass.
fn is_normal(authority: &[u8]) -> bool {
    authority.last() != Some(&b'.')
        && !authority
            .iter()
            .any(|&byte| matches!(byte, b':' | b'[' | b'A'..=b'Z'))
}

/// Cuts a port off, whatever it is: Envoy does not ask for digits. A bare IPv6 address has none.
fn without_port(authority: &[u8]) -> &[u8] {
    let (text, end) = match authority.strip_prefix(b"[") {
        Some(bracketed) => (bracketed, b']'),
        None if is_ipv6(authority) => return authority,
        None => (authority, b':'),
    };
    text.split(|&byte| byte == end).next().unwrap_or_default()
}

fn is_ipv6(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// A host name, with one `*` at its beginning or its end; ports do not count.
///
/// Wildcards are plain string matches: `*foo.com` covers `evilfoo.com` too. Write `*.foo.com` for
/// the subdomains alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// `*`, or no pattern at all.
    Any,
    /// `example.*`.
    Prefix(Vec<u8>),
    /// `*.example.com`.
    Suffix(Vec<u8>),
    /// `example.com`.
    Exact(Vec<u8>),
}

/// What [`HostPattern::parse`] takes, for error messages.
pub const PATTERN: &str =
    "a host name such as \"example.com\", \"*.example.com\", \"example.*\" or \"*\"";

impl HostPattern {
    /// Parses a pattern; `None` where it is empty or has a `*` elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text == b"*" {
            return Some(Self::Any);
        }
        let pattern = if let Some(suffix) = text.strip_prefix(b"*") {
            Self::Suffix(normalize(suffix).into_owned())
        } else if let Some(prefix) = text.strip_suffix(b"*") {
            // `localhost:*` means every port, and so does everything else here.
            let name = without_port(prefix).to_ascii_lowercase();
            Self::Prefix(name)
        } else {
            Self::Exact(normalize(text).into_owned())
        };
        match &pattern {
            // Nothing is left of `*:8080` but the port: it stands for every host.
            Self::Suffix(name) | Self::Prefix(name) if name.is_empty() => Some(Self::Any),
            Self::Exact(name) if name.is_empty() => None,
            Self::Suffix(name) | Self::Prefix(name) | Self::Exact(name) => {
                (!name.contains(&b'*')).then_some(pattern)
            }
            Self::Any => Some(pattern),
        }
    }

    /// Whether the [normalized](normalize) name `host` is covered.
    pub fn matches(&self, host: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => host.starts_with(prefix),
            Self::Suffix(suffix) => host.ends_with(suffix),
            Self::Exact(name) => host == name,
        }
    }

    /// Orders patterns that match the same host: a name before a wildcard, a longer wildcard
    /// before a shorter one.
    pub fn specificity(&self) -> Specificity {
        Specificity(match self {
            Self::Any => 0,
            Self::Prefix(part) | Self::Suffix(part) => part.len(),
            Self::Exact(_) => usize::MAX,
        })
    }

    /// Whether some host could match both patterns.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(name), pattern) | (pattern, Self::Exact(name)) => pattern.matches(name),
            (Self::Prefix(a), Self::Prefix(b)) => a.starts_with(b) || b.starts_with(a),
            (Self::Suffix(a), Self::Suffix(b)) => a.ends_with(b) || b.ends_with(a),
            _ => true,
        }
    }
}

/// How closely a [`HostPattern`] describes a host; more is closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity(usize);

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> HostPattern {
        HostPattern::parse(text).unwrap()
    }

    #[test]
    fn case_port_and_trailing_dot_do_not_count() {
        for (authority, name) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com", "example.com"),
            ("Example.COM:80", "example.com"),
            ("example.com.", "example.com"),
            ("example.com.:8080", "example.com"),
            ("example.com..", "example.com."),
            ("[::1]:8080", "::1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("::1", "::1"),
            ("127.0.0.1:10000", "127.0.0.1"),
            ("", ""),
            ("example.com:evil", "example.com"),
            ("example.com:80a", "example.com"),
            ("example.com:80:90", "example.com"),
            ("example.com:", "example.com"),
        ] {
            assert_eq!(
                normalize(authority.as_bytes()),
                name.as_bytes(),
                "{authority}"
            );
        }
        assert_eq!(normalize(b"\xffA:1"), &b"\xffa"[..]);
    }

    #[test]
    fn patterns_match_as_written() {
        for (text, host, expected) in [
            ("example.com", "example.com", true),
            ("Example.com:443", "example.com", true),
            ("example.com", "www.example.com", false),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "example.com", false),
            ("*foo.com", "evilfoo.com", true),
            ("example.*", "example.org", true),
            ("example.*", "my.example.org", false),
            ("*", "", true),
            ("*:8080", "anything", true),
            ("localhost:*", "localhost", true),
            ("[::1]", "::1", true),
            ("*.EXAMPLE.com.", "a.example.com", true),
        ] {
            assert_eq!(
                pattern(text).matches(host.as_bytes()),
                expected,
                "{text} {host}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", ".", ":80", "a*b", "*a*", "**", "[]"] {
            assert_eq!(HostPattern::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_name_is_more_specific_than_a_wildcard() {
        let order = ["*", "*.com", "*.example.com", "www.example.com"];
        for pair in order.windows(2) {
            assert!(pattern(pair[0]).specificity() < pattern(pair[1]).specificity());
        }
    }

    #[test]
    fn overlap_is_found() {
        for (a, b, expected) in [
            ("a.com", "*.com", true),
            ("a.com", "b.com", false),
            ("*.a.com", "*.b.com", false),
            ("*.a.com", "*.com", true),
            ("a.*", "b.*", false),
            ("a.*", "*.com", true),
            ("*", "b.*", true),
        ] {
            assert_eq!(pattern(a).overlaps(&pattern(b)), expected, "{a} {b}");
            assert_eq!(pattern(b).overlaps(&pattern(a)), expected, "{b} {a}");
        }
    }
}
