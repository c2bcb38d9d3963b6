//! How a claim becomes the text of a header.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use extension_common::json::Value;

/// What becomes of lists and objects. Strings, numbers and truth values are written as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Compact JSON.
    #[default]
    Json,
    /// The items of a list, with commas between them; a comma or a percent sign in an item is
    /// percent-encoded, so that no item can pretend to be two. An object is written as JSON.
    Csv,
    /// Compact JSON, in base64 with padding.
    Base64Json,
    /// The first item of a list; an object is written as JSON.
    First,
}

/// What becomes of a text that a header cannot carry as it is: one with control characters, or with
/// a blank at an end, which whoever reads the header would cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsafeValue {
    /// There is no header then.
    #[default]
    Drop,
    /// These characters, and percent signs, are percent-encoded.
    PercentEncode,
}

/// How a claim becomes the text of a header.
#[derive(Clone, Debug, Default)]
pub struct Rendering {
    /// For lists and objects.
    pub format: Format,
    /// Written before the value.
    pub prefix: String,
    /// Written after it.
    pub suffix: String,
    /// The whole text where there is no claim, or where `map` does not know its value.
    pub default: Option<String>,
    /// What to write instead of single values, or of each item with [`Format::Csv`]. None: the
    /// values themselves.
    pub map: Option<BTreeMap<String, String>>,
    /// For what no header can carry.
    pub unsafe_value: UnsafeValue,
}

impl Rendering {
    /// The text for `claim`; `None` where there is to be no header.
    pub fn render(&self, claim: Option<&Value<'_>>) -> Option<String> {
        match claim.map(|claim| self.value(claim)) {
            None | Some(Rendered::Unknown) => self.default.clone(),
            Some(Rendered::Unsafe) => None,
            Some(Rendered::Text(text)) => Some(format!("{}{text}{}", self.prefix, self.suffix)),
        }
    }

    fn value<'v>(&self, value: &'v Value<'_>) -> Rendered<'v> {
        match (value, self.format) {
            (Value::Array(items), Format::Csv) => self.list(items),
            (Value::Array(items), Format::First) => items
                .first()
                .map_or(Rendered::Unknown, |item| self.single(item)),
            (Value::Array(_) | Value::Object(_), Format::Base64Json) => {
                Rendered::Text(BASE64_STANDARD.encode(value.to_json()).into())
            }
            _ => self.single(value),
        }
    }

    fn list<'v>(&self, items: &'v [Value<'_>]) -> Rendered<'v> {
        let mut list: Vec<Cow<'_, str>> = Vec::new();
        for item in items {
            match self.single(item) {
                Rendered::Text(text) if text.contains([',', '%']) => {
                    // Percent signs of `UnsafeValue::PercentEncode` are encoding already.
                    let encoded = match self.unsafe_value {
                        UnsafeValue::Drop => text.replace('%', "%25"),
                        UnsafeValue::PercentEncode => text.into_owned(),
                    };
                    list.push(encoded.replace(',', "%2C").into());
                }
                Rendered::Text(text) => list.push(text),
                Rendered::Unknown | Rendered::Unsafe => {}
            }
        }
        if list.is_empty() {
            Rendered::Unknown
        } else {
            Rendered::Text(list.join(",").into())
        }
    }

    /// One value, whatever it is.
    fn single<'v>(&self, value: &'v Value<'_>) -> Rendered<'v> {
        let text = match value {
            Value::Null => return Rendered::Unknown,
            Value::Bool(true) => Cow::Borrowed("true"),
            Value::Bool(false) => Cow::Borrowed("false"),
            Value::Number(text) | Value::String(text) => Cow::Borrowed(text.as_ref()),
            Value::Array(_) | Value::Object(_) => return self.safe(value.to_json().into()),
        };
        match &self.map {
            None => self.safe(text),
            Some(map) => map.get(text.as_ref()).map_or(Rendered::Unknown, |mapped| {
                Rendered::Text(Cow::Owned(mapped.clone()))
            }),
        }
    }

    fn safe<'v>(&self, text: Cow<'v, str>) -> Rendered<'v> {
        match self.unsafe_value {
            UnsafeValue::PercentEncode => Rendered::Text(percent_encode(text)),
            UnsafeValue::Drop if is_unsafe(&text) => Rendered::Unsafe,
            UnsafeValue::Drop => Rendered::Text(text),
        }
    }
}

enum Rendered<'v> {
    Text(Cow<'v, str>),
    /// There is nothing, or nothing that the map knows.
    Unknown,
    /// No header can carry it.
    Unsafe,
}

const BLANKS: [char; 2] = [' ', '\t'];

fn is_unsafe(text: &str) -> bool {
    text.starts_with(BLANKS) || text.ends_with(BLANKS) || text.bytes().any(|b| b.is_ascii_control())
}

