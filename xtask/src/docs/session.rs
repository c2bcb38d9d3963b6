//! Files that a text shows, commands that work with them, and what those print.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};
use tempfile::TempDir;

use crate::markdown::Block;

/// `cargo xtask` is this program: it need not be built again.
const PRELUDE: &str = r#"
set -euo pipefail
cargo() { if [ "$1" = xtask ]; then shift; "$XTASK" "$@"; else command cargo "$@"; fi; }
"#;

/// The session of one text.
pub(super) struct Session {
    folder: TempDir,
    /// The files that no command has come for, each with its line.
    waiting: Vec<(usize, String)>,
    /// What the last command has printed.
    output: Option<String>,
}

impl Session {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir().context("cannot create a temporary folder")?,
            waiting: Vec::new(),
            output: None,
        })
    }

    /// Whether a command was run, and the next block shows its output.
    pub(super) fn expects_output(&self) -> bool {
        self.output.is_some()
    }

    /// The next block is something else.
    pub(super) fn forget_output(&mut self) {
        self.output = None;
    }

    /// Writes a file for the commands to come.
    pub(super) fn add(&mut self, name: &str, block: &Block) -> Result<()> {
        if name.contains(['/', '\\']) {
            bail!("file={name}: expected a name without a folder");
        }
        fs::write(self.folder.path().join(name), &block.text)?;
        self.waiting.push((block.line, name.to_owned()));
        Ok(())
    }

    /// Runs the commands of a block. Each file is for one that names it.
    pub(super) fn run(&mut self, block: &Block) -> Result<()> {
        self.waiting
            .retain(|(_, name)| !block.text.contains(name.as_str()));
        let output = Command::new("bash")
            .args(["-c", &format!("{PRELUDE}{}", block.text)])
            .env("XTASK", std::env::current_exe()?)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .context("cannot start bash")?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() == block.has("fails") {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("{}:\n{printed}{errors}", output.status);
        }
        self.output = Some(printed);
        Ok(())
    }

    /// Fails if the last commands have printed something else.
    pub(super) fn printed(&mut self, expected: &str) -> Result<()> {
        let output = self.output.take().unwrap_or_default();
        if !is_shown(expected, &output) {
            bail!("what is printed is:\n{output}");
        }
        Ok(())
    }

    /// The files that nothing was done with.
    pub(super) fn unused(&self) -> impl Iterator<Item = (usize, anyhow::Error)> {
        let unused = |(line, name): &(usize, String)| {
            (*line, anyhow!("no command works with the file {name}"))
        };
        self.waiting.iter().map(unused)
    }
}

/// Whether `output` is what the text shows: lines may be broken elsewhere, and `…` is anything.
fn is_shown(shown: &str, output: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (shown, output) = (words(shown), words(output));
    let mut parts = shown.split('…').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = output.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown;

    fn session(text: &str) -> Result<()> {
        let mut session = Session::new()?;
        for block in markdown::blocks(text) {
            match (block.value("file"), &*block.language) {
                (Some(name), _) => session.add(name, &block)?,
                (None, "sh") => session.run(&block)?,
                (None, _) => session.printed(&block.text)?,
            }
        }
        session
            .unused()
            .next()
            .map_or(Ok(()), |(_, error)| Err(error))
    }

    #[test]
    fn a_command_prints_what_the_text_shows() {
        let text =
            "```json file=a.json\n1\n```\n```sh run\ncat a.json; echo 2\n```\n```text\n1\n2\n```\n";
        session(text).unwrap();
        session(&text.replace("1\n2\n", "…\n2\n")).unwrap();
        let error = session(&text.replace("1\n2\n", "1\n3\n")).unwrap_err();
        assert!(
            error.to_string().contains("what is printed is:\n1\n2"),
            "{error}"
        );
    }

    #[test]
    fn a_command_that_fails_and_a_file_without_one_are_told() {
        assert!(session("```sh run\nfalse | cat\n```\n").is_err());
        assert!(session("```sh fails\nfalse | cat\n```\n").is_ok());
        assert!(session("```sh fails\ntrue\n```\n").is_err());
        let error = session("```json file=a\n1\n```\n").unwrap_err();
        assert!(error.to_string().contains("the file a"), "{error}");
    }

    #[test]
    fn an_ellipsis_is_anything_and_the_rest_is_exact() {
        assert!(is_shown("a …\nc", "a b\nb c\n"));
        assert!(is_shown("a\n b", "a b"));
        for shown in ["a … d", "b …", "a b", "a … x … c"] {
            assert!(!is_shown(shown, "a b\nb c\n"), "{shown}");
        }
    }
}
