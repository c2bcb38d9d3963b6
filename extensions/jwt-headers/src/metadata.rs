//! Claims that Envoy's `jwt_authn` has left in the dynamic metadata of a request.
//!
//! Envoy gives a plugin the whole metadata as one protobuf message (`envoy.config.core.v3.Metadata`),
//! and single values only without their types; so it is the message that is read here.

use std::borrow::Cow;

use extension_common::json::{Object, Value};
use extension_jwt::token::MAX_DEPTH;

/// The object at `namespace` and `key` of a serialized `Metadata`; `None` where there is none.
pub fn find<'a>(metadata: &'a [u8], namespace: &str, key: &str) -> Option<Object<'a>> {
    const FILTER_METADATA: u64 = 1;
    let namespace = entries(metadata, FILTER_METADATA)
        .filter_map(|entry| Entry::read(entry?))
        .find(|entry| entry.key == namespace)?;
    let payload = entries(namespace.value, FIELDS)
        .filter_map(|entry| Entry::read(entry?))
        .find(|entry| entry.key == key)?;
    match value(payload.value, MAX_DEPTH)? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

/// `Struct.fields`, and `ListValue.values`.
const FIELDS: u64 = 1;

/// An entry of a map.
struct Entry<'a> {
    key: &'a str,
    value: &'a [u8],
}

impl<'a> Entry<'a> {
    fn read(entry: &'a [u8]) -> Option<Self> {
        let (mut key, mut value) = (&[][..], &[][..]);
        for field in Fields(entry) {
            match field? {
                (1, Field::Bytes(bytes)) => key = bytes,
                (2, Field::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        let key = std::str::from_utf8(key).ok()?;
        Some(Self { key, value })
    }
}

/// The messages in the repeated field `number`.
fn entries(message: &[u8], number: u64) -> impl Iterator<Item = Option<&[u8]>> {
    Fields(message).filter_map(move |field| match field {
        Some((found, Field::Bytes(bytes))) if found == number => Some(Some(bytes)),
        Some(_) => None,
        None => Some(None),
    })
}

/// A `google.protobuf.Value`.
fn value(message: &[u8], depth: usize) -> Option<Value<'_>> {
    let mut value = Value::Null;
    for field in Fields(message) {
        value = match field? {
            (1, _) => Value::Null,
            (2, Field::Eight(bits)) => Value::Number(number(f64::from_bits(bits))?),
            (3, Field::Bytes(text)) => Value::String(std::str::from_utf8(text).ok()?.into()),
            (4, Field::Varint(bit)) => Value::Bool(bit != 0),
            (5, Field::Bytes(fields)) => Value::Object(object(fields, depth.checked_sub(1)?)?),
            (6, Field::Bytes(list)) => {
                let depth = depth.checked_sub(1)?;
                let item = |item: Option<_>| item.and_then(|item| self::value(item, depth));
                Value::Array(entries(list, FIELDS).map(item).collect::<Option<_>>()?)
            }
            _ => value,
        };
    }
    Some(value)
}

fn object(message: &[u8], depth: usize) -> Option<Object<'_>> {
    let mut members: Vec<(Cow<'_, str>, Value<'_>)> = entries(message, FIELDS)
        .map(|entry| {
            let entry = Entry::read(entry?)?;
            Some((Cow::Borrowed(entry.key), value(entry.value, depth)?))
        })
        .collect::<Option<_>>()?;
    // A map has no order of its own; this one is the same each time.
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    Some(Object::from_members(members))
}

/// Numbers are doubles here: a whole one is written as such, as far as a double is exact.
fn number(number: f64) -> Option<Cow<'static, str>> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_finite() {
        return None;
    }
    let text = if number.abs() <= EXACT {
        format!("{number}")
    } else {
        format!("{number:e}")
    };
    Some(text.into())
}

/// The fields of a message: their numbers and values; `None` at what is no protobuf, and then no
/// more.
struct Fields<'a>(&'a [u8]);

enum Field<'a> {
    Varint(u64),
    Eight(u64),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => {
                let bytes = self.take(8)?;
                Field::Eight(u64::from_le_bytes(bytes.try_into().ok()?))
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                Field::Other
            }
            _ => return None,
        };
        Some((tag.wrapping_shr(3), field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests;
