//! RE2's syntax in that of the crate `regex-lite`.

/// `source` in the crate's syntax; `None` where the two might not mean the same.
pub(super) fn translate(source: &str) -> Option<String> {
    if !source.is_ascii() {
        return None;
    }
    let mut translation = Translation {
        rest: source,
        written: String::with_capacity(source.len().saturating_add(16)),
        depth: 0,
        repeatable: false,
    };
    if let Some(rest) = source.strip_prefix("(?i)") {
        translation.written.push_str("(?i)");
        translation.rest = rest;
    }
    while !translation.rest.is_empty() {
        translation.piece()?;
    }
    (translation.depth == 0).then_some(translation.written)
}

/// The literal text that a match must begin the whole text with, and what follows it in `source`.
pub(super) fn anchored_prefix(source: &str) -> (String, &str) {
    let Some(rest) = source.strip_prefix('^') else {
        return (String::new(), source);
    };
    // Another branch may begin with something else.
    if source.contains('|') {
        return (String::new(), source);
    }
    let length = rest.find(|c: char| !is_literal(c)).unwrap_or(rest.len());
    let (prefix, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
    // What is repeated may be there no time.
    if behind.starts_with(['*', '+', '?', '{']) {
        let mut kept = prefix.to_owned();
        kept.pop();
        return (kept, source);
    }
    (prefix.to_owned(), behind)
}

/// A character that stands for itself.
fn is_literal(c: char) -> bool {
    (c.is_ascii_graphic() || c == ' ') && !r"\^$.|?*+()[]{}".contains(c)
}

/// Deeper ones are the host's: it has a limit of its own.
const MAX_DEPTH: u32 = 32;

/// RE2's limit to the counts of a repetition.
const MAX_COUNT: u32 = 1000;

struct Translation<'a> {
    rest: &'a str,
    written: String,
    depth: u32,
    /// Whether a repetition may follow.
    repeatable: bool,
}

impl Translation<'_> {
    fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let c = characters.next()?;
        self.rest = characters.as_str();
        Some(c)
    }

    fn take_if(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn atom(&mut self, text: &str) {
        self.written.push_str(text);
        self.repeatable = true;
    }

    fn piece(&mut self) -> Option<()> {
        let c = self.take()?;
        match c {
            '^' | '$' | '|' => {
                self.written.push(c);
                self.repeatable = false;
            }
            '.' => self.atom("."),
            '(' => {
                self.depth = self.depth.checked_add(1).filter(|d| *d <= MAX_DEPTH)?;
                let plain = self.take_if("?:");
                if !plain && self.rest.starts_with('?') {
                    return None;
                }
                // What is captured is of no use here.
                self.written.push_str("(?:");
                self.repeatable = false;
            }
            ')' => {
                self.depth = self.depth.checked_sub(1)?;
                self.atom(")");
            }
            '[' => self.class()?,
            '\\' => self.escape()?,
            '*' | '+' | '?' => {
                self.written.push(c);
                self.repeated()?;
            }
            '{' => {
                let (counts, behind) = self.rest.split_once('}')?;
                self.rest = behind;
                check_counts(counts)?;
                self.written.push('{');
                self.written.push_str(counts);
                self.written.push('}');
                self.repeated()?;
            }
            c if is_literal(c) => {
                let mut text = [0; 4];
                self.atom(&regex_lite::escape(c.encode_utf8(&mut text)));
            }
            // `]` and `}` alone, control characters.
            _ => return None,
        }
        Some(())
    }

    /// Behind a repetition: a `?` makes it short, and no other may follow.
    fn repeated(&mut self) -> Option<()> {
        if !self.repeatable {
            return None;
        }
        if self.take_if("?") {
            self.written.push('?');
        }
        self.repeatable = false;
        Some(())
    }

    fn escape(&mut self) -> Option<()> {
        let c = self.take()?;
        match c {
            'd' | 'D' | 'w' | 'W' => self.atom(&format!("\\{c}")),
            // A vertical tab is no space to RE2.
            's' => self.atom(r"[\t\n\x0c\r ]"),
            'S' => self.atom(r"[^\t\n\x0c\r ]"),
            'b' | 'B' => {
                self.written.push('\\');
                self.written.push(c);
                self.repeatable = false;
            }
            _ => {
                let literal = escaped(c)?;
                let mut text = [0; 4];
                self.atom(&regex_lite::escape(literal.encode_utf8(&mut text)));
            }
        }
        Some(())
    }

    fn class(&mut self) -> Option<()> {
        let mut written = String::from("[");
        if self.take_if("^") {
            written.push('^');
        }
        let mut is_empty = true;
        loop {
            if !is_empty && self.take_if("]") {
                written.push(']');
                self.atom(&written);
                return Some(());
            }
            is_empty = false;
            if self.take_if("[:") {
                let (name, behind) = self.rest.split_once(":]")?;
                self.rest = behind;
                written.push_str(posix(name)?);
                continue;
            }
            let first = match self.take()? {
                '\\' => match self.take()? {
                    'd' => {
                        written.push_str("0-9");
                        continue;
                    }
                    'w' => {
                        written.push_str("0-9A-Za-z_");
                        continue;
                    }
                    's' => {
                        written.push_str(r"\t\n\x0c\r ");
                        continue;
                    }
                    c => escaped(c)?,
                },
                // A hyphen for itself stands first or last.
                '-' if self.rest.starts_with(']') || written.ends_with(['[', '^']) => '-',
                c => member(c)?,
            };
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            let last = if is_range {
                self.take();
                match self.take()? {
                    '\\' => escaped(self.take()?)?,
                    c => member(c)?,
                }
            } else {
                first
            };
            if last < first {
                return None;
            }
            written.push_str(&code(first));
            if is_range {
                written.push('-');
                written.push_str(&code(last));
            }
        }
    }
}

/// A character of a class that stands for itself in both syntaxes.
fn member(c: char) -> Option<char> {
    let certain = c.is_ascii_graphic() || c == ' ';
    (certain && !r"[]\^-&~".contains(c)).then_some(c)
}

/// The character that a backslash and `c` stand for.
fn escaped(c: char) -> Option<char> {
    match c {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'f' => Some('\x0c'),
        'v' => Some('\x0b'),
        '_' => None,
        c => c.is_ascii_punctuation().then_some(c),
    }
}

fn code(c: char) -> String {
    format!("\\x{:02x}", u32::from(c))
}

/// The classes of POSIX.
fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "alnum" => "0-9A-Za-z",
        "alpha" => "A-Za-z",
        "digit" => "0-9",
        "lower" => "a-z",
        "upper" => "A-Z",
        "word" => "0-9A-Za-z_",
        "xdigit" => "0-9A-Fa-f",
        _ => return None,
    })
}

fn check_counts(counts: &str) -> Option<()> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = text.parse().ok()?;
        (digits && number <= MAX_COUNT).then_some(number)
    };
    let (least, most) = match counts.split_once(',') {
        None => (number(counts)?, None),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    most.is_none_or(|most| least <= most).then_some(())
}
