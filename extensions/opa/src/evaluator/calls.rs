//! Finds calls of functions that there are not.
//!
//! regorus notices them when it comes to them, which may be at three in the morning. So the text is
//! looked through when it is configured: every `name(` that is neither defined nor imported in it must
//! be a function that the interpreter knows, and the interpreter is asked. Where the text does not
//! show whether a name is defined, it is left to the interpreter.

use std::collections::BTreeSet;

use extension_common::config::ConfigError;
use regorus::{Engine, Value};

use super::builtins;

/// A name before a parenthesis, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What a text calls, and the names that it brings along.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names<'a> {
    pub(super) calls: Vec<Call<'a>>,
    pub(super) defined: BTreeSet<&'a str>,
}

/// Refuses a text that calls a function that there is not.
pub(super) fn check(file: &str, text: &str) -> Result<(), ConfigError> {
    let names = names(text);
    let mut unknown = None;
    let mut asked = BTreeSet::new();
    for call in &names.calls {
        let first = call.name.split('.').next().unwrap_or_default();
        let is_own = names.defined.contains(call.name) || names.defined.contains(first);
        if !is_own && asked.insert(call.name) && !is_builtin(call.name) {
            unknown = Some(call);
            break;
        }
    }
    let Some(Call { name, line, column }) = unknown else {
        return Ok(());
    };
    Err(ConfigError::Shape {
        path: format!("{file}:{line}:{column}"),
        problem: format!("there is no function `{name}` here"),
    })
}

/// Whether the interpreter knows a function of this name.
pub(super) fn is_builtin(name: &str) -> bool {
    let mut engine = Engine::new();
    let tried = builtins::register(&mut engine, None)
        .and_then(|()| {
            engine.add_policy("probe".to_owned(), format!("package probe\nx := {name}()"))
        })
        .and_then(|_| {
            engine.set_input(Value::new_object());
            engine.eval_rule("data.probe.x".to_owned())
        });
    match tried {
        Ok(_) => true,
        Err(error) => !error.to_string().contains("could not find function"),
    }
}

/// Words that stand before a parenthesis and are no functions.
const KEYWORDS: [&str; 14] = [
    "as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null",
    "package", "some", "with",
];

/// Looks through a text.
pub(super) fn names(text: &str) -> Names<'_> {
    let mut names = Names::default();
    for (number, line) in lines(text).into_iter().enumerate() {
        let mut words = line.code.split_whitespace();
        let first = words.next().unwrap_or_default();
        if first == "import" {
            names.defined.extend(imported(line.code));
        }
        let mut is_head = line.depth == 0;
        let mut rest = line.code;
        while let Some(start) = rest.find(is_name_start) {
            let word = rest.get(start..).unwrap_or_default();
            let end = word.find(|char| !is_name(char)).unwrap_or(word.len());
            let (name, after) = word.split_at_checked(end).unwrap_or_default();
            if after.starts_with('(') && !KEYWORDS.contains(&name) {
                if is_head {
                    names.defined.insert(name);
                } else {
                    let before = line.code.len().saturating_sub(word.len());
                    names.calls.push(Call {
                        name,
                        line: number.saturating_add(1),
                        column: before.saturating_add(1),
                    });
                }
            }
            // What comes first on a line that is in no braces may be a rule's head.
            is_head &= name == "default";
            rest = after;
        }
    }
    names
}

/// `import data.lib` brings `lib`, `import data.lib as l` brings `l`.
fn imported(line: &str) -> Option<&str> {
    let line = line.trim();
    line.rsplit_once(" as ")
        .map(|(_, alias)| alias.trim())
        .or_else(|| line.rsplit(['.', ' ']).next())
}

fn is_name_start(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_'
}

/// Dots are part of a name here.
fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_' || char == '.'
}

/// A line and how deep in braces and brackets it begins.
struct Line<'a> {
    /// Up to the first string or comment: what comes behind is left to the interpreter.
    code: &'a str,
    depth: u32,
}

/// The lines of a text. A line's code ends where a string or a comment begins.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut depth = 0_u32;
    let mut is_raw = false;
    for line in text.lines() {
        let begins = depth;
        let mut end = line.len();
        let mut is_quoted = false;
        let mut chars = line.char_indices();
        if is_raw {
            end = 0;
        }
        while let Some((at, char)) = chars.next() {
            match char {
                '`' if !is_quoted => {
                    is_raw = !is_raw;
                    end = end.min(at);
                }
                _ if is_raw => {}
                '\\' if is_quoted => drop(chars.next()),
                '"' => {
                    is_quoted = !is_quoted;
                    end = end.min(at);
                }
                _ if is_quoted => {}
                '#' => {
                    end = end.min(at);
                    break;
                }
                '{' | '[' | '(' => depth = depth.saturating_add(1),
                '}' | ']' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        lines.push(Line {
            code: line.get(..end).unwrap_or_default(),
            depth: begins,
        });
    }
    lines
}
