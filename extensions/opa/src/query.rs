//! Changes the query of a path as a decision says. What is not changed stays as it was sent.

use crate::{
    decision::Decision,
    input::{Plus, percent_decoded},
};

/// The path with its new query; `None` where nothing changes.
pub fn rewritten(path: &[u8], decision: &Decision) -> Option<Vec<u8>> {
    let (set, remove) = (&decision.query_to_set, &decision.query_to_remove);
    if set.is_empty() && remove.is_empty() {
        return None;
    }
    let mark = path.iter().position(|&byte| byte == b'?');
    let (bare, query) = match mark.and_then(|mark| path.split_at_checked(mark)) {
        Some((bare, query)) => (bare, query.get(1..).unwrap_or_default()),
        None => (path, &[][..]),
    };
    let goes = |part: &[u8]| {
        let name = part.split(|&byte| byte == b'=').next().unwrap_or_default();
        // A name that cannot be decoded is none of those that are meant.
        percent_decoded(name, Plus::IsBlank).is_some_and(|name| {
            set.iter().any(|(key, _)| key.as_bytes() == name)
                || remove.iter().any(|key| key.as_bytes() == name)
        })
    };
    let mut parts: Vec<Vec<u8>> = query
        .split(|&byte| byte == b'&')
        .filter(|part| !part.is_empty() && !goes(part))
        .map(<[u8]>::to_vec)
        .collect();
    parts.extend(set.iter().map(|(name, value)| {
        let pair = format!("{}={}", percent_encoded(name), percent_encoded(value));
        pair.into_bytes()
    }));
    let mut path = bare.to_vec();
    if !parts.is_empty() {
        path.push(b'?');
        path.extend_from_slice(&parts.join(&b'&'));
    }
    Some(path)
}

/// With all but the unreserved characters (RFC 3986, section 2.3) percent-encoded.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(set: &[(&str, &str)], remove: &[&str]) -> Decision {
        Decision {
            query_to_set: set
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            query_to_remove: remove.iter().map(|name| (*name).into()).collect(),
            ..Decision::bare(true)
        }
    }

    #[test]
    fn parameters_are_replaced_and_removed_however_they_are_spelled() {
        for (path, set, remove, expected) in [
            ("/a", &[("x", "1")][..], &[][..], "/a?x=1"),
            ("/a?x=0&y=%20&x=2", &[("x", "1")], &[], "/a?y=%20&x=1"),
            (
                "/a?%78=0&y",
                &[("x", "a b&c=é")],
                &[],
                "/a?y&x=a%20b%26c%3D%C3%A9",
            ),
            ("/a?x=0", &[], &["x"], "/a"),
            ("/a?a+b=0&&c=%zz", &[], &["a b"], "/a?c=%zz"),
            ("/a?", &[("x", "1"), ("x", "2")], &[], "/a?x=1&x=2"),
        ] {
            let path = rewritten(path.as_bytes(), &decision(set, remove)).unwrap();
            assert_eq!(String::from_utf8(path).unwrap(), expected);
        }
    }

    #[test]
    fn without_parameters_the_path_stays() {
        assert_eq!(rewritten(b"/a?x=1", &Decision::bare(true)), None);
    }
}
