//! `google.protobuf.Struct`: JSON objects as Protobuf, bounded.

use std::collections::BTreeMap;

use prost::Message as _;

/// A JSON object (`google.protobuf.Struct`). Serialized, its keys are in ascending order of bytes, so
/// that equal objects have equal bytes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Struct {
    /// Its members.
    #[prost(btree_map = "string, message", tag = "1")]
    pub fields: BTreeMap<String, Value>,
}

/// A JSON value (`google.protobuf.Value`).
#[derive(Clone, PartialEq, prost::Message)]
pub struct Value {
    /// What it is; nothing is treated as null.
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    pub kind: Option<Kind>,
}

/// What a [`Value`] is.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Kind {
    /// `null`.
    #[prost(int32, tag = "1")]
    Null(i32),
    /// A number.
    #[prost(double, tag = "2")]
    Number(f64),
    /// A text.
    #[prost(string, tag = "3")]
    Text(String),
    /// `true` or `false`.
    #[prost(bool, tag = "4")]
    Bool(bool),
    /// An object.
    #[prost(message, tag = "5")]
    Struct(Struct),
    /// An array.
    #[prost(message, tag = "6")]
    List(List),
}

/// A JSON array (`google.protobuf.ListValue`).
#[derive(Clone, PartialEq, prost::Message)]
pub struct List {
    /// Its elements.
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Value>,
}

/// What is accepted from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Serialized, so many bytes.
    pub bytes: usize,
    /// So many members and elements in all.
    pub entries: usize,
    /// So many objects and arrays inside each other.
    pub depth: usize,
}

/// Why bytes are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StructError {
    /// Over one of the [`Limits`].
    #[error("it is larger than allowed")]
    TooLarge,
    /// Not a serialized Struct.
    #[error("it is no google.protobuf.Struct")]
    Malformed,
}

impl Struct {
    /// Reads a serialized object that keeps to `limits`. (How deep the bytes may nest is bounded by
    /// the decoder before anything is looked at.)
    pub fn read(bytes: &[u8], limits: Limits) -> Result<Self, StructError> {
        if bytes.len() > limits.bytes {
            return Err(StructError::TooLarge);
        }
        let read = Self::decode(bytes).map_err(|_| StructError::Malformed)?;
        let mut entries = limits.entries;
        spend_object(&read, &mut entries, limits.depth)
            .map(|()| read)
            .ok_or(StructError::TooLarge)
    }

    /// The bytes of it.
    pub fn write(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// The text at `key`, where there is one that is not empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.fields.get(key)?.kind.as_ref()? {
            Kind::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The object at `key`.
    pub fn object(&self, key: &str) -> Option<&Self> {
        match self.fields.get(key)?.kind.as_ref()? {
            Kind::Struct(object) => Some(object),
            _ => None,
        }
    }

    /// Puts a text at `key`.
    pub fn set_text(&mut self, key: impl Into<String>, text: impl Into<String>) {
        let kind = Some(Kind::Text(text.into()));
        self.fields.insert(key.into(), Value { kind });
    }

    /// Puts an object at `key`.
    pub fn set_object(&mut self, key: impl Into<String>, object: Self) {
        let kind = Some(Kind::Struct(object));
        self.fields.insert(key.into(), Value { kind });
    }
}

/// Takes what `object` has from `entries`; `None` where that is not enough, or it is too deep.
fn spend_object(object: &Struct, entries: &mut usize, depth: usize) -> Option<()> {
    spend(object.fields.values(), object.fields.len(), entries, depth)
}

fn spend<'a>(
    values: impl Iterator<Item = &'a Value>,
    count: usize,
    entries: &mut usize,
    depth: usize,
) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    *entries = entries.checked_sub(count)?;
    for value in values {
        match &value.kind {
            Some(Kind::Struct(object)) => spend_object(object, entries, depth)?,
            Some(Kind::List(list)) => {
                spend(list.values.iter(), list.values.len(), entries, depth)?;
            }
            _ => {}
        }
    }
    Some(())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        bytes: 1024,
        entries: 8,
        depth: 3,
    };

    fn nested(depth: usize) -> Struct {
        (1..depth).fold(Struct::default(), |inner, _| {
            let mut outer = Struct::default();
            outer.set_object("x", inner);
            outer
        })
    }

    #[test]
    fn keys_are_written_in_ascending_order() {
        let mut object = Struct::default();
        object.set_text("b", "2");
        object.set_text("a", "");
        assert_eq!(
            object.write(),
            b"\x0a\x07\x0a\x01a\x12\x02\x1a\x00\x0a\x08\x0a\x01b\x12\x03\x1a\x012"
        );
        assert_eq!(Struct::read(&object.write(), LIMITS).unwrap(), object);
        assert_eq!(object.text("b"), Some("2"));
        assert_eq!((object.text("a"), object.text("c")), (None, None));
    }

    #[test]
    fn too_large_too_many_and_too_deep_are_refused() {
        assert!(Struct::read(&nested(3).write(), LIMITS).is_ok());
        let too_deep = Struct::read(&nested(4).write(), LIMITS);
        assert_eq!(too_deep, Err(StructError::TooLarge));
        let mut many = Struct::default();
        for index in 0..9 {
            many.set_text(index.to_string(), "");
        }
        let too_many = Struct::read(&many.write(), LIMITS);
        assert_eq!(too_many, Err(StructError::TooLarge));
        let mut long = Struct::default();
        long.set_text("a", "x".repeat(1024));
        let too_long = Struct::read(&long.write(), LIMITS);
        assert_eq!(too_long, Err(StructError::TooLarge));
    }

    #[test]
    fn hostile_bytes_are_an_error_and_nothing_worse() {
        // Thousands of objects inside each other: the decoder stops before the stack ends.
        let mut deep = Vec::new();
        for _ in 0..3000 {
            for tag in [0x2a, 0x12, 0x0a] {
                let mut field = vec![tag];
                prost::encoding::encode_varint(deep.len() as u64, &mut field);
                field.append(&mut deep);
                deep = field;
            }
        }
        let limits = Limits {
            bytes: usize::MAX,
            ..LIMITS
        };
        assert!(Struct::read(&deep, limits).is_err());
        let good = {
            let mut object = nested(3);
            object.set_text("key", "value");
            object.write()
        };
        for at in 0..good.len() {
            for byte in [0, 0x7f, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                let _ = Struct::read(&bad, LIMITS);
            }
            let _ = Struct::read(&good[..at], LIMITS);
        }
        assert_eq!(
            Struct::read(b"\x0a\xff", LIMITS),
            Err(StructError::Malformed)
        );
    }
}
