//! Properties that a scenario sets by hand.

use std::collections::BTreeMap;

use super::Value;

/// Properties that hold for every stream, by path joined with zero bytes.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Properties {
    /// Sets a property that every stream sees.
    pub fn set(&mut self, path: &[&str], value: impl Into<Vec<u8>>) {
        self.values
            .insert(path.join("\0").into_bytes(), value.into());
    }

    pub(super) fn get(&self, path: &[u8]) -> Option<&[u8]> {
        self.values.get(path).map(Vec::as_slice)
    }

    pub(super) fn has_below(&self, path: &[u8]) -> bool {
        let prefix = [path, b"\0"].concat();
        self.values.keys().any(|key| key.starts_with(&prefix))
    }

    /// What the proxy has under a name at the top, with what was set by hand in it.
    pub(super) fn over(&self, name: &str, mut value: Option<Value>) -> Option<Value> {
        for (path, bytes) in &self.values {
            let mut segments = path.split(|byte| *byte == 0);
            if segments.next() == Some(name.as_bytes()) {
                let segments: Vec<_> = segments.collect();
                value = Some(set(value, &segments, bytes));
            }
        }
        value
    }
}

/// Sets what is below a value.
fn set(value: Option<Value>, path: &[&[u8]], bytes: &[u8]) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return read(value.as_ref(), bytes);
    };
    let name = String::from_utf8_lossy(first).into_owned();
    let old = value.as_ref().and_then(|value| value.child(first));
    let new = set(old, rest, bytes);
    match value {
        Some(Value::Headers(mut headers)) => {
            headers.replace(&name, bytes);
            Value::Headers(headers)
        }
        Some(Value::Map(mut entries)) => {
            let key = Value::text(name);
            entries.retain(|(known, _)| *known != key);
            entries.push((key, new));
            Value::Map(entries)
        }
        Some(Value::Message(message, mut fields)) => {
            fields.retain(|(known, _)| *known != name);
            fields.push((name.into(), new));
            Value::Message(message, fields)
        }
        Some(Value::Fields(mut fields)) => {
            fields.retain(|(known, _)| *known != name);
            fields.push((name.into(), new));
            Value::Fields(fields)
        }
        _ => Value::Fields(vec![(name.into(), new)]),
    }
}

/// Bytes as the kind of value that is there, or as text.
fn read(like: Option<&Value>, bytes: &[u8]) -> Value {
    let number = || bytes.try_into().map(u64::from_le_bytes).ok();
    let read = match like {
        Some(Value::Bool(_)) => bytes.first().map(|byte| Value::Bool(*byte != 0)),
        Some(Value::Int(_)) => number().map(|number| Value::Int(number.cast_signed())),
        Some(Value::Uint(_)) => number().map(Value::Uint),
        Some(Value::Double(_)) => number().map(|number| Value::Double(f64::from_bits(number))),
        Some(Value::Duration(_)) => number().map(|number| Value::Duration(number.cast_signed())),
        Some(Value::Timestamp(_)) => number().map(|number| Value::Timestamp(number.cast_signed())),
        Some(Value::Bytes(_)) => Some(Value::Bytes(bytes.to_vec())),
        _ => None,
    };
    read.unwrap_or_else(|| match std::str::from_utf8(bytes) {
        Ok(text) => Value::text(text),
        Err(_) => Value::Bytes(bytes.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_of_the_kind_that_was_there() {
        let mut properties = Properties::default();
        properties.set(&["source", "port"], 80_u64.to_le_bytes());
        properties.set(&["source", "zone"], "a");
        let source = Value::Fields(vec![("port".into(), Value::Int(1))]);
        let source = properties.over("source", Some(source)).unwrap();
        assert_eq!(source.child(b"port"), Some(Value::Int(80)));
        assert_eq!(source.child(b"zone"), Some(Value::text("a")));
        let made_up = properties.over("mesh", None);
        assert_eq!(made_up, None);
        properties.set(&["mesh", "id"], b"\xff");
        let mesh = properties.over("mesh", None).unwrap();
        assert_eq!(mesh.child(b"id"), Some(Value::Bytes(vec![0xff])));
    }
}
