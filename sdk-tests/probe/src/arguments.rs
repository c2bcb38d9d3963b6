//! Arguments of host calls, as scripts write them.
//!
//! Bytes: `''` is none of them; `null` and `null:5` a null address with a length; `wild:5` an
//! address outside the memory; `repeat:a:5` is `aaaaa`; `map:a=1,b=2` a serialised map; anything
//! else is itself, `%20` being a space. A `$` is the case's name.
//!
//! Numbers: as they are, or the name of a result with what to add to it, such as `cas+1`. The
//! results are `metric`, `cas`, `queue` and `token` (the last of each), `self` and `root` (the
//! contexts).

use std::collections::BTreeMap;

use crate::results::nowhere;

/// Bytes for a host function.
pub(crate) struct Bytes {
    owned: Vec<u8>,
    elsewhere: Option<(usize, usize)>,
}

impl Bytes {
    /// Where they are, or are said to be.
    pub(crate) fn address(&self) -> *const u8 {
        match self.elsewhere {
            Some((address, _)) => std::ptr::without_provenance(address),
            None => self.owned.as_ptr(),
        }
    }

    /// How many they are, or are said to be.
    pub(crate) fn len(&self) -> usize {
        self.elsewhere
            .map_or(self.owned.len(), |(_, length)| length)
    }

    fn parse(text: &str, case: &str) -> Self {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let at = |address| Some((address, rest.parse().unwrap_or_default()));
        let (owned, elsewhere) = match kind {
            "''" => (Vec::new(), None),
            "null" => (Vec::new(), at(0)),
            "wild" => (Vec::new(), at(nowhere::<u8>().addr())),
            "repeat" => {
                let (piece, times) = rest.split_once(':').unwrap_or((rest, "1"));
                let times = times.parse().unwrap_or_default();
                (decode(piece, case).repeat(times), None)
            }
            "map" => (map(rest, case), None),
            _ => (decode(text, case), None),
        };
        Self { owned, elsewhere }
    }
}

/// Percent-encoding, and `$` for the case.
fn decode(text: &str, case: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'$' => bytes.extend_from_slice(case.as_bytes()),
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.copied().unwrap_or(b'0'));
                let digits = String::from_utf8_lossy(&digits).into_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or_default());
            }
            byte => bytes.push(*byte),
        }
    }
    bytes
}

/// The wire form of a map: `a=1,b=2`.
fn map(text: &str, case: &str) -> Vec<u8> {
    let pairs: Vec<_> = text
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| [decode(name, case), decode(value, case)])
        .collect();
    let word = |number: usize| u32::try_from(number).unwrap_or_default().to_le_bytes();
    let mut bytes = word(pairs.len()).to_vec();
    for pair in &pairs {
        for piece in pair {
            bytes.extend_from_slice(&word(piece.len()));
        }
    }
    for piece in pairs.iter().flatten() {
        bytes.extend_from_slice(piece);
        bytes.push(0);
    }
    bytes
}

/// The arguments of one operation, taken one after the other. What is missing is empty, or 0.
pub(crate) struct Arguments<'a> {
    words: std::slice::Iter<'a, String>,
    case: &'a str,
    names: &'a BTreeMap<&'static str, u32>,
}

impl<'a> Arguments<'a> {
    /// `names` are the results so far.
    pub(crate) fn new(
        words: &'a [String],
        case: &'a str,
        names: &'a BTreeMap<&'static str, u32>,
    ) -> Self {
        Self {
            words: words.iter(),
            case,
            names,
        }
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self) -> Bytes {
        let word = self.words.next().map_or("''", String::as_str);
        Bytes::parse(word, self.case)
    }

    /// A number of any width.
    pub(crate) fn number(&mut self) -> i64 {
        let word = self.words.next().map_or("0", String::as_str);
        if let Ok(number) = word.parse::<u64>() {
            return number.cast_signed();
        }
        let (name, more) = word.split_once('+').unwrap_or((word, "0"));
        match self.names.get(name) {
            Some(number) => i64::from(*number) + more.parse::<i64>().unwrap_or_default(),
            None => word.parse().unwrap_or_default(),
        }
    }

    /// A number of 32 bits.
    pub(crate) fn word(&mut self) -> u32 {
        self.number() as u32
    }

    /// A number as wide as an address.
    pub(crate) fn size(&mut self) -> usize {
        self.number() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_the_script_says() {
        let owned = |text| Bytes::parse(text, "c1").owned;
        assert_eq!(owned("a%20b$%ff"), b"a bc1\xff");
        assert_eq!(owned("repeat:ab:2"), b"abab");
        assert_eq!(owned("map:a=1"), b"\x01\0\0\0\x01\0\0\0\x01\0\0\0a\x001\0");
        assert_eq!(owned("map:"), [0; 4]);
        assert_eq!(owned("''"), b"");
        let null = Bytes::parse("null:5", "");
        assert!(null.address().is_null() && null.len() == 5);
    }

    #[test]
    fn numbers_may_be_results() {
        let names = BTreeMap::from([("cas", 7)]);
        let words = ["cas+1", "-1", "18446744073709551615", "cas"].map(str::to_owned);
        let mut arguments = Arguments::new(&words, "", &names);
        let numbers = [(); 5].map(|()| arguments.number());
        assert_eq!(numbers, [8, -1, -1, 7, 0]);
    }
}
