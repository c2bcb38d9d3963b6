//! Strict JSON (RFC 8259), for what comes from strangers, and for configurations.
//!
//! Where two parsers read one text differently, one of them is fooled. So this one takes only what
//! has one meaning: UTF-8 without a byte order mark, no member twice in an object, no lone
//! surrogates, nothing after the value, a bounded depth. Numbers keep their text: 9007199254740993 is
//! not 9007199254740992.

mod deserializer;
mod parser;

use std::{borrow::Cow, fmt};

pub use deserializer::{Misfit, Tree, deserialize};
pub use parser::parse;

/// Why a text is refused, and where. No part of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Why.
    pub problem: Problem,
    /// In which line, from 1.
    pub line: usize,
    /// At which byte of the line, from 1.
    pub column: usize,
}

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON.
    Syntax,
    /// A name occurs twice in one object.
    Duplicate,
    /// Lists and objects in each other, deeper than allowed.
    TooDeep,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            Problem::NotUtf8 => "it is not UTF-8",
            Problem::Syntax => "it is not JSON",
            Problem::Duplicate => "a member occurs twice in one object",
            Problem::TooDeep => "it is nested too deeply",
        };
        write!(f, "{problem} (line {}, column {})", self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The members of an object, in order; each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// An object of these members. The caller sees to it that each name is there once.
    pub fn from_members(members: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        Self(members)
    }

    /// All members, in order.
    pub fn members(&self) -> &[(Cow<'a, str>, Value<'a>)] {
        &self.0
    }

    /// The member `name`.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The string member `name`: `Ok(None)` where there is none, an error where it is no string.
    pub fn text(&self, name: &str) -> Result<Option<&str>, NotText> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(NotText),
        }
    }
}

/// A member that should be a string is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText;

impl Value<'_> {
    /// The value as compact JSON.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }

    fn write(&self, json: &mut String) {
        match self {
            Value::Null => json.push_str("null"),
            Value::Bool(true) => json.push_str("true"),
            Value::Bool(false) => json.push_str("false"),
            Value::Number(text) => json.push_str(text),
            Value::String(text) => write_string(text, json),
            Value::Array(items) => {
                json.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    item.write(json);
                }
                json.push(']');
            }
            Value::Object(object) => object.write(json),
        }
    }
}

impl Object<'_> {
    /// The object as compact JSON.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }

    fn write(&self, json: &mut String) {
        json.push('{');
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            write_string(name, json);
            json.push(':');
            value.write(json);
        }
        json.push('}');
    }
}

/// Escapes no more than RFC 8259, section 7, asks for, and DEL, so that no control character is
/// left.
fn write_string(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if control.is_ascii_control() => {
                json.push_str("\\u00");
                let digit = |nibble: u32| char::from_digit(nibble, 16).unwrap_or('0');
                json.push(digit(u32::from(control).wrapping_shr(4) & 0xf));
                json.push(digit(u32::from(control) & 0xf));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests;
