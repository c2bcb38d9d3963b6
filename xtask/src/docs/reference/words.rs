//! Names, values and sentences of a schema as Markdown.

use anyhow::{Result, bail};
use serde_json::Value;

/// The heading of a type: `ClaimHeaderJson` is "Claim header".
pub(super) fn heading(name: &str) -> String {
    let name = name.strip_suffix("Json").unwrap_or(name);
    let mut heading = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !heading.is_empty() {
            heading.push(' ');
            heading.extend(letter.to_lowercase());
        } else {
            heading.push(letter);
        }
    }
    heading
}

/// A link to the section of a type.
pub(super) fn link(name: &str) -> String {
    let heading = heading(name);
    let anchor = heading.to_lowercase().replace(' ', "-");
    format!("[{heading}](#{anchor})")
}

/// A JSON value as code.
pub(super) fn code(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// Text without line breaks and bars, for a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// The default of a field, and its description without the sentence that tells it.
///
/// A schema cannot tell every default: what is computed, or is that of an enumeration, only the
/// description does. Where both do, they must agree.
pub(super) fn default(description: &str, value: Option<&Value>) -> Result<(String, String)> {
    let (told, rest) = sentence(description);
    let value = value.filter(|value| !value.is_null());
    let Some(told) = told else {
        return Ok((value.map_or("–".to_owned(), shown), rest));
    };
    let bare = told.trim_matches('`');
    let agrees = match value {
        None => true,
        Some(Value::Number(number)) => bare.parse().ok() == number.as_f64(),
        Some(Value::String(text)) => text.trim_end() == bare,
        Some(Value::Bool(truth)) => truth.to_string() == bare,
        // Of lists and objects only empty ones: they are told in words.
        Some(other) => matches!(other.to_string().as_str(), "[]" | "{}"),
    };
    if !agrees {
        bail!("the description says `Default: {told}`, and the schema {value:?}");
    }
    let is_value = told.parse::<f64>().is_ok() || matches!(told, "true" | "false");
    let told = if is_value {
        format!("`{told}`")
    } else {
        told.to_owned()
    };
    Ok((told, rest))
}

/// The sentence after `Default: `, and the rest.
fn sentence(description: &str) -> (Option<&str>, String) {
    let Some((before, after)) = description.split_once("Default:") else {
        return (None, description.to_owned());
    };
    // A line of the description may end behind the word or behind the sentence.
    let after = after.trim_start();
    let end = after.find(". ").or_else(|| after.find(".\n"));
    let (told, rest) = match end {
        Some(end) => after.split_at(end),
        None => (after.strip_suffix('.').unwrap_or(after), ""),
    };
    let rest = rest.trim_start_matches('.').trim_start();
    (Some(told), format!("{before}{rest}").trim().to_owned())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Object(members) if members.is_empty() => "none".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        other => code(other),
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != '`')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_is_headed_by_its_words() {
        assert_eq!(heading("ClaimHeaderJson"), "Claim header");
        assert_eq!(heading("Lines"), "Lines");
        assert_eq!(link("OneOrMore"), "[One or more](#one-or-more)");
    }

    #[test]
    fn the_default_is_taken_out_of_the_description() {
        let told = |text: &str, value: Option<Value>| default(text, value.as_ref()).unwrap();
        let two = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            told("How long. Default: `0.2s`.", None),
            two("`0.2s`", "How long.")
        );
        assert_eq!(
            told("Its form. Default: no body. Needs b.", None),
            two("no body", "Its form. Needs b.")
        );
        assert_eq!(
            told("A.\nDefault: true.", Some(json!(true))),
            two("`true`", "A.")
        );
        assert_eq!(told("A. Default:\n`3600s`.", None), two("`3600s`", "A."));
        assert_eq!(told("A.", Some(json!("b"))), two("`b`", "A."));
        assert_eq!(told("A.", Some(json!([]))), two("none", "A."));
        assert_eq!(told("A.", None), two("–", "A."));
    }

    #[test]
    fn a_description_that_tells_another_default_is_an_error() {
        assert!(default("A. Default: 10.", Some(&json!(10.0))).is_ok());
        assert!(default("A. Default: 10.", Some(&json!(11))).is_err());
        assert!(default("A. Default: `a`.", Some(&json!("b"))).is_err());
    }
}
