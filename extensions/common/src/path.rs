//! What a request path could mean to whoever serves it.
//!
//! Servers disagree about `//secret`, `/%73ecret`, `/x/../secret` and `/secret;a`, and a rule that
//! guards `/secret` must hold whichever way the upstream reads them. So a path is matched in all its
//! plausible [`Readings`]; the path that is forwarded is never changed.

use std::collections::VecDeque;

/// A path that cannot be matched safely, and must be refused where anything is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsafePath {
    /// No path, or one that does not begin with `/` (as in `OPTIONS *`).
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// A `%` that two hexadecimal digits do not follow (RFC 3986, section 2.1).
    #[error("the path has a bad percent-encoding")]
    BadEscape,
    /// An encoded control character: some servers end the path at a NUL, or ignore a line break
    /// at its end.
    #[error("the path has an encoded control character")]
    ControlCharacter,
    /// A `/` or `\` encoded, or a plain `\`: some servers take it for a separator, some do not.
    #[error("the path has an encoded slash, or a backslash")]
    EscapedSeparator,
    /// An ASCII character in an overlong UTF-8 form (RFC 3629, section 3).
    #[error("the path has an overlong UTF-8 sequence")]
    Overlong,
    /// More readings than anyone means.
    #[error("the path can be read in too many ways")]
    TooManyReadings,
}

/// What to do with a path that holds an encoded separator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EscapedSeparators {
    /// Refuse it.
    #[default]
    Reject,
    /// Match it both as it is and decoded.
    Match,
}

/// No honest path comes near this many; it bounds the work of a dishonest one.
const MAX_READINGS: usize = 32;

/// Likewise, for all readings together, in bytes.
const MAX_READ_BYTES: usize = 256 * 1024;

/// All plausible readings of a path, the one that was sent first.
#[derive(Debug, PartialEq, Eq)]
pub struct Readings<'a> {
    sent: &'a [u8],
    others: Vec<Vec<u8>>,
}

impl<'a> Readings<'a> {
    /// Reads the `:path` of a request: query and fragment are cut off, then every sequence of
    /// decoding (once, twice), resolving dot segments, merging slashes, taking what follows `//` for
    /// a host, removing path parameters, cutting at a decoded `?` or `#` and trimming blanks gives a
    /// reading.
    pub fn of(path: &'a [u8], separators: EscapedSeparators) -> Result<Self, UnsafePath> {
        let (sent, is_plain) = scan(path);
        if sent.first() != Some(&b'/') {
            return Err(UnsafePath::NotAbsolute);
        }
        if is_plain {
            return Ok(Self {
                sent,
                others: Vec::new(),
            });
        }
        check_escapes(sent, separators)?;
        Ok(Self {
            sent,
            others: other_readings(sent)?,
        })
    }

    /// Every reading once, the one that was sent first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.sent).chain(self.others.iter().map(Vec::as_slice))
    }
}

fn without_query(path: &[u8]) -> &[u8] {
    path.split(|&byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap_or_default()
}

/// The path without its query, and whether it has one reading only: the common case, found out in
/// one pass.
fn scan(path: &[u8]) -> (&[u8], bool) {
    let mut is_plain = true;
    let mut previous = 0;
    for (index, &byte) in path.iter().enumerate() {
        match byte {
            b'?' | b'#' => return (path.get(..index).unwrap_or_default(), is_plain),
            b'%' | b';' | b'\\' | b' ' => is_plain = false,
            b'/' | b'.' if previous == b'/' => is_plain = false,
            _ => {}
        }
        previous = byte;
    }
    (path, is_plain)
}

/// Refuses what has no safe reading.
fn check_escapes(path: &[u8], separators: EscapedSeparators) -> Result<(), UnsafePath> {
    let separator = |byte| matches!(byte, b'/' | b'\\');
    if separators == EscapedSeparators::Reject && path.contains(&b'\\') {
        return Err(UnsafePath::EscapedSeparator);
    }
    let mut rest = path;
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        let escape = rest.get(at..).unwrap_or_default();
        match decode_escape(escape) {
            None => return Err(UnsafePath::BadEscape),
            Some(byte) if separators == EscapedSeparators::Reject && separator(byte) => {
                return Err(UnsafePath::EscapedSeparator);
            }
            Some(_) => rest = escape.get(3..).unwrap_or_default(),
        }
    }
    let once = decode(path);
    let twice = decode(&once);
    if [&once, &twice]
        .into_iter()
        .any(|path| path.iter().any(u8::is_ascii_control))
    {
        return Err(UnsafePath::ControlCharacter);
    }
    if has_overlong(&once) || has_overlong(&twice) {
        return Err(UnsafePath::Overlong);
    }
    Ok(())
}

