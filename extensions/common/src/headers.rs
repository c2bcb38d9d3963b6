//! Header maps: a zero-copy view for reading, validated names and values for writing.

use std::fmt;

use proxy_wasm::types::MapType;
use serde::{Deserialize, Deserializer, de};

use crate::hostcalls::{self, HostError};

/// A whole header map, fetched in one host call and looked up in place.
///
/// A host call that returns data costs the same for one header as for thirty, so an extension that
/// needs more than one takes them all. Names are lower-case; values are bytes. A name may appear
/// more than once: Envoy joins some headers (`authorization` among them) with a comma, not all.
#[derive(Debug, Default)]
pub struct HeaderView {
    /// `count`, then `count` pairs of lengths, then the names and values, each ended by a NUL;
    /// all numbers are 32-bit little-endian. Checked by [`HeaderView::parse`].
    raw: Vec<u8>,
    count: usize,
}

impl HeaderView {
    /// Fetches `map` from the host.
    ///
    /// In a phase in which the map cannot be read the view is empty.
    pub fn fetch(map: MapType) -> Result<Self, HeaderError> {
        Self::parse(hostcalls::get_map(map)?).ok_or(HeaderError::Malformed)
    }

    /// Wraps the ABI's serialized form; `None` where its lengths do not add up.
    pub fn parse(raw: Vec<u8>) -> Option<Self> {
        if raw.is_empty() {
            return Some(Self { raw, count: 0 });
        }
        let count = usize::try_from(u32::from_le_bytes(*raw.first_chunk()?)).ok()?;
        let lengths = lengths(&raw, count)?;
        // Far below 2^64, whatever the lengths are: they are 32-bit numbers, and in memory.
        let expected = lengths.iter().fold(4, |sum: u64, entry| {
            let [name, value] = split_lengths(entry).map(u64::from);
            sum.wrapping_add(name).wrapping_add(value).wrapping_add(10)
        });
        (u64::try_from(raw.len()) == Ok(expected)).then_some(Self { raw, count })
    }

    /// Whether there are no headers: every request and every response has some.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Every header, in order, as name and value.
    pub fn iter(&self) -> Iter<'_> {
        let start = self.count.saturating_mul(8).saturating_add(4);
        Iter {
            lengths: lengths(&self.raw, self.count).unwrap_or_default().iter(),
            rest: self.raw.get(start..).unwrap_or_default(),
        }
    }

    /// The first value of the header `name` (lower-case).
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        // Half of what `iter` takes: only a name of the right length is looked at.
        let mut start = self.count.wrapping_mul(8).wrapping_add(4);
        for entry in lengths(&self.raw, self.count)? {
            let [name_length, value_length] = split_lengths(entry).map(size);
            let value = start.wrapping_add(name_length).wrapping_add(1);
            let end = value.wrapping_add(value_length);
            if name_length == name.len() && self.raw.get(start..)?.starts_with(name.as_bytes()) {
                return self.raw.get(value..end);
            }
            start = end.wrapping_add(1);
        }
        None
    }

    /// Every value of the header `name` (lower-case).
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(key, _)| *key == name.as_bytes())
            .map(|(_, value)| value)
    }
}

impl<'a> IntoIterator for &'a HeaderView {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The headers of a [`HeaderView`].
#[derive(Debug)]
pub struct Iter<'a> {
    lengths: std::slice::Iter<'a, [u8; 8]>,
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [name_length, value_length] = split_lengths(self.lengths.next()?).map(size);
        let (name, rest) = self.rest.split_at_checked(name_length)?;
        let (value, rest) = rest.get(1..)?.split_at_checked(value_length)?;
        self.rest = rest.get(1..)?;
        Some((name, value))
    }
}

/// The pairs of lengths behind the count.
fn lengths(raw: &[u8], count: usize) -> Option<&[[u8; 8]]> {
    let (pairs, _) = raw.get(4..)?.as_chunks();
    pairs.get(..count)
}

/// The lengths of a name and its value.
fn split_lengths(entry: &[u8; 8]) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = *entry;
    [[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes)
}

