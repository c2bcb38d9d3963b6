//! The values of properties, and how they go over the border.

use std::borrow::Cow;

use crate::host::{HeaderMap, Status};

/// Names and what is below them.
pub(crate) type Fields = Vec<(Cow<'static, str>, Value)>;

/// What a property can be. The kinds are those of Envoy's expression language, CEL.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// There, and nothing.
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Vec<u8>),
    Bytes(Vec<u8>),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since the Unix epoch.
    Timestamp(i64),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
    /// Headers: looked up whatever the case of the name, duplicates joined by a comma.
    Headers(HeaderMap),
    /// Fields that can be looked up, but not listed.
    Fields(Fields),
    /// Fields that can be looked up; a list of them is empty.
    Object(Fields),
    /// A Protobuf message: its bytes and its fields.
    Message(Vec<u8>, Fields),
    /// What Envoy would look into by a schema, and the mock does not.
    Opaque,
}

impl Value {
    /// A value from text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::String(text.into().into_bytes())
    }

    /// An empty message, with the fields that it would have.
    pub(crate) fn empty_message(fields: Fields) -> Self {
        Self::Message(Vec::new(), fields)
    }

    /// The value below this one at a segment of a path.
    pub(crate) fn child(&self, segment: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(segment).ok()?;
        match self {
            Self::Headers(headers) => header(headers, name).map(Self::String),
            Self::Map(entries) => {
                let key = Self::String(segment.to_vec());
                let entry = entries.iter().find(|(name, _)| *name == key);
                entry.map(|(_, value)| value.clone())
            }
            Self::Fields(fields) | Self::Object(fields) | Self::Message(_, fields) => {
                let field = fields.iter().find(|(field, _)| *field == name);
                field.map(|(_, value)| value.clone())
            }
            Self::List(values) => values.get(name.parse::<usize>().ok()?).cloned(),
            Self::Opaque => Some(Self::Opaque),
            _ => None,
        }
    }

    /// The bytes that a plugin gets: text and bytes as they are, numbers and times in 8 bytes
    /// (little endian), a bool in 1, a message as Protobuf, and maps and lists as header maps are,
    /// a list with its values in the place of names.
    ///
    /// # Errors
    ///
    /// `SerializationFailure`: there is no such form.
    pub(crate) fn serialize(&self) -> Result<Vec<u8>, Status> {
        match self {
            Self::Bool(value) => Ok(vec![u8::from(*value)]),
            Self::Int(value) | Self::Duration(value) | Self::Timestamp(value) => {
                Ok(value.to_le_bytes().to_vec())
            }
            Self::Uint(value) => Ok(value.to_le_bytes().to_vec()),
            Self::Double(value) => Ok(value.to_le_bytes().to_vec()),
            Self::String(bytes) | Self::Bytes(bytes) | Self::Message(bytes, _) => Ok(bytes.clone()),
            Self::List(values) => pairs(
                values
                    .iter()
                    .map(|value| Ok((value.serialize()?, Vec::new()))),
            ),
            Self::Map(entries) => pairs(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.serialize()?, value.serialize()?))),
            ),
            Self::Headers(headers) => pairs(
                joined(headers)
                    .into_iter()
                    .map(|(name, value)| Ok((name.into_bytes(), value))),
            ),
            Self::Object(_) => pairs(std::iter::empty()),
            Self::Null | Self::Fields(_) | Self::Opaque => Err(Status::SerializationFailure),
        }
    }
}

/// All headers, each once.
pub(crate) fn joined(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut joined: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in headers.entries() {
        match joined.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => {
                values.push(b',');
                values.extend_from_slice(value);
            }
            None => joined.push((name.clone(), value.clone())),
        }
    }
    joined
}

/// The values of one header, joined.
fn header(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let name = name.to_ascii_lowercase();
    let found = joined(headers)
        .into_iter()
        .find(|(known, _)| *known == name);
    found.map(|(_, value)| value)
}

type Pair = (Vec<u8>, Vec<u8>);

/// Pairs of bytes as ABI 0.2.1 writes header maps.
fn pairs(pairs: impl Iterator<Item = Result<Pair, Status>>) -> Result<Vec<u8>, Status> {
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    let word = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = word(pairs.len()).to_vec();
    for (first, second) in &pairs {
        bytes.extend_from_slice(&word(first.len()));
        bytes.extend_from_slice(&word(second.len()));
    }
    for part in pairs.iter().flat_map(|(first, second)| [first, second]) {
        bytes.extend_from_slice(part);
        bytes.push(0);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_values_where_a_map_has_its_names() {
        let list = Value::List(vec![Value::text("a"), Value::text("bc")]);
        assert_eq!(
            list.serialize().unwrap(),
            b"\x02\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0a\0\0bc\0\0"
        );
        let map = Value::Map(vec![(Value::Int(1), Value::Bool(true))]);
        assert_eq!(
            map.serialize().unwrap(),
            b"\x01\0\0\0\x08\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\0\x01\0"
        );
        let nothing = Value::List(vec![Value::Null]);
        assert_eq!(nothing.serialize(), Err(Status::SerializationFailure));
    }

    #[test]
    fn headers_are_joined_and_have_no_case() {
        let mut map = HeaderMap::default();
        map.add("x-dup", "a");
        map.add("x-dup", "b");
        let headers = Value::Headers(map);
        assert_eq!(headers.child(b"X-Dup"), Some(Value::text("a,b")));
        assert_eq!(headers.child(b"x"), None);
        assert_eq!(headers.serialize().unwrap()[..4], [1, 0, 0, 0]);
    }
}
