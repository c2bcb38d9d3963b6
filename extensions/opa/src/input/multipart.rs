//! `multipart/form-data` (RFC 7578, RFC 2046), read strictly: whatever two readers could take for
//! two different things is refused.

use super::body::json_value;
use super::json::Json;
use super::sink::Sink as _;

/// More parts than a form has.
const MAX_PARTS: usize = 1000;

/// An object of lists: strings, or JSON where a part says that it is. `None`: not well-formed.
///
/// Without a `boundary` in its `content-type` there is nothing to parse, which is `null`.
pub(super) fn parse(text: &str, content_type: &[u8]) -> Option<String> {
    let content_type = std::str::from_utf8(content_type).ok()?;
    let Some(boundary) = parameter(content_type, "boundary") else {
        return Some("null".to_owned());
    };
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    for part in parts(text, &boundary)? {
        let (head, content) = match part.strip_prefix("\r\n") {
            Some(content) => ("", content),
            None => part.split_once("\r\n\r\n")?,
        };
        let head = Head::parse(head)?;
        let Some(name) = head.name else { continue };
        let value = if head.is_json {
            json_value(content)?
        } else {
            let mut json = Json::default();
            json.text(content);
            json.into_text()
        };
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, vec![value])),
        }
    }
    let mut json = Json::default();
    json.object(true);
    for (name, values) in fields {
        json.name(&name);
        json.list(true);
        values.iter().for_each(|value| json.json(value));
        json.list(false);
    }
    json.object(false);
    Some(json.into_text())
}

/// What stands between the delimiters: of each part, its headers and its content.
fn parts<'a>(text: &'a str, boundary: &str) -> Option<Vec<&'a str>> {
    let first = format!("--{boundary}");
    let delimiter = format!("\r\n--{boundary}");
    // No text before the first delimiter: nobody sends any.
    let mut rest = text.strip_prefix(&first)?;
    let mut parts = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix("--") {
            return matches!(after, "" | "\r\n").then_some(parts);
        }
        rest = rest.strip_prefix("\r\n")?;
        let (part, after) = rest.split_once(&delimiter)?;
        if parts.len() >= MAX_PARTS {
            return None;
        }
        parts.push(part);
        rest = after;
    }
}

/// The headers of a part that matter.
#[derive(Default)]
struct Head {
    name: Option<String>,
    is_json: bool,
}

impl Head {
    fn parse(text: &str) -> Option<Self> {
        let mut head = Self::default();
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':')?;
            let value = value.trim_matches([' ', '\t']);
            match name.to_ascii_lowercase().as_str() {
                "content-disposition" if head.name.is_some() => return None,
                "content-disposition" => {
                    let kind = value.split(';').next().unwrap_or_default();
                    if kind.trim().eq_ignore_ascii_case("form-data") {
                        head.name = parameter(value, "name").filter(|name| !name.is_empty());
                    }
                }
                "content-type" => head.is_json = value.contains("application/json"),
                // Some readers decode it, some do not.
                "content-transfer-encoding" if !is_identity(value) => return None,
                _ => {}
            }
        }
        Some(head)
    }
}

fn is_identity(encoding: &str) -> bool {
    ["7bit", "8bit", "binary"]
        .iter()
        .any(|identity| encoding.eq_ignore_ascii_case(identity))
}

/// The parameter `name` of a header's value, without its quotes (RFC 9110, section 5.6.6).
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (found, next) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (token, next) = after.split_once(';').unwrap_or((after, ""));
                (token.trim().to_owned(), next)
            }
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(found);
        }
        rest = next;
    }
}

/// A quoted string up to its end, and what follows the `;` behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => found.push(chars.next()?),
            char => found.push(char),
        }
    }
    let rest = chars.as_str();
    Some((found, rest.split_once(';').map_or("", |(_, next)| next)))
}
