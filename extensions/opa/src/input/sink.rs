//! What documents are written to, piece by piece: a text for a server, or the engine's own values.

use std::borrow::Cow;

/// Takes a document from its beginning to its end. Within an object, each value has its name before it.
pub(super) trait Sink {
    /// An object begins, or ends.
    fn object(&mut self, is_open: bool);

    /// A list begins, or ends.
    fn list(&mut self, is_open: bool);

    /// The name of the value that follows, where it is the same in every document, and plain.
    fn field(&mut self, name: &'static str);

    /// The name of the value that follows, where it comes from the request.
    fn name(&mut self, name: &str);

    fn text(&mut self, text: &str);

    fn number(&mut self, number: u64);

    fn boolean(&mut self, value: bool);

    /// A value that is JSON already.
    fn json(&mut self, json: &str);

    /// A string. A byte that is no UTF-8 becomes `!`, as in Envoy's messages to ext_authz.
    fn string(&mut self, bytes: &[u8]) {
        self.text(&text_of(bytes, '!'));
    }

    /// A string as Go makes it of bytes that are no UTF-8.
    fn lossy_string(&mut self, bytes: &[u8]) {
        self.text(&text_of(bytes, char::REPLACEMENT_CHARACTER));
    }

    /// A string with its name; nothing where it is empty, as protobuf has it.
    fn member(&mut self, name: &'static str, value: &[u8]) {
        if !value.is_empty() {
            self.field(name);
            self.string(value);
        }
    }

    /// Parameters of a query or a form: an object of lists.
    fn parameters(&mut self, parameters: &super::decoding::Parameters) {
        self.object(true);
        for (name, values) in parameters {
            self.name(&text_of(name, char::REPLACEMENT_CHARACTER));
            self.list(true);
            for value in values {
                self.lossy_string(value);
            }
            self.list(false);
        }
        self.object(false);
    }
}

/// Text, with `replacement` for each byte that is none.
pub(super) fn text_of(bytes: &[u8], replacement: char) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| replacement));
    }
    text.into()
}
