//! Writes JSON, piece by piece.

use std::fmt::Write as _;

use super::sink::Sink;

/// A JSON text in the making.
#[derive(Default)]
pub(super) struct Json {
    text: String,
}

impl Json {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            text: String::with_capacity(capacity),
        }
    }

    /// Adds a comma unless a list, an object or a value begins here.
    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }

    fn escape(&mut self, text: &str) {
        // Most strings need nothing.
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().all(is_plain) {
            self.text.push_str(text);
            return;
        }
        for char in text.chars() {
            match char {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\0'..=' ' if char != ' ' => {
                    // Writing to a string cannot fail.
                    let _ = write!(self.text, "\\u{:04x}", u32::from(char));
                }
                char => self.text.push(char),
            }
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Sink for Json {
    fn object(&mut self, is_open: bool) {
        if is_open {
            self.separate();
        }
        self.text.push(if is_open { '{' } else { '}' });
    }

    fn list(&mut self, is_open: bool) {
        if is_open {
            self.separate();
        }
        self.text.push(if is_open { '[' } else { ']' });
    }

    fn field(&mut self, name: &'static str) {
        self.separate();
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    fn name(&mut self, name: &str) {
        self.text(name);
        self.text.push(':');
    }

    fn text(&mut self, text: &str) {
        self.separate();
        self.text.push('"');
        self.escape(text);
        self.text.push('"');
    }

    fn number(&mut self, number: u64) {
        self.separate();
        let _ = write!(self.text, "{number}");
    }

    fn boolean(&mut self, value: bool) {
        self.json(if value { "true" } else { "false" });
    }

    fn json(&mut self, json: &str) {
        self.separate();
        self.text.push_str(json);
    }
}
