//! `glob.*`: patterns of shells, as OPA has them, by way of regular expressions.
//!
//! `*` is any text without delimiters, `**` any text, `?` one character that is no delimiter; `[abc]`,
//! `[a-z]` and with `!` what is not in them; `{a,b}` one of several; `\` takes the meaning of what
//! follows.

use std::{iter::Peekable, str::Chars};

use regorus::Value;

use super::regular::Patterns;

/// Alternatives inside of alternatives.
const MAX_DEPTH: u32 = 20;

/// `glob.match(pattern, delimiters, text)`.
pub(super) fn is_match(globs: &Patterns, arguments: &[Value]) -> Option<bool> {
    let [Value::String(pattern), delimiters, Value::String(text)] = arguments else {
        return None;
    };
    let delimiters = match delimiters {
        Value::Null => String::new(),
        Value::Array(list) if list.is_empty() => ".".to_owned(),
        Value::Array(list) => list.iter().map(single).collect::<Option<String>>()?,
        _ => return None,
    };
    if let Some((begin, end)) = ends(pattern, &delimiters) {
        return Some(text.starts_with(&begin) && text.ends_with(&end));
    }
    let pattern = expression(pattern, &delimiters)?;
    Some(globs.compiled(&pattern, text).ok()?.is_match(text))
}

/// The two ends of a pattern that is any text between two others. As in OPA, they may overlap:
/// `/**/admin` matches `/admin`.
fn ends(pattern: &str, delimiters: &str) -> Option<(String, String)> {
    let mut ends = (String::new(), String::new());
    let mut chars = pattern.chars().peekable();
    let mut is_behind = false;
    while let Some(char) = chars.next() {
        match char {
            '*' if !is_behind => {
                let mut stars = 1_u32;
                while chars.next_if_eq(&'*').is_some() {
                    stars = stars.saturating_add(1);
                }
                if stars == 1 && !delimiters.is_empty() {
                    return None;
                }
                is_behind = true;
            }
            '*' | '?' | '[' | '{' => return None,
            char => {
                let char = match char {
                    '\\' => chars.next(),
                    char => Some(char),
                };
                let end = if is_behind { &mut ends.1 } else { &mut ends.0 };
                end.extend(char);
            }
        }
    }
    is_behind.then_some(ends)
}

/// `glob.quote_meta(text)`.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for char in text.chars() {
        if "*?\\[]{}".contains(char) {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted
}

fn single(delimiter: &Value) -> Option<char> {
    let Value::String(text) = delimiter else {
        return None;
    };
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The regular expression for a pattern; `None` where it is none.
fn expression(pattern: &str, delimiters: &str) -> Option<String> {
    let other = match delimiters {
        "" => ".".to_owned(),
        _ => {
            let escaped: String = delimiters.chars().map(in_class).collect();
            format!("[^{escaped}]")
        }
    };
    let mut translation = Translation {
        rest: pattern.chars().peekable(),
        text: String::from("(?s)^(?:"),
        other,
        depth: 0,
    };
    translation.run()?;
    translation.text.push_str(")$");
    Some(translation.text)
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    text: String,
    /// One character that is no delimiter.
    other: String,
    /// In how many alternatives.
    depth: u32,
}

impl Translation<'_> {
    fn run(&mut self) -> Option<()> {
        while let Some(char) = self.rest.next() {
            match char {
                '*' if self.rest.next_if_eq(&'*').is_some() => self.text.push_str(".*"),
                '*' => {
                    self.text.push_str(&self.other);
                    self.text.push('*');
                }
                '?' => self.text.push_str(&self.other),
                '\\' => {
                    if let Some(char) = self.rest.next() {
                        self.literal(char);
                    }
                }
                '[' => self.class()?,
                '{' => {
                    self.depth = self
                        .depth
                        .checked_add(1)
                        .filter(|depth| *depth <= MAX_DEPTH)?;
                    if matches!(self.rest.peek(), None | Some('}')) {
                        return None;
                    }
                    self.text.push_str("(?:");
                }
                ',' if self.depth > 0 => self.text.push('|'),
                '}' if self.depth > 0 => {
                    self.depth = self.depth.saturating_sub(1);
                    self.text.push(')');
                }
                char => self.literal(char),
            }
        }
        // What is open at the end is closed there.
        for _ in 0..self.depth {
            self.text.push(')');
        }
        Some(())
    }

    fn literal(&mut self, char: char) {
        self.text
            .push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
    }

    /// Either characters or one range.
    fn class(&mut self) -> Option<()> {
        self.text.push('[');
        if self.rest.next_if_eq(&'!').is_some() {
            self.text.push('^');
        }
        let first = self.rest.next().filter(|char| *char != ']')?;
        if self.rest.next_if_eq(&'-').is_some() {
            let last = self.rest.next()?;
            self.rest.next_if_eq(&']')?;
            (first <= last).then_some(())?;
            let range = format!("{}-{}]", in_class(first), in_class(last));
            self.text.push_str(&range);
            return Some(());
        }
        let mut char = first;
        while char != ']' {
            if char == '\\' {
                char = self.rest.next()?;
            }
            self.text.push_str(&in_class(char));
            char = self.rest.next()?;
        }
        self.text.push(']');
        Some(())
    }
}

/// A character inside of brackets.
fn in_class(char: char) -> String {
    match char.is_ascii_punctuation() {
        true => format!("\\{char}"),
        false => char.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, delimiters: &str, text: &str) -> Option<bool> {
        let delimiters = match delimiters {
            "" => Value::Null,
            text => Value::from(
                text.chars()
                    .map(|char| char.to_string().into())
                    .collect::<Vec<_>>(),
            ),
        };
        is_match(&Patterns::new(), &[pattern.into(), delimiters, text.into()])
    }

    #[test]
    fn a_pattern_means_what_it_means_in_opa() {
        for (pattern, delimiters, text, expected) in [
            ("/users/*", "/", "/users/alice", true),
            ("/users/*", "/", "/users/alice/x", false),
            ("/users/*", "/", "/users/", true),
            ("/users/**", "/", "/users/alice/x", true),
            ("/**/admin", "/", "/a/b/admin", true),
            ("/**/admin", "/", "/admin", true),
            ("/**/admin", "/", "/x/admins", false),
            ("/*/admin", "/", "/admin", false),
            ("*", "", "a/b.c\n", true),
            ("a?c", ".", "abc", true),
            ("a?c", ".", "a.c", false),
            ("*.example.com", ".", "a.example.com", true),
            ("*.example.com", ".", "a.b.example.com", false),
            ("[abc]x", "", "bx", true),
            ("[!abc]x", "", "bx", false),
            ("[a-c]x", "", "bx", true),
            ("[!a-c]x", "", "dx", true),
            ("{a,b*}c", "", "bxc", true),
            ("{a,{b,c}}", "", "c", true),
            ("a,b", "", "a,b", true),
            ("\\*", "", "*", true),
            ("\\*", "", "a", false),
            ("a.c", "", "abc", false),
            ("a}]", "", "a}]", true),
            ("{a,{b,c", "", "c", true),
            ("a\\", "", "a", true),
            ("{a,}b", "", "b", true),
            ("*", "^-]", "a", true),
            ("*", "^-]", "-", false),
        ] {
            let matched = matches(pattern, delimiters, text);
            assert_eq!(matched, Some(expected), "{pattern} {text}");
        }
        for pattern in ["[a", "{}", "a{", "[]", "[!]", "[z-a]", "[a-z0-9]"] {
            assert_eq!(matches(pattern, "", "a"), None, "{pattern}");
        }
    }
}
