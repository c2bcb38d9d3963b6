//! Header maps as Envoy keeps them, and their wire form.

use super::single_headers;

/// An ordered list of headers. Names are lower case; values are any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMap {
    entries: Vec<(String, Vec<u8>)>,
    single: &'static [&'static str],
}

impl HeaderMap {
    /// An empty map for a request's headers.
    pub fn request() -> Self {
        Self {
            entries: Vec::new(),
            single: single_headers::REQUEST,
        }
    }

    /// An empty map for a response's headers.
    pub fn response() -> Self {
        Self {
            entries: Vec::new(),
            single: single_headers::RESPONSE,
        }
    }

    /// All entries in order.
    pub fn entries(&self) -> &[(String, Vec<u8>)] {
        &self.entries
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The bytes of all names and values.
    pub fn byte_size(&self) -> usize {
        self.entries
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum()
    }

    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let name = self.key(name);
        self.entries
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.as_slice())
    }

    /// Adds an entry, or appends to the entry of a header that Envoy keeps only once.
    /// Pseudo headers go before the others, as in Envoy.
    pub fn add(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let (name, value) = (self.key(name), value.into());
        if self.single.contains(&name.as_str())
            && let Some((_, present)) = self.entries.iter_mut().find(|(key, _)| *key == name)
        {
            if !present.is_empty() {
                present.push(b',');
            }
            present.extend_from_slice(&value);
        } else if name.starts_with(':') {
            let pseudo = self
                .entries
                .iter()
                .take_while(|(key, _)| key.starts_with(':'))
                .count();
            self.entries.insert(pseudo, (name, value));
        } else {
            self.entries.push((name, value));
        }
    }

    /// Makes `value` the only value of a header, which moves to the end, as in Envoy.
    pub fn replace(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.remove(name);
        self.add(name, value);
    }

    /// Gives a header this value where it stands, or at the end.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let key = self.key(name);
        match self.entries.iter_mut().find(|(name, _)| *name == key) {
            Some((_, present)) => *present = value.into(),
            None => self.add(name, value),
        }
    }

    /// What a name is in this map. In a request `host` is another name for `:authority`.
    fn key(&self, name: &str) -> String {
        let key = name.to_ascii_lowercase();
        if key == "host" && std::ptr::eq(self.single, single_headers::REQUEST) {
            return ":authority".to_owned();
        }
        key
    }

    /// Drops the pseudo headers that HTTP does not have: they never leave the proxy.
    pub(super) fn keep_known_pseudo_headers(&mut self) {
        const KNOWN: [&str; 6] = [
            ":authority",
            ":path",
            ":method",
            ":scheme",
            ":protocol",
            ":status",
        ];
        self.entries
            .retain(|(name, _)| !name.starts_with(':') || KNOWN.contains(&name.as_str()));
    }

    /// Removes all entries of a header.
    pub fn remove(&mut self, name: &str) {
        let name = self.key(name);
        self.entries.retain(|(key, _)| *key != name);
    }

    /// The wire form of ABI 0.2.1: the number of entries, then the lengths of each name and
    /// value, then the bytes, each followed by a zero byte. All numbers are 32 bits, little endian.
    pub fn serialize(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.byte_size() + 10 * self.len());
        bytes.extend_from_slice(&word(self.len()));
        for (name, value) in &self.entries {
            bytes.extend_from_slice(&word(name.len()));
            bytes.extend_from_slice(&word(value.len()));
        }
        for (name, value) in &self.entries {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(value);
            bytes.push(0);
        }
        bytes
    }

    /// Takes other entries instead of its own.
    pub fn set_all(&mut self, entries: &Self) {
        self.entries.clear();
        for (name, value) in &entries.entries {
            self.add(name, value.clone());
        }
    }

    /// What a guest has written; every entry stays apart. Envoy takes a malformed map for an empty
    /// one.
    pub(super) fn from_guest(bytes: &[u8]) -> Self {
        Self::deserialize(bytes).unwrap_or_default()
    }

    /// Reads the wire form; every entry stays apart. `None`: it is malformed.
    pub fn deserialize(bytes: &[u8]) -> Option<Self> {
        let mut map = Self::default();
        if bytes.is_empty() {
            return Some(map);
        }
        let count = read_word(bytes, 0)?;
        let mut at = count.checked_mul(8)?.checked_add(4)?;
        for index in 0..count {
            let name = take(bytes, &mut at, read_word(bytes, 4 + index * 8)?)?;
            let value = take(bytes, &mut at, read_word(bytes, 8 + index * 8)?)?;
            map.add(&String::from_utf8_lossy(name), value);
        }
        Some(map)
    }
}

fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

fn read_word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?) as usize)
}

fn take<'a>(bytes: &'a [u8], at: &mut usize, length: usize) -> Option<&'a [u8]> {
    let end = at.checked_add(length)?;
    let taken = bytes.get(*at..end)?;
    *at = end + 1;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_that_of_the_abi() {
        let mut map = HeaderMap::default();
        map.add("a", "xy");
        map.add("B", "");
        let bytes = map.serialize();
        assert_eq!(
            bytes,
            b"\x02\0\0\0\x01\0\0\0\x02\0\0\0\x01\0\0\0\0\0\0\0a\0xy\0b\0\0"
        );
        assert_eq!(HeaderMap::deserialize(&bytes), Some(map));
    }

    #[test]
    fn a_malformed_map_is_no_map() {
        assert_eq!(HeaderMap::deserialize(b"\x01\0\0"), None);
        assert_eq!(HeaderMap::deserialize(b"\xff\xff\xff\xff"), None);
        assert_eq!(
            HeaderMap::deserialize(b"\x01\0\0\0\x09\0\0\0\0\0\0\0a"),
            None
        );
        assert_eq!(HeaderMap::deserialize(b""), Some(HeaderMap::default()));
    }

    #[test]
    fn pseudo_headers_go_first() {
        let mut map = HeaderMap::request();
        map.add("x", "1");
        map.add(":path", "/");
        map.add(":method", "GET");
        map.replace(":path", "/a");
        let names: Vec<_> = map
            .entries()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, [":method", ":path", "x"]);
    }
}