/// A length, where it counts something in memory. (Nothing is longer than a guest's 32-bit memory.)
fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// The ABI's serialized form of `headers`.
pub fn serialize<'a>(headers: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let headers: Vec<_> = headers.into_iter().collect();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut raw = Vec::new();
    raw.extend(
        u32::try_from(headers.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    for (name, value) in &headers {
        raw.extend(length(name));
        raw.extend(length(value));
    }
    for (name, value) in &headers {
        raw.extend_from_slice(name);
        raw.push(0);
        raw.extend_from_slice(value);
        raw.push(0);
    }
    raw
}

/// A valid header name (a token of RFC 9110, section 5.6.2), in lower case; never a pseudo-header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderName(String);

impl HeaderName {
    /// Checks and lower-cases `name`; `None` where it is not a token.
    pub fn new(name: &str) -> Option<Self> {
        (!name.is_empty() && name.bytes().all(is_token_byte))
            .then(|| Self(name.to_ascii_lowercase()))
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a server could take `name` for this header: CGI-style environments make one `_` of
    /// `-`, `_`, `.` and whatever else is no letter or digit.
    pub fn is_spelled(&self, name: &[u8]) -> bool {
        name.len() == self.0.len()
            && self.0.bytes().zip(name).all(|(ours, theirs)| {
                ours == theirs.to_ascii_lowercase()
                    || !(ours.is_ascii_alphanumeric() || theirs.is_ascii_alphanumeric())
            })
    }

    /// Whether the header steers how a message is framed or routed, so that no plugin's config may
    /// name it as a place for a value (RFC 9110, section 7.6.1; RFC 9112, section 6).
    pub fn is_reserved(&self) -> bool {
        const RESERVED: [&str; 10] = [
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        RESERVED.contains(&self.as_str())
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for HeaderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).ok_or_else(|| {
            de::Error::custom(format_args!(
                "{name:?} is not a header name (RFC 9110 token)"
            ))
        })
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether `value` may be sent as a header value: any bytes but control characters.
///
/// Envoy checks nothing here: a line break in a local reply's header becomes a second header at the
/// client, and one in a request header fails the request at the router.
pub fn is_valid_value(value: &[u8]) -> bool {
    !value
        .iter()
        .any(|&byte| byte.is_ascii_control() && byte != b'\t')
}

/// Sets header `name` of `map` to `value` alone.
///
/// # Errors
/// [`HeaderError::InvalidValue`] where `value` holds a control character.
pub fn set(map: MapType, name: &HeaderName, value: &[u8]) -> Result<(), HeaderError> {
    if !is_valid_value(value) {
        return Err(HeaderError::InvalidValue(name.clone()));
    }
    Ok(hostcalls::replace_map_value(map, name.as_str(), value)?)
}

/// Appends `value` to the headers `name` of `map`, as one more of that name.
///
/// # Errors
/// [`HeaderError::InvalidValue`] where `value` holds a control character.
pub fn append(map: MapType, name: &HeaderName, value: &[u8]) -> Result<(), HeaderError> {
    if !is_valid_value(value) {
        return Err(HeaderError::InvalidValue(name.clone()));
    }
    Ok(hostcalls::add_map_value(map, name.as_str(), value)?)
}

/// Removes every header of `map` that [is spelled](HeaderName::is_spelled) like one of `names` from
/// the host, given the map's `view`; costs nothing where there is none.
pub fn remove_spellings<'a>(
    map: MapType,
    view: &HeaderView,
    names: impl IntoIterator<Item = &'a HeaderName> + Clone,
) -> Result<(), HeaderError> {
    if names.clone().into_iter().next().is_none() {
        return Ok(());
    }
    // Removing takes every header of a name, so each spelling once.
    let mut removed: Vec<&[u8]> = Vec::new();
    for (key, _) in view {
        let is_meant = names.clone().into_iter().any(|name| name.is_spelled(key));
        if is_meant && !removed.contains(&key) {
            hostcalls::remove_map_value(map, key)?;
            removed.push(key);
        }
    }
    Ok(())
}

/// Why a header could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The host refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The serialized map that the host returned does not follow the ABI.
    #[error("the host returned a header map whose lengths do not add up")]
    Malformed,
    /// A control character, which could split the message.
    #[error("the value for header {0} holds a control character")]
    InvalidValue(HeaderName),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(headers: &[(&str, &[u8])]) -> HeaderView {
        HeaderView::parse(serialize(headers.iter().map(|(k, v)| (k.as_bytes(), *v)))).unwrap()
    }

    #[test]
    fn looks_up_bytes_duplicates_and_empty_values() {
        let view = view(&[("a", b"1"), ("b", b"\xff\x00x"), ("a", b""), ("c", b"")]);
        assert_eq!(view.get("a"), Some(&b"1"[..]));
        assert_eq!(view.get("b"), Some(&b"\xff\x00x"[..]));
        assert_eq!(view.get("c"), Some(&b""[..]));
        assert_eq!(view.get("d"), None);
        assert_eq!(view.get_all("a").collect::<Vec<_>>(), [&b"1"[..], b""]);
        assert_eq!(view.iter().count(), 4);
    }

    #[test]
    fn a_map_that_cannot_be_read_is_an_empty_view() {
        let view = HeaderView::parse(Vec::new()).unwrap();
        assert!(view.is_empty());
        assert_eq!(view.iter().count(), 0);
    }

    #[test]
    fn lengths_that_do_not_add_up_are_refused_whatever_they_are() {
        let good = serialize([(&b"name"[..], &b"value"[..])]);
        for cut in 1..good.len() {
            assert!(
                HeaderView::parse(good[..cut].to_vec()).is_none(),
                "cut at {cut}"
            );
        }
        for at in 0..12 {
            let mut bad = good.clone();
            bad[at] = 0xff;
            assert!(HeaderView::parse(bad).is_none(), "byte {at} changed");
        }
        let mut long = good.clone();
        long.push(0);
        assert!(HeaderView::parse(long).is_none());
    }

    #[test]
    fn names_are_tokens_in_lower_case() {
        assert_eq!(HeaderName::new("X-User").unwrap().as_str(), "x-user");
        for bad in ["", ":path", "a b", "a\r\nb", "ü", "a:"] {
            assert_eq!(HeaderName::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn underscore_spellings_are_the_same_header() {
        let name = HeaderName::new("x-auth-user").unwrap();
        for spelling in [
            "x-auth-user",
            "x_auth_user",
            "x-auth_user",
            "X-Auth-User",
            "x.auth.user",
        ] {
            assert!(name.is_spelled(spelling.as_bytes()), "{spelling}");
        }
        for other in ["x-auth-users", "xxauth-user", "x-auth-use"] {
            assert!(!name.is_spelled(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn values_with_control_characters_are_invalid() {
        assert!(is_valid_value(b"a\tb \xff"));
        for bad in [&b"a\r\nb"[..], b"\0", b"\x7f", b"\x1b"] {
            assert!(!is_valid_value(bad), "{bad:?}");
        }
    }
}
