//! `matches()` without the host: the part of RE2's syntax whose meaning is certain.
//!
//! Envoy compiles the expression anew each time. Whatever this does not know is the host's.

mod run;
mod translate;

use regex_lite::{Regex, RegexBuilder};
use run::Run;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What the text must begin with, if the expression says so. It spares most texts the rest.
    prefix: String,
    rest: Rest,
}

#[derive(Clone, Debug)]
enum Rest {
    /// Whatever follows.
    Anything,
    /// Nothing follows.
    Nothing,
    /// No line break follows.
    Line,
    /// Classes and texts follow, which one pass tells.
    Run(Run),
    /// The whole text is searched.
    Search(Regex),
}

/// More than anybody writes; it bounds the memory and time of a search.
const MAX_COMPILED: usize = 256 * 1024;

impl Pattern {
    /// Compiles `source`, in RE2's syntax; `None` where it is the host's.
    pub fn compile(source: &str) -> Option<Self> {
        let translated = translate::translate(source)?;
        let (prefix, rest) = translate::anchored_prefix(source);
        let run = translate::translate(rest).and_then(|rest| Run::of(&rest));
        let rest = match (source.starts_with('^'), rest) {
            (true, "" | ".*") => Rest::Anything,
            (true, "$") => Rest::Nothing,
            (true, ".*$") => Rest::Line,
            (true, rest) if !rest.starts_with('^') && run.is_some() => run.map(Rest::Run)?,
            _ => Rest::Search(
                RegexBuilder::new(&translated)
                    .size_limit(MAX_COMPILED)
                    .build()
                    .ok()?,
            ),
        };
        Some(Self { prefix, rest })
    }

    /// Whether some part of `text` matches; `None` where that is the host's to say.
    pub fn matches(&self, text: &str) -> Option<bool> {
        if !text.is_ascii() {
            // Letters that differ in case only, and such.
            return None;
        }
        let Some(behind) = text.strip_prefix(self.prefix.as_str()) else {
            return Some(false);
        };
        Some(match &self.rest {
            Rest::Anything => true,
            Rest::Nothing => behind.is_empty(),
            Rest::Line => !behind.contains('\n'),
            Rest::Run(run) => run.matches(behind),
            Rest::Search(regex) => regex.is_match(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_match_as_in_re2() {
        for (source, text, expected) in [
            ("^/reviews/[[:alnum:]]*$", "/reviews/a1B", true),
            ("^/reviews/[[:alnum:]]*$", "/reviews/", true),
            ("^/reviews/[[:alnum:]]*$", "/reviews/a-1", false),
            ("^/reviews/[[:alnum:]]*$", "/review", false),
            ("^/api/", "/api/x", true),
            ("^/api/", "/x/api/", false),
            ("^/api/.*", "/api/", true),
            ("^/api$", "/api", true),
            ("^/api$", "/api\n", false),
            ("^/api/.*$", "/api/x\n", false),
            ("api", "/x/api/y", true),
            ("", "", true),
            ("^", "x", true),
            ("a|b$", "ax", true),
            ("^a|b", "xb", true),
            ("^ab?$", "a", true),
            ("^ab*", "a", true),
            ("^ab{2}$", "abb", true),
            ("^a+$", "aaa", true),
            (r"\.json$", "/x.json", true),
            (r"\.json$", "/xjson", false),
            (r"^/v\d+/", "/v12/", true),
            (r"^\w+$", "a_1", true),
            (r"^\S+$", "a\x0bb", true),
            (r"\s", "\x0b", false),
            (r"^[\w.-]+$", "a-b.c", true),
            ("(?i)ABC", "xabcx", true),
            ("^(?:a|b)+$", "abba", true),
            ("^[^/]+$", "a/b", false),
            ("[a-c]{2,3}", "ac", true),
            ("(a)(b)?", "a", true),
        ] {
            let pattern = Pattern::compile(source).unwrap_or_else(|| panic!("{source}"));
            assert_eq!(pattern.matches(text), Some(expected), "{source} {text:?}");
        }
    }

    #[test]
    fn what_is_not_certain_is_the_hosts() {
        for source in [
            r"\pL",
            r"\Qa.b\E",
            r"\C",
            r"\1",
            "[a&&b]",
            "[[:^alpha:]]",
            "[]a]",
            "(?P<x>a)",
            "(?s).",
            "a{1001}",
            "a{,3}",
            "a{",
            "a**",
            "a++",
            "*a",
            "^*a",
            "(a",
            "a)",
            "[a",
            "[z-a]",
            r"[a-\d]",
            r"a\",
            "é",
            r"\_",
            "a{3}{3}",
        ] {
            assert!(Pattern::compile(source).is_none(), "{source}");
        }
        let pattern = Pattern::compile("(?i)k").unwrap();
        assert_eq!(pattern.matches("\u{212a}"), None);
    }

    #[test]
    fn no_expression_is_too_much() {
        let nested = "(".repeat(10_000) + &")".repeat(10_000);
        assert!(Pattern::compile(&nested).is_none());
        assert!(Pattern::compile("(((a{100}){100}){100}){100}").is_none());
        let mut random = fastrand::Rng::with_seed(5);
        let pieces = [
            "a",
            "b",
            "[",
            "]",
            "(",
            ")",
            "|",
            "*",
            "+",
            "?",
            "{2}",
            "{",
            "}",
            "\\",
            "d",
            "^",
            "$",
            ".",
            "-",
            "(?:",
            "(?i)",
            "[[:alpha:]]",
            "é",
        ];
        for _ in 0..20_000 {
            let count = random.usize(..10);
            let source: String = (0..count)
                .map(|_| pieces[random.usize(..pieces.len())])
                .collect();
            if let Some(pattern) = Pattern::compile(&source) {
                pattern.matches("abba");
            }
        }
    }
}
