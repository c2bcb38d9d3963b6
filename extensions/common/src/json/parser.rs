//! The parser: recursive descent, bounded by the depth.

use std::{borrow::Cow, collections::HashSet};

use super::{JsonError, Object, Problem, Value};

/// Parses `text`, in which lists and objects are nested at most `max_depth` deep.
///
/// # Errors
/// The text is not the strict JSON that this module takes.
pub fn parse(text: &[u8], max_depth: usize) -> Result<Value<'_>, JsonError> {
    let valid = std::str::from_utf8(text)
        .map_err(|error| locate(text, error.valid_up_to(), Problem::NotUtf8))?;
    let mut parser = Parser { text: valid, at: 0 };
    parser
        .document(max_depth)
        .map_err(|problem| locate(text, parser.at, problem))
}

/// The error at byte `at`.
fn locate(text: &[u8], at: usize, problem: Problem) -> JsonError {
    let before = text.get(..at).unwrap_or(text);
    let line_starts = before.iter().rposition(|&byte| byte == b'\n');
    let line_starts = line_starts.map_or(0, |newline| newline.saturating_add(1));
    JsonError {
        problem,
        line: before.split(|&byte| byte == b'\n').count(),
        column: before.len().saturating_sub(line_starts).saturating_add(1),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        self.take(byte).then_some(()).ok_or(Problem::Syntax)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    /// The text from `start` to where the parser is.
    fn since(&self, start: usize) -> Result<&'a str, Problem> {
        self.text.get(start..self.at).ok_or(Problem::Syntax)
    }

    fn document(&mut self, max_depth: usize) -> Result<Value<'a>, Problem> {
        let value = self.value(max_depth)?;
        self.skip_blanks();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(Problem::Syntax),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Problem> {
        self.skip_blanks();
        match self.peek().ok_or(Problem::Syntax)? {
            b'{' => self
                .object(depth.checked_sub(1).ok_or(Problem::TooDeep)?)
                .map(Value::Object),
            b'[' => self
                .array(depth.checked_sub(1).ok_or(Problem::TooDeep)?)
                .map(Value::Array),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Problem> {
        let rest = self.text.get(self.at..).ok_or(Problem::Syntax)?;
        if !rest.starts_with(word) {
            return Err(Problem::Syntax);
        }
        self.at = self.at.saturating_add(word.len());
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Object<'a>, Problem> {
        self.expect(b'{')?;
        let mut members = Vec::new();
        self.skip_blanks();
        if !self.take(b'}') {
            loop {
                self.skip_blanks();
                let name = self.string()?;
                self.skip_blanks();
                self.expect(b':')?;
                members.push((name, self.value(depth)?));
                self.skip_blanks();
                if self.take(b'}') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        if has_duplicate(&members) {
            return Err(Problem::Duplicate);
        }
        Ok(Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value<'a>>, Problem> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        self.skip_blanks();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_blanks();
            if self.take(b']') {
                return Ok(items);
            }
            self.expect(b',')?;
        }
    }

    /// Most strings have no escapes, and are borrowed.
    fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        self.expect(b'"')?;
        let start = self.at;
        let mut unescaped: Option<String> = None;
        let mut copied = start;
        loop {
            match self.peek().ok_or(Problem::Syntax)? {
                b'"' => {
                    let rest = self.since(copied)?;
                    self.advance();
                    return Ok(match unescaped {
                        None => Cow::Borrowed(rest),
                        Some(mut text) => {
                            text.push_str(rest);
                            Cow::Owned(text)
                        }
                    });
                }
                b'\\' => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(self.text.get(copied..self.at).ok_or(Problem::Syntax)?);
                    self.advance();
                    let character = self.escape()?;
                    text.push(character);
                    copied = self.at;
                }
                0..=0x1f => return Err(Problem::Syntax),
                _ => self.advance(),
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, Problem> {
        let escape = self.peek().ok_or(Problem::Syntax)?;
        self.advance();
        Ok(match escape {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(Problem::Syntax),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, Problem> {
        let mut units = vec![self.unit()?];
        if matches!(units.first(), Some(0xd800..=0xdbff)) {
            self.expect(b'\\')?;
            self.expect(b'u')?;
            units.push(self.unit()?);
        }
        match char::decode_utf16(units).next() {
            Some(Ok(character)) => Ok(character),
            _ => Err(Problem::Syntax),
        }
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, Problem> {
        let mut unit = 0_u32;
        for _ in 0..4 {
            let byte = self.peek().ok_or(Problem::Syntax)?;
            let digit = char::from(byte).to_digit(16).ok_or(Problem::Syntax)?;
            unit = unit.wrapping_shl(4) | digit;
            self.advance();
        }
        u16::try_from(unit).map_err(|_| Problem::Syntax)
    }

    fn number(&mut self) -> Result<Value<'a>, Problem> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Value::Number(Cow::Borrowed(self.since(start)?)))
    }

    /// One digit at least.
    fn digits(&mut self) -> Result<(), Problem> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.advance();
        }
        (self.at > start).then_some(()).ok_or(Problem::Syntax)
    }
}

/// Names are compared as they mean, not as they are written: `"\u0061lg"` is `"alg"`.
fn has_duplicate(members: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    const FEW: usize = 16;
    let mut rest = members;
    if members.len() <= FEW {
        while let Some(((name, _), others)) = rest.split_first() {
            if others.iter().any(|(other, _)| other == name) {
                return true;
            }
            rest = others;
        }
        return false;
    }
    let mut names = HashSet::with_capacity(members.len());
    !members.iter().all(|(name, _)| names.insert(name.as_ref()))
}