/// Closes the path under every transformation that some server applies.
fn other_readings(sent: &[u8]) -> Result<Vec<Vec<u8>>, UnsafePath> {
    // A reading and how often it has been decoded: twice at most.
    let mut seen: Vec<(Vec<u8>, u8)> = vec![(sent.to_vec(), 0)];
    let mut queue = VecDeque::from([(sent.to_vec(), 0_u8)]);
    let mut bytes = 0_usize;
    while let Some((path, decoded)) = queue.pop_front() {
        let mut found = Vec::new();
        if decoded < 2 && path.contains(&b'%') {
            found.push((decode(&path), decoded.saturating_add(1)));
        }
        for transform in [
            cut_query,
            strip_parameters,
            unify_separators,
            merge_slashes,
            resolve_dots,
            skip_authority,
            trim_blanks,
        ] {
            if let Some(other) = transform(&path) {
                found.push((other, decoded));
            }
        }
        for reading in found {
            if !seen.contains(&reading) {
                bytes = bytes.saturating_add(reading.0.len());
                if seen.len() >= MAX_READINGS || bytes > MAX_READ_BYTES {
                    return Err(UnsafePath::TooManyReadings);
                }
                seen.push(reading.clone());
                queue.push_back(reading);
            }
        }
    }
    let mut others: Vec<Vec<u8>> = Vec::new();
    for (reading, _) in seen {
        if reading != sent && !others.contains(&reading) {
            others.push(reading);
        }
    }
    Ok(others)
}

/// The byte that an escape at the beginning of `text` stands for.
fn decode_escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?).ok()
}

/// Percent-decodes once; what is no escape stays as it is.
pub fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, tail)) = rest.split_first() {
        if let Some(escaped) = decode_escape(rest) {
            decoded.push(escaped);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            decoded.push(byte);
            rest = tail;
        }
    }
    decoded
}

/// Whether some character is written in more bytes than it needs.
fn has_overlong(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| {
        matches!(
            pair,
            [0xc0 | 0xc1, 0x80..=0xbf]
                | [0xe0, 0x80..=0x9f]
                | [0xf0, 0x80..=0x8f]
                | [0xf8..=0xfd, 0x80..=0xbf]
        )
    })
}

fn cut_query(path: &[u8]) -> Option<Vec<u8>> {
    let cut = without_query(path);
    (cut.len() < path.len()).then(|| cut.to_vec())
}

/// `/a;x/b;y` is `/a/b` to servers that know path parameters.
fn strip_parameters(path: &[u8]) -> Option<Vec<u8>> {
    path.contains(&b';').then(|| {
        let segments: Vec<&[u8]> = path
            .split(|&byte| byte == b'/')
            .map(|segment| {
                segment
                    .split(|&byte| byte == b';')
                    .next()
                    .unwrap_or_default()
            })
            .collect();
        segments.join(&b'/')
    })
}

fn unify_separators(path: &[u8]) -> Option<Vec<u8>> {
    path.contains(&b'\\').then(|| {
        path.iter()
            .map(|&byte| if byte == b'\\' { b'/' } else { byte })
            .collect()
    })
}

fn merge_slashes(path: &[u8]) -> Option<Vec<u8>> {
    path.windows(2).any(|pair| pair == b"//").then(|| {
        let mut merged = path.to_vec();
        merged.dedup_by(|next, previous| *next == b'/' && *previous == b'/');
        merged
    })
}

/// URL parsers that are handed a path alone take `//x/secret` for the path `/secret` on the host `x`.
fn skip_authority(path: &[u8]) -> Option<Vec<u8>> {
    let start = path.strip_prefix(b"//")?;
    let host = start.iter().position(|&byte| byte != b'/')?;
    let rest = start.get(host..)?;
    let slash = rest.iter().position(|&byte| byte == b'/');
    let path = slash.and_then(|at| rest.get(at..)).unwrap_or(b"/");
    Some(path.to_vec())
}

/// Some servers trim a path, as they trim a file name.
fn trim_blanks(path: &[u8]) -> Option<Vec<u8>> {
    let trimmed = path.trim_ascii_end();
    (trimmed.len() < path.len()).then(|| trimmed.to_vec())
}

/// RFC 3986, section 5.2.4.
fn resolve_dots(path: &[u8]) -> Option<Vec<u8>> {
    let is_dots = |segment: &[u8]| matches!(segment, b"." | b"..");
    let mut segments = path.split(|&byte| byte == b'/');
    if !segments.clone().any(is_dots) {
        return None;
    }
    // What is before the first slash: nothing.
    segments.next();
    let mut resolved: Vec<&[u8]> = Vec::new();
    let mut ends_in_dots = false;
    for segment in segments {
        ends_in_dots = is_dots(segment);
        match segment {
            b"." => {}
            b".." => {
                resolved.pop();
            }
            segment => resolved.push(segment),
        }
    }
    if ends_in_dots {
        resolved.push(b"");
    }
    let mut path = vec![b'/'];
    path.extend(resolved.join(&b'/'));
    Some(path)
}

#[cfg(test)]
mod tests;