fn percent_encode(text: Cow<'_, str>) -> Cow<'_, str> {
    if !is_unsafe(&text) && !text.contains('%') {
        return text;
    }
    let middle = text.trim_matches(BLANKS);
    let start = text
        .len()
        .saturating_sub(text.trim_start_matches(BLANKS).len());
    let end = start.saturating_add(middle.len());
    let mut encoded = String::with_capacity(text.len().saturating_mul(2));
    for (at, character) in text.char_indices() {
        let is_outside = at < start || at >= end;
        if character.is_ascii_control() || character == '%' || is_outside {
            encoded.push_str(&format!("%{:02X}", u32::from(character)));
        } else {
            encoded.push(character);
        }
    }
    encoded.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use extension_common::json;

    fn render(rendering: &Rendering, json: &str) -> Option<String> {
        rendering.render(Some(&json::parse(json.as_bytes(), 8).unwrap()))
    }

    fn with(format: Format) -> Rendering {
        Rendering {
            format,
            ..Rendering::default()
        }
    }

    #[test]
    fn single_values_are_written_as_they_are_in_every_format() {
        for format in [Format::Json, Format::Csv, Format::Base64Json, Format::First] {
            for (json, text) in [
                ("\"alice\"", "alice"),
                ("\"a,b\"", "a,b"),
                ("9007199254740993", "9007199254740993"),
                ("1.10", "1.10"),
                ("1e3", "1e3"),
                ("true", "true"),
                ("false", "false"),
                ("\"\"", ""),
                ("\"ü\"", "ü"),
            ] {
                assert_eq!(render(&with(format), json).as_deref(), Some(text), "{json}");
            }
        }
    }

    #[test]
    fn lists_and_objects_have_a_format() {
        let list = r#"["a", 9007199254740993, true, ["b"], null, {"c": 1}]"#;
        for (format, text) in [
            (
                Format::Json,
                r#"["a",9007199254740993,true,["b"],null,{"c":1}]"#,
            ),
            (Format::Csv, r#"a,9007199254740993,true,["b"],{"c":1}"#),
            (Format::First, "a"),
            (
                Format::Base64Json,
                "WyJhIiw5MDA3MTk5MjU0NzQwOTkzLHRydWUsWyJiIl0sbnVsbCx7ImMiOjF9XQ==",
            ),
        ] {
            assert_eq!(render(&with(format), list).as_deref(), Some(text));
        }
        for format in [Format::Json, Format::Csv, Format::First] {
            assert_eq!(
                render(&with(format), r#"{ "a" : [1] }"#).as_deref(),
                Some(r#"{"a":[1]}"#)
            );
        }
        for format in [Format::Csv, Format::First] {
            assert_eq!(render(&with(format), "[]"), None);
        }
    }

    #[test]
    fn an_item_with_a_comma_stays_one_item() {
        let list = r#"["x,admin,y", "50%", "a%2Cb"]"#;
        let expected = "x%2Cadmin%2Cy,50%25,a%252Cb";
        let mut csv = with(Format::Csv);
        assert_eq!(render(&csv, list).as_deref(), Some(expected));
        csv.unsafe_value = UnsafeValue::PercentEncode;
        assert_eq!(render(&csv, list).as_deref(), Some(expected));
    }

    #[test]
    fn what_a_header_cannot_carry_is_dropped_or_encoded() {
        let mut rendering = with(Format::Csv);
        rendering.default = Some("default".into());
        for (json, encoded) in [
            (r#""a\r\nset-cookie: b""#, "a%0D%0Aset-cookie: b"),
            (r#""\u0000""#, "%00"),
            (r#""\u007f""#, "%7F"),
            (r#"" admin""#, "%20admin"),
            (r#""admin ""#, "admin%20"),
            (r#""\tä b\t ""#, "%09ä b%09%20"),
            (r#""   ""#, "%20%20%20"),
        ] {
            rendering.unsafe_value = UnsafeValue::Drop;
            assert_eq!(render(&rendering, json), None, "{json}");
            rendering.unsafe_value = UnsafeValue::PercentEncode;
            assert_eq!(render(&rendering, json).as_deref(), Some(encoded), "{json}");
        }
        assert_eq!(render(&rendering, r#""100%""#).as_deref(), Some("100%25"));
        let list = r#"["a", "b\n", "c"]"#;
        assert_eq!(render(&rendering, list).as_deref(), Some("a,b%0A,c"));
        rendering.unsafe_value = UnsafeValue::Drop;
        assert_eq!(render(&rendering, list).as_deref(), Some("a,c"));
        let json = render(&with(Format::Json), r#"["a\r\n\u007f"]"#).unwrap();
        assert_eq!(json, r#"["a\r\n\u007f"]"#);
    }

    #[test]
    fn values_can_be_mapped_surrounded_and_replaced() {
        let mut rendering = Rendering {
            prefix: "<".into(),
            suffix: ">".into(),
            default: Some("none".into()),
            ..Rendering::default()
        };
        assert_eq!(render(&rendering, "\"x\"").as_deref(), Some("<x>"));
        assert_eq!(rendering.render(None).as_deref(), Some("none"));
        let pairs = [("gold", "1"), ("7", "seven"), ("true", "yes")];
        rendering.map = Some(pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        for (json, text) in [
            ("\"gold\"", "<1>"),
            ("7", "<seven>"),
            ("true", "<yes>"),
            ("\"silver\"", "none"),
            ("null", "none"),
        ] {
            assert_eq!(render(&rendering, json).as_deref(), Some(text), "{json}");
        }
        rendering.format = Format::Csv;
        let list = r#"["gold", "silver", 7]"#;
        assert_eq!(render(&rendering, list).as_deref(), Some("<1,seven>"));
        assert_eq!(render(&rendering, r#"["silver"]"#).as_deref(), Some("none"));
        rendering.format = Format::First;
        assert_eq!(render(&rendering, list).as_deref(), Some("<1>"));
    }
}
