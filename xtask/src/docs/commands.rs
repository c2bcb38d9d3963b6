//! Commands that a text tells its reader to type.
//!
//! Few of them can be run here (they install, publish, or need a cluster). But the shell can say whether
//! it understands them, the tool whether it has such commands and options, and the repository whether it
//! has such packages and paths.

use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::error::ErrorKind;
use pulldown_cmark::{Event, Options, Parser};

use crate::markdown::Block;
use crate::{process, workspace};

/// Fails if the commands of a block cannot work.
pub(super) fn check(block: &Block) -> Result<()> {
    let script = match &*block.language {
        "console" => typed(&block.text),
        _ => block.text.clone(),
    };
    process::output(Command::new("bash").args(["-n", "-c", &script]))
        .context("the shell does not understand it")?;
    for command in commands(&script) {
        one(&command).with_context(|| format!("`{}`", command.join(" ")))?;
    }
    Ok(())
}

/// What is wrong with the `cargo xtask …` within the lines of a text, by line.
pub(super) fn inline(text: &str) -> Vec<(usize, anyhow::Error)> {
    let mut wrong = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let Event::Code(code) = event else { continue };
        // A place for something: `[NAME]`.
        let bare = code.replace(['[', ']'], "").replace("NAME", "name");
        for command in commands(&bare) {
            match tool(&command) {
                // What is only mentioned may lack the rest.
                Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
                    let before = text.get(..range.start).unwrap_or_default();
                    let line = before.matches('\n').count() + 1;
                    wrong.push((line, anyhow!("`{code}`: {error}")));
                }
                _ => {}
            }
        }
    }
    wrong
}

/// What is after the prompts.
fn typed(console: &str) -> String {
    let lines = console.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The simple commands of a script, in words.
fn commands(script: &str) -> Vec<Vec<String>> {
    let (mut commands, mut command) = (Vec::new(), Vec::new());
    let (mut word, mut quote, mut in_word) = (String::new(), None, false);
    let mut characters = script.chars().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => (quote, in_word) = (Some(c), true),
            (None | Some('"'), '\\') => match characters.next() {
                Some('\n') | None => {}
                Some(next) => (word.push(next), in_word = true).1,
            },
            (None, '#') if !in_word => {
                while characters.peek().is_some_and(|c| *c != '\n') {
                    characters.next();
                }
            }
            (None, c) if c.is_whitespace() || ";&|()<>".contains(c) => {
                if std::mem::take(&mut in_word) {
                    command.push(std::mem::take(&mut word));
                }
                if !" \t<>".contains(c) {
                    commands.push(std::mem::take(&mut command));
                }
            }
            (_, c) => {
                word.push(c);
                in_word = true;
            }
        }
    }
    if in_word {
        command.push(word);
    }
    commands.push(command);
    commands.retain(|command| !command.is_empty());
    commands
}

fn one(command: &[String]) -> Result<()> {
    tool(command)?;
    package(command)?;
    let mut before = "";
    for word in command {
        // `sdk-tests/wasm` is a feature there.
        if before != "--features" {
            path(word)?;
        }
        before = word;
    }
    Ok(())
}

/// `cargo xtask …` must be what the tool understands.
fn tool(command: &[String]) -> Result<(), clap::Error> {
    let is_assignment = |word: &&String| word.contains('=');
    let mut words = command.iter().skip_while(is_assignment);
    let starts = words.next().is_some_and(|word| word == "cargo")
        && words.next().is_some_and(|word| word == "xtask");
    let words: Vec<_> = words.cloned().collect();
    // The rest is up to the reader.
    if !starts || words.is_empty() || words.iter().any(|word| word == "…") {
        return Ok(());
    }
    crate::understands(words)
}

/// `cargo … -p NAME` must be a package of the workspace.
fn package(command: &[String]) -> Result<()> {
    if command.first().is_none_or(|word| word != "cargo") {
        return Ok(());
    }
    let lock = super::files::read(&workspace::root().join("Cargo.lock"))?;
    for pair in command.windows(2) {
        let [option, name] = pair else { continue };
        let line = format!("name = \"{name}\"");
        if (option == "-p" || option == "--package") && !lock.lines().any(|found| found == line) {
            bail!("there is no package {name}");
        }
    }
    Ok(())
}

/// A path in one of the repository's folders must be there.
fn path(word: &str) -> Result<()> {
    const FOLDERS: [&str; 5] = ["docs", "examples", "extensions", "sdk-tests", "xtask"];
    let Some((folder, _)) = word.split_once('/') else {
        return Ok(());
    };
    let is_whole = !word.contains(['*', '…', '$', ',']);
    if FOLDERS.contains(&folder) && is_whole && !workspace::root().join(word).exists() {
        bail!("there is no {word}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown;

    fn checked(script: &str) -> Result<()> {
        check(&markdown::blocks(&format!("```sh\n{script}\n```\n"))[0])
    }

    #[test]
    fn a_script_is_cut_into_commands_and_words() {
        let script = "a 'b c' \"d\"e \\\n  f  # g; h\nA=1 i|j&&k <l\n#m\n";
        let found = commands(script);
        let expected = [
            vec!["a", "b c", "de", "f"],
            vec!["A=1", "i"],
            vec!["j"],
            vec!["k", "l"],
        ];
        assert_eq!(found, expected);
        assert_eq!(typed("$ a b\nc\n$ d\n"), "a b\nd\n");
    }

    #[test]
    fn a_command_that_cannot_work_is_told() {
        for good in [
            "cargo xtask build basic-auth && cargo test -p opa",
            "X=1 cargo xtask dist --check; cat extensions/opa/README.md",
            "cargo xtask --help",
            "cargo xtask …",
            "cargo test --features sdk-tests/wasm",
        ] {
            checked(good).unwrap();
        }
        for (bad, expected) in [
            ("cargo xtask bild", "unrecognized subcommand 'bild'"),
            ("cargo xtask dist --chek", "unexpected argument '--chek'"),
            (
                "X=1 cargo xtask new",
                "required arguments were not provided",
            ),
            ("cargo test -p basic-oath", "no package basic-oath"),
            (
                "cat extensions/opa/README.txt",
                "there is no extensions/opa/README.txt",
            ),
            ("if a; then b", "the shell does not understand it"),
        ] {
            let error = format!("{:#}", checked(bad).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn the_guide_has_every_command_in_its_table() {
        let text = crate::docs::files::read(&workspace::root().join("docs/src/guide/set-up.md"));
        let text = text.unwrap();
        for command in <crate::Cli as clap::CommandFactory>::command().get_subcommands() {
            let row = format!("\n| `cargo xtask {}", command.get_name());
            assert!(text.contains(&row), "{row}");
        }
    }

    #[test]
    fn a_command_in_a_line_is_told_with_its_line() {
        let text = "a\n\n| `cargo xtask build [NAME]` | `cargo xtask new` |\n|---|---|\n| b | c |\n\n\
                    d\n`cargo xtask test --fast`\n";
        let wrong = inline(text);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        let (line, error) = &wrong[0];
        assert_eq!(*line, 8, "{error:#}");
        assert!(format!("{error:#}").contains("--fast"), "{error:#}");
    }
}
