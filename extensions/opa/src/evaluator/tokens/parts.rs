//! A token in its three parts.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use extension_common::json::{self, Object};
use extension_jwt::token::{MAX_DEPTH, MAX_LENGTH};
use regorus::Value;

/// What the parts of a token decode to.
pub(super) struct Parts {
    header: Vec<u8>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl Parts {
    /// Reads a token whose header is one; its claims are looked at later.
    pub(super) fn read(token: &str) -> Option<Self> {
        let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        if token.len() > MAX_LENGTH {
            return None;
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let parts = Self {
            header: decoded(header)?,
            claims: decoded(claims)?,
            signature: decoded(signature)?,
        };
        // Neither encrypted tokens nor tokens in tokens are known here.
        let header = parts.header()?;
        let is_nested = header
            .text("cty")
            .ok()?
            .is_some_and(|cty| cty.eq_ignore_ascii_case("JWT"));
        if header.get("enc").is_some() || is_nested {
            return None;
        }
        Some(parts)
    }

    pub(super) fn header(&self) -> Option<Object<'_>> {
        object(&self.header)
    }

    pub(super) fn claims(&self) -> Option<Object<'_>> {
        object(&self.claims)
    }

    pub(super) fn header_value(&self) -> Option<Value> {
        value(&self.header()?)
    }

    pub(super) fn claims_value(&self) -> Option<Value> {
        value(&self.claims()?)
    }

    pub(super) fn signature_in_hex(&self) -> String {
        let mut hex = String::with_capacity(self.signature.len().saturating_mul(2));
        for byte in &self.signature {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

fn object(text: &[u8]) -> Option<Object<'_>> {
    match json::parse(text, MAX_DEPTH) {
        Ok(json::Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn value(object: &Object<'_>) -> Option<Value> {
    Value::from_json_str(&object.to_json()).ok()
}
