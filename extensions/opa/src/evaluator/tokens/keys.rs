//! Public keys as policies write them: PEM, JWKs and sets of them (RFC 7517).

use extension_common::json::{self, Value};
use extension_jwt::{
    jwk::Key,
    jwks::{MAX_BYTES, MAX_DEPTH, MAX_KEYS},
    pem,
};

/// The keys in a text; `None` where it holds none. Of a set, keys that cannot be used are left out.
pub(super) fn read(text: &str) -> Option<Vec<Key>> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return None;
    }
    if text.starts_with('{') {
        from_json(text)
    } else {
        pem::key(text).map(|key| vec![key])
    }
}

fn from_json(text: &str) -> Option<Vec<Key>> {
    let Ok(Value::Object(object)) = json::parse(text.as_bytes(), MAX_DEPTH) else {
        return None;
    };
    match object.get("keys") {
        Some(Value::Array(keys)) if keys.len() <= MAX_KEYS => {
            let key = |key: &Value<'_>| match key {
                Value::Object(key) => Key::parse(key).ok(),
                _ => None,
            };
            Some(keys.iter().filter_map(key).collect())
        }
        Some(_) => None,
        None => Some(vec![Key::parse(&object).ok()?]),
    }
}
