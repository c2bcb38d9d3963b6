//! Translates the regular expressions of OPA, which are Go's RE2, into those of the `regex` crate.
//!
//! The two read most patterns alike. Where they do not, a policy would decide otherwise than it does
//! in OPA: `\d` is ten digits in the one and six hundred in the other, and `[a&&b]` is a set of three
//! letters or an empty one. What cannot be translated is refused.

use std::{iter::Peekable, str::Chars};

/// Why a pattern is refused: the part that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not supported in a regular expression here")]
pub(super) struct Unsupported(String);

/// The pattern for the `regex` crate.
pub(super) fn translated(pattern: &str) -> Result<String, Unsupported> {
    let mut translation = Translation {
        rest: pattern.chars().peekable(),
        text: String::with_capacity(pattern.len().saturating_add(16)),
    };
    translation.run()?;
    Ok(translation.text)
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    text: String,
}

type Step = Result<(), Unsupported>;

impl Translation<'_> {
    fn run(&mut self) -> Step {
        while let Some(char) = self.rest.next() {
            match char {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '{' if !self.begins_repetition() => self.text.push_str("\\{"),
                '(' => self.group()?,
                char => self.text.push(char),
            }
        }
        Ok(())
    }

    /// An escape outside of a class.
    fn escape(&mut self) -> Step {
        let Some(char) = self.rest.next() else {
            return Err(Unsupported("\\".to_owned()));
        };
        match char {
            'd' | 'w' | 's' => self.push_class("[", char, "]"),
            'D' | 'W' | 'S' => self.push_class("[^", char.to_ascii_lowercase(), "]"),
            'b' => self.text.push_str("(?-u:\\b)"),
            // These begin and end words in the `regex` crate.
            '<' | '>' => self.text.push(char),
            'Q' => self.quoted(),
            'A' | 'z' | 'a' | 'f' | 't' | 'n' | 'r' | 'v' => self.push_escaped(char),
            'x' => self.hexadecimal(),
            char if char.is_ascii_punctuation() => self.push_escaped(char),
            // `\p`, `\B`, octal numbers, and what Go does not know either.
            char => return Err(Unsupported(format!("\\{char}"))),
        }
        Ok(())
    }

    fn push_escaped(&mut self, char: char) {
        self.text.push('\\');
        self.text.push(char);
    }

    fn push_class(&mut self, before: &str, class: char, after: &str) {
        self.text.push_str(before);
        self.text.push_str(match class {
            'd' => "0-9",
            'w' => "0-9A-Za-z_",
            _ => "\\t\\n\\x0c\\r ",
        });
        self.text.push_str(after);
    }

    /// `\x41` and `\x{e9}`.
    fn hexadecimal(&mut self) {
        self.push_escaped('x');
        if self.rest.peek() == Some(&'{') {
            for char in self.rest.by_ref() {
                self.text.push(char);
                if char == '}' {
                    return;
                }
            }
        }
    }

    /// Everything up to `\E` stands for itself.
    fn quoted(&mut self) {
        while let Some(char) = self.rest.next() {
            if char == '\\' && self.rest.peek() == Some(&'E') {
                self.rest.next();
                return;
            }
            self.text
                .push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
        }
    }

    /// Whether `{` begins a number of repetitions; otherwise it stands for itself.
    fn begins_repetition(&self) -> bool {
        let mut rest = self.rest.clone();
        let mut digits = 0_u32;
        let mut commas = 0_u32;
        loop {
            match rest.next() {
                Some(digit) if digit.is_ascii_digit() => digits = digits.saturating_add(1),
                Some(',') if digits > 0 && commas == 0 => commas = 1,
                Some('}') => return digits > 0,
                _ => return false,
            }
        }
    }

    /// A group, whose flags are those that both know.
    fn group(&mut self) -> Step {
        self.text.push('(');
        if self.rest.peek() != Some(&'?') {
            return Ok(());
        }
        let mut flags = self.rest.clone();
        flags.next();
        let flags: String = flags
            .take_while(|char| !matches!(char, ':' | ')'))
            .collect();
        let is_named = flags.starts_with("P<") || flags.starts_with('<');
        let is_known = |char: char| matches!(char, 'i' | 'm' | 's' | 'U' | '-');
        if !is_named && !flags.chars().all(is_known) {
            return Err(Unsupported(format!("(?{flags}")));
        }
        Ok(())
    }

    /// A class in brackets.
    fn class(&mut self) -> Step {
        self.text.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.text.push('^');
        }
        // The first one stands for itself.
        if self.rest.next_if_eq(&']').is_some() {
            self.text.push_str("\\]");
        }
        while let Some(char) = self.rest.next() {
            match char {
                ']' => {
                    self.text.push(']');
                    return Ok(());
                }
                '\\' => self.class_escape()?,
                '[' if self.rest.peek() == Some(&':') => self.named_class()?,
                // Operators of the `regex` crate.
                '[' | '&' | '~' => self.push_escaped(char),
                '-' if self.rest.peek() == Some(&'-') => return Err(Unsupported("--".to_owned())),
                char => self.text.push(char),
            }
        }
        Err(Unsupported("[".to_owned()))
    }

    fn class_escape(&mut self) -> Step {
        let Some(char) = self.rest.next() else {
            return Err(Unsupported("\\".to_owned()));
        };
        match char {
            'd' | 'w' | 's' => self.push_class("", char, ""),
            'D' | 'W' | 'S' => self.push_class("[^", char.to_ascii_lowercase(), "]"),
            'a' | 'f' | 't' | 'n' | 'r' | 'v' => self.push_escaped(char),
            'x' => self.hexadecimal(),
            char if char.is_ascii_punctuation() => self.push_escaped(char),
            char => return Err(Unsupported(format!("\\{char}"))),
        }
        Ok(())
    }

    /// `[:alpha:]`.
    fn named_class(&mut self) -> Step {
        let mut name = String::from("[");
        while let Some(char) = self.rest.next_if(|char| *char != ']') {
            name.push(char);
        }
        match (self.rest.next(), name.ends_with(':')) {
            (Some(end), true) => {
                self.text.push_str(&name);
                self.text.push(end);
                Ok(())
            }
            _ => Err(Unsupported(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, text: &str) -> bool {
        regex::Regex::new(&translated(pattern).unwrap())
            .unwrap_or_else(|error| panic!("{pattern}: {error}"))
            .is_match(text)
    }

    #[test]
    fn a_pattern_means_what_it_means_in_go() {
        for (pattern, text, expected) in [
            (r"^\d+$", "42", true),
            (r"^\d+$", "٤٢", false),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^[\w-]+$", "a-b", true),
            (r"^[^\d]$", "é", true),
            (r"^[\D]$", "4", false),
            (r"^\s$", "\u{a0}", false),
            (r"\bfoo\b", "a foo b", true),
            (r"\bfoo\b", "éfoo", true),
            (r"(?i)^É$", "é", true),
            (r"^[a&&b]$", "&", true),
            (r"^[[]$", "[", true),
            (r"^[]a]$", "]", true),
            (r"^[[:alpha:]_]+$", "a_b", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^a{2}$", "aa", true),
            (r"^{$", "{", true),
            (r"^\Qa.b\E.$", "a.bc", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^\<a\>$", "<a>", true),
            (r"^(?P<x>a)(?:b)(?i:C)$", "abc", true),
            (r"^\x41\x{e9}\/$", "A\u{e9}/", true),
        ] {
            assert_eq!(is_match(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_has_no_counterpart_is_refused() {
        for pattern in [
            r"\pL",
            r"\B",
            r"\1",
            r"\y",
            "(?x)a",
            "(?u)a",
            "[+--]",
            "[a",
            "[[:alpha]",
            "a\\",
            r"[\pL]",
        ] {
            assert!(translated(pattern).is_err(), "{pattern}");
        }
    }
}
