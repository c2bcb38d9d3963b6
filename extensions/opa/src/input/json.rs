//! Writes JSON, piece by piece.

use std::fmt::Write as _;

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

    /// Adds punctuation, names, and whatever else is JSON already.
    pub(super) fn raw(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a comma unless a list or an object begins here.
    pub(super) fn separate(&mut self) -> &mut Self {
        if !self.text.ends_with(['{', '[', ':']) && !self.text.is_empty() {
            self.text.push(',');
        }
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{number}");
        self
    }

    /// Adds a name with its colon.
    pub(super) fn name(&mut self, name: &[u8]) -> &mut Self {
        self.separate().string(name).raw(":")
    }

    /// Adds a member whose value is a string; nothing where it is empty, as protobuf has it.
    pub(super) fn member(&mut self, name: &str, value: &[u8]) -> &mut Self {
        if !value.is_empty() {
            self.name(name.as_bytes()).string(value);
        }
        self
    }

    /// Adds a string. A byte that is no UTF-8 becomes `!`, as in Envoy's messages to ext_authz.
    pub(super) fn string(&mut self, bytes: &[u8]) -> &mut Self {
        self.text.push('"');
        for chunk in bytes.utf8_chunks() {
            self.escape(chunk.valid());
            for _ in chunk.invalid() {
                self.text.push('!');
            }
        }
        self.text.push('"');
        self
    }

    /// Adds a string as Go makes it of bytes that are no UTF-8: with replacement characters.
    pub(super) fn lossy_string(&mut self, bytes: &[u8]) -> &mut Self {
        self.text.push('"');
        for chunk in bytes.utf8_chunks() {
            self.escape(chunk.valid());
            for _ in chunk.invalid() {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.text.push('"');
        self
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
