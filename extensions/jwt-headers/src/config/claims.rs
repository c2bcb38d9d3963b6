//! What is asked of claims, and what they are used for.

use std::collections::BTreeMap;

use extension_common::{
    config::ConfigError,
    headers::{self, HeaderName},
};
use serde::Deserialize;

use super::fields::{check_target, claim_path, not_empty};
use crate::{
    claim::{RequiredClaim, Scalar},
    grant::{ClaimHeader, Operation},
    rendering::{Format, Rendering, UnsafeValue},
};

/// A claim without which a token grants nothing: the answer is 403.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RequiredClaimJson {
    /// Its name, a dotted path, or a JSON pointer. It must be there in any case.
    claim: String,
    /// It must be one of these.
    one_of: Option<Vec<ScalarJson>>,
    /// It must be a list with this in it, or a text with this between its blanks, as `scope` is.
    contains: Option<ScalarJson>,
}

/// A text, a whole number or a truth value; compared with claims of the same type.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected a text, a whole number or a truth value"
)]
enum ScalarJson {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A truth value.
    Bool(bool),
}

impl From<ScalarJson> for Scalar {
    fn from(scalar: ScalarJson) -> Self {
        match scalar {
            ScalarJson::Text(text) => Self::Text(text),
            ScalarJson::Number(number) => Self::Number(number.to_string()),
            ScalarJson::Bool(value) => Self::Bool(value),
        }
    }
}

impl RequiredClaimJson {
    pub(super) fn validate(self, field: &str) -> Result<RequiredClaim, ConfigError> {
        let one_of = match self.one_of {
            None => None,
            given => Some(not_empty(&format!("{field}.one_of"), given)?),
        };
        Ok(RequiredClaim {
            claim: claim_path(&format!("{field}.claim"), &self.claim)?,
            one_of: one_of.map(|scalars| scalars.into_iter().map(Scalar::from).collect()),
            contains: self.contains.map(Scalar::from),
        })
    }
}

/// How a claim becomes text. Part of other objects, so its fields are repeated there.
pub(super) struct RenderingJson {
    pub(super) format: FormatJson,
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) default: Option<String>,
    pub(super) map: Option<BTreeMap<String, String>>,
    pub(super) unsafe_value: UnsafeValueJson,
}

impl RenderingJson {
    pub(super) fn validate(self, field: &str) -> Result<Rendering, ConfigError> {
        let texts = [
            ("prefix", Some(&self.prefix)),
            ("suffix", Some(&self.suffix)),
            ("default", self.default.as_ref()),
        ];
        let mapped = self
            .map
            .iter()
            .flatten()
            .map(|(_, text)| ("map", Some(text)));
        for (name, text) in texts.into_iter().chain(mapped) {
            if let Some(text) = text
                && !headers::is_valid_value(text.as_bytes())
            {
                return Err(ConfigError::invalid(
                    format!("{field}.{name}"),
                    text,
                    "a text without control characters",
                ));
            }
        }
        Ok(Rendering {
            format: match self.format {
                FormatJson::Json => Format::Json,
                FormatJson::Csv => Format::Csv,
                FormatJson::Base64json => Format::Base64Json,
                FormatJson::First => Format::First,
            },
            prefix: self.prefix,
            suffix: self.suffix,
            default: self.default,
            map: self.map,
            unsafe_value: match self.unsafe_value {
                UnsafeValueJson::Drop => UnsafeValue::Drop,
                UnsafeValueJson::PercentEncode => UnsafeValue::PercentEncode,
            },
        })
    }
}

/// A header that a claim makes.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimHeaderJson {
    /// The claim: its name, a dotted path where no claim has that name, or a JSON pointer. Only
    /// `remove` does without.
    claim: Option<String>,

    /// The header. What clients send under this name is removed from every request, unless the
    /// operation is `remove`.
    #[cfg_attr(test, schemars(with = "String"))]
    header: HeaderName,

    /// What happens to the header. Default: `set`.
    #[serde(default)]
    operation: OperationJson,

    /// How lists and objects are written. Default: `json`.
    #[serde(default)]
    format: FormatJson,

    /// Written before the value.
    #[serde(default)]
    prefix: String,

    /// Written after the value.
    #[serde(default)]
    suffix: String,

    /// The header's value where the claim is missing, or where `map` does not know its value.
    default: Option<String>,

    /// What to write instead of the claim's value, or of each item with `csv`.
    map: Option<BTreeMap<String, String>>,

    /// What becomes of a value with control characters or with a blank at an end. Default: `drop`.
    #[serde(default)]
    unsafe_value: UnsafeValueJson,
}

impl ClaimHeaderJson {
    pub(super) fn validate(self, field: &str) -> Result<ClaimHeader, ConfigError> {
        check_target(&format!("{field}.header"), &self.header)?;
        let claim = match (&self.claim, self.operation) {
            (None, OperationJson::Remove) => None,
            (None, _) => {
                return Err(ConfigError::expected(format!("{field}.claim"), "a claim"));
            }
            (Some(text), _) => Some(claim_path(&format!("{field}.claim"), text)?),
        };
        let rendering = RenderingJson {
            format: self.format,
            prefix: self.prefix,
            suffix: self.suffix,
            default: self.default,
            map: self.map,
            unsafe_value: self.unsafe_value,
        };
        Ok(ClaimHeader {
            claim,
            header: self.header,
            operation: match self.operation {
                OperationJson::Set => Operation::Set,
                OperationJson::Append => Operation::Append,
                OperationJson::Remove => Operation::Remove,
            },
            rendering: rendering.validate(field)?,
        })
    }
}

/// See `ClaimHeaderJson::operation`.
#[derive(Clone, Copy, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum OperationJson {
    /// It gets this value alone.
    #[default]
    Set,
    /// It gets this value beside those that other claims gave it.
    Append,
    /// It is removed where the claim is there.
    Remove,
}

/// How lists and objects are written. Strings, numbers and truth values are written as they are.
#[derive(Clone, Copy, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatJson {
    /// Compact JSON.
    #[default]
    Json,
    /// A list's items with commas between them; commas and percent signs in items are
    /// percent-encoded.
    Csv,
    /// Compact JSON, in base64.
    Base64json,
    /// The first item of a list.
    First,
}

/// What becomes of a value that no header can carry as it is.
#[derive(Clone, Copy, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum UnsafeValueJson {
    /// There is no header then.
    #[default]
    Drop,
    /// What is unsafe is percent-encoded, and so are percent signs.
    PercentEncode,
}
