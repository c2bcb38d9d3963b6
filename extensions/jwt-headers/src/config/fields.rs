//! Shapes of fields that occur more than once.

use std::{fmt, marker::PhantomData};

use extension_common::{config::ConfigError, headers::HeaderName};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::claim::{self, ClaimPath};

/// An object whose names are the operator's, in order.
pub(super) struct Named<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut members: Vec<(String, T)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, T>()? {
                    members.push((name, value));
                }
                Ok(Named(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// One text, or a list of texts.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a text, or a list of texts")]
pub(super) enum OneOrMore {
    /// One.
    One(String),
    /// Any number.
    More(Vec<String>),
}

impl OneOrMore {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::More(texts) => texts,
        }
    }
}

/// A list that has something in it, where it is there.
pub(super) fn not_empty<T>(field: &str, list: Option<Vec<T>>) -> Result<Vec<T>, ConfigError> {
    match list {
        Some(list) if list.is_empty() => Err(ConfigError::expected(
            field,
            "at least one entry (leave the field out for none)",
        )),
        list => Ok(list.unwrap_or_default()),
    }
}

/// A claim's name or path.
pub(super) fn claim_path(field: &str, text: &str) -> Result<ClaimPath, ConfigError> {
    ClaimPath::parse(text).ok_or_else(|| ConfigError::invalid(field, text, claim::PATH))
}

/// A header that may be written: one that means nothing to the proxy.
pub(super) fn check_target(field: &str, header: &HeaderName) -> Result<(), ConfigError> {
    if header.is_reserved() || header.as_str() == "cookie" {
        return Err(ConfigError::invalid(
            field,
            header.as_str(),
            "a header that means nothing to the proxy, such as \"x-sub\"",
        ));
    }
    Ok(())
}
