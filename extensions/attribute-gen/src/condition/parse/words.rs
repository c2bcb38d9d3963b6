//! The words of a condition, one after the other.

use extension_common::vocabulary::Token;

use super::{Operator, Parser, literal};
use crate::condition::{Comparison, Literal};

impl Parser<'_> {
    pub(super) fn skip_space(&mut self) {
        // White space of the language; any other is a mistake that the host tells of.
        let is_space = |token: &Token| matches!(token, Token::Other(text) if matches!(text.as_str(), " " | "\t" | "\n" | "\r"));
        while let [token, rest @ ..] = self.rest
            && is_space(token)
        {
            self.rest = rest;
        }
    }

    /// Takes these characters, if they are next and next to each other.
    pub(super) fn take(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let mut rest = self.rest;
        for c in symbol.chars() {
            match rest {
                [Token::Other(text), behind @ ..] if text.chars().eq([c]) => rest = behind,
                _ => return false,
            }
        }
        self.rest = rest;
        true
    }

    pub(super) fn name(&mut self) -> Option<String> {
        self.skip_space();
        match self.rest {
            [Token::Name(name), rest @ ..] if name.is_ascii() => {
                self.rest = rest;
                Some(name.clone())
            }
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<String> {
        self.written_text().map(|(text, _)| text)
    }

    /// A text, and how it was written.
    pub(super) fn written_text(&mut self) -> Option<(String, String)> {
        self.skip_space();
        let (raw, text, rest) = match self.rest {
            [Token::Name(r), Token::Text(text), rest @ ..] if matches!(r.as_str(), "r" | "R") => {
                (true, text, rest)
            }
            [Token::Text(text), rest @ ..] => (false, text, rest),
            _ => return None,
        };
        let value = literal::text(text, raw)?;
        self.rest = rest;
        let written = if raw {
            format!("r{text}")
        } else {
            text.clone()
        };
        Some((value, written))
    }

    pub(super) fn number(&mut self) -> Option<i64> {
        self.skip_space();
        match self.rest {
            // Not `1.5`, nor `0x10`: those do not parse.
            [Token::Other(digits), rest @ ..]
                if !matches!(rest.first(), Some(Token::Other(dot)) if dot == ".")
                    && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                let number = digits.parse().ok()?;
                self.rest = rest;
                Some(number)
            }
            _ => None,
        }
    }

    pub(super) fn list(&mut self) -> Option<Vec<Literal>> {
        let mut list = Vec::new();
        loop {
            list.push(match (self.text(), self.number()) {
                (Some(text), None) => Literal::Text(text),
                (None, Some(number)) => Literal::Number(number),
                _ => return None,
            });
            if self.take("]") {
                return Some(list);
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    /// Whether something follows that would take the condition for one side of its own.
    pub(super) fn operator_follows(&mut self) -> bool {
        self.skip_space();
        match self.rest {
            [] => false,
            [Token::Other(first), second, ..] if matches!(first.as_str(), "&" | "|") => {
                !matches!(second, Token::Other(second) if second == first)
            }
            [Token::Other(end), ..] => end != ")",
            _ => true,
        }
    }

    pub(super) fn operator(&mut self) -> Option<Operator> {
        // The longer ones first.
        for (symbol, comparison) in [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ] {
            if self.take(symbol) {
                return Some(Operator::Comparison(comparison));
            }
        }
        match self.rest {
            [Token::Name(name), rest @ ..] if name == "in" => {
                self.rest = rest;
                Some(Operator::In)
            }
            _ => None,
        }
    }
}
