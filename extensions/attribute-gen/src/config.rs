//! The configuration: JSON in, a validated [`Config`] out.

use std::fmt;

use extension_common::config::{ConfigError, Remarks};
use serde::{Deserialize, Deserializer, de};

/// The JSON configuration: that of Istio's attributegen plugin, in `snake_case` or `camelCase`, and
/// `ON_RESPONSE`, `value_expression` and `on_error` besides.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfigJson {
    /// Whether each classification is written to the log, at level `debug`. A text `"true"` counts,
    /// too.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<BoolJson>"))]
    debug: Flag,

    /// What is to be generated. Those of the same phase come in this order.
    #[serde(default)]
    attributes: Option<Vec<AttributeJson>>,
}

/// A bool, or its text.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "for the schema")]
enum BoolJson {
    Bool(bool),
    Text(String),
}

/// An attribute to generate.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttributeJson {
    /// When: `ON_REQUEST`, `ON_RESPONSE` or `AFTER_RESPONSE`, the default.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<PhaseJson>"))]
    phase: Phase,

    /// The attribute's name: `filter_state["wasm.<name>"]` has its value. A name without dots.
    #[serde(default, alias = "outputAttribute")]
    output_attribute: Option<String>,

    /// The first match whose condition holds gives the value. If none does, there is no attribute.
    #[serde(default, rename = "match")]
    matches: Option<Vec<MatchJson>>,

    /// What to do when a condition cannot be evaluated. Default: `continue`.
    #[serde(default, alias = "onError")]
    on_error: OnError,
}

/// See `AttributeJson::phase`.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(dead_code, reason = "for the schema")]
enum PhaseJson {
    OnRequest,
    OnResponse,
    AfterResponse,
    /// `AFTER_RESPONSE`.
    PhaseUnspecified,
}

/// A condition and the value that it gives.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MatchJson {
    /// An expression in CEL that gives a bool. Left out or empty: always.
    condition: Option<String>,

    /// The value.
    value: Option<String>,

    /// An expression in CEL that gives the value, in place of `value`.
    #[serde(alias = "valueExpression")]
    value_expression: Option<String>,
}

/// A bool that may be written as a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }
            fn visit_unit<E>(self) -> Result<Flag, E> {
                Ok(Flag(false))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Flag, E> {
                match text {
                    "true" => Ok(Flag(true)),
                    "false" => Ok(Flag(false)),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// When an attribute is generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// When the request's headers have arrived.
    OnRequest,
    /// When the response's headers have arrived.
    OnResponse,
    /// When all is over, before access logs are written.
    #[default]
    AfterResponse,
}

impl<'de> Deserialize<'de> for Phase {
    /// As protobuf has it in JSON: a name or a number; null is the default.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Phase;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("ON_REQUEST, ON_RESPONSE or AFTER_RESPONSE")
            }
            fn visit_unit<E>(self) -> Result<Phase, E> {
                Ok(Phase::default())
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Phase, E> {
                match number {
                    0 => Ok(Phase::AfterResponse),
                    1 => Ok(Phase::OnRequest),
                    other => Err(E::invalid_value(de::Unexpected::Unsigned(other), &self)),
                }
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Phase, E> {
                match name {
                    "ON_REQUEST" => Ok(Phase::OnRequest),
                    "ON_RESPONSE" => Ok(Phase::OnResponse),
                    "AFTER_RESPONSE" | "PHASE_UNSPECIFIED" => Ok(Phase::AfterResponse),
                    other => Err(E::unknown_variant(
                        other,
                        &["ON_REQUEST", "ON_RESPONSE", "AFTER_RESPONSE"],
                    )),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What to do when a condition cannot be evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Count the error, and try the next match.
    #[default]
    Continue,
    /// Count the error, and generate nothing: what Istio's plugin did.
    Abandon,
}

/// A validated configuration. Conditions are still text.
#[derive(Debug)]
pub struct Config {
    /// Whether classifications are logged.
    pub debug: bool,
    /// What is to be generated.
    pub attributes: Vec<Attribute>,
    /// What an operator should know, for the log.
    pub remarks: Remarks,
}

/// An attribute to generate.
#[derive(Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// When.
    pub phase: Phase,
    /// What to do with errors.
    pub on_error: OnError,
    /// In this order.
    pub matches: Vec<Match>,
}

/// A condition and its value.
#[derive(Debug)]
pub struct Match {
    /// `None`: always.
    pub condition: Option<String>,
    /// What it gives.
    pub value: Value,
}

/// What a match gives.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// This.
    Constant(String),
    /// What an expression gives.
    Expression(String),
}

impl ConfigJson {
    /// Validates what can be validated without a host.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(self) -> Result<Config, ConfigError> {
        let mut remarks = Remarks::default();
        let written = self.attributes.unwrap_or_default();
        if written.is_empty() {
            remarks.warn("attributes: there are none, so that nothing is generated");
        }
        let mut attributes = Vec::with_capacity(written.len());
        for (index, attribute) in written.into_iter().enumerate() {
            let field = format!("attributes[{index}]");
            attributes.push(attribute.validate(&field, &mut remarks)?);
        }
        Ok(Config {
            debug: self.debug.0,
            attributes,
            remarks,
        })
    }
}

impl AttributeJson {
    fn validate(self, field: &str, remarks: &mut Remarks) -> Result<Attribute, ConfigError> {
        let name = self.output_attribute.unwrap_or_default();
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(ConfigError::invalid(
                format!("{field}.output_attribute"),
                &name,
                "the attribute's name, such as \"istio_operationId\"",
            ));
        }
        if name.contains('.') {
            remarks.warn(format!(
                "{field}.output_attribute: {name:?} has a dot: expressions must write \
                 filter_state[\"wasm.{name}\"], nothing shorter"
            ));
        }
        let written = self.matches.unwrap_or_default();
        if written.is_empty() {
            remarks.warn(format!(
                "{field}.match: there is none, so that {name:?} is never set"
            ));
        }
        let mut matches: Vec<Match> = Vec::with_capacity(written.len());
        for (index, written) in written.into_iter().enumerate() {
            let field = format!("{field}.match[{index}]");
            if let Some(last) = matches.last()
                && last.condition.is_none()
                && last.value.cannot_fail()
            {
                remarks.warn(format!(
                    "{field}: never tried, since the match before it has no condition"
                ));
            }
            matches.push(written.validate(&field, remarks)?);
        }
        Ok(Attribute {
            name,
            phase: self.phase,
            on_error: self.on_error,
            matches,
        })
    }
}

impl MatchJson {
    fn validate(self, field: &str, remarks: &mut Remarks) -> Result<Match, ConfigError> {
        let value = match (self.value, self.value_expression) {
            (Some(_), Some(expression)) => {
                return Err(ConfigError::invalid(
                    format!("{field}.value_expression"),
                    expression,
                    "one of `value` and `value_expression`",
                ));
            }
            (None, Some(expression)) if expression.trim().is_empty() => {
                return Err(ConfigError::invalid(
                    format!("{field}.value_expression"),
                    expression,
                    "an expression, such as \"request.headers['x-operation']\"",
                ));
            }
            (None, Some(expression)) => Value::Expression(expression),
            (Some(value), None) => Value::Constant(value),
            (None, None) => {
                remarks.warn(format!("{field}: no value, so that it is empty"));
                Value::Constant(String::new())
            }
        };
        Ok(Match {
            condition: self.condition.filter(|condition| !condition.is_empty()),
            value,
        })
    }
}

impl Value {
    fn cannot_fail(&self) -> bool {
        matches!(self, Self::Constant(_))
    }
}

#[cfg(test)]
mod tests;
