//! Rust code and YAML that stand in a file that is tested.
//!
//! A block must stand there line by line; how far it is indented does not matter.

use anyhow::{Result, bail};

use super::files::{files, read};
use crate::{markdown, workspace};

/// Where the tested files are.
const SOURCES: [&str; 3] = ["examples", "extensions", "sdk-tests"];

/// The extension of the files that have blocks of a language.
const LANGUAGES: [(&str, &str); 2] = [("rust", "rs"), ("yaml", "yaml")];

/// The tested files, each with its extension.
pub(super) struct Samples(Vec<(String, String)>);

impl Samples {
    pub(super) fn read() -> Result<Self> {
        let mut sources = Vec::new();
        for (_, extension) in LANGUAGES {
            for folder in SOURCES {
                for path in files(&workspace::root().join(folder), extension)? {
                    let text = read(&path)?;
                    sources.push((extension.to_owned(), normal(&text)));
                    if extension == "rs" {
                        sources.push((extension.to_owned(), normal(&doctests(&text))));
                    }
                }
            }
        }
        Ok(Self(sources))
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let normal = |(extension, text): &(&str, &str)| ((*extension).to_owned(), normal(text));
        Self(files.iter().map(normal).collect())
    }

    /// Fails if `code` is in no file of its language.
    pub(super) fn have(&self, language: &str, code: &str) -> Result<()> {
        let extension = LANGUAGES.iter().find(|known| known.0 == language);
        let code = normal(code);
        let is_there = |source: &(String, String)| {
            extension.is_some_and(|known| known.1 == source.0) && source.1.contains(&code)
        };
        if !self.0.iter().any(is_there) {
            bail!(
                "it is in no tested file: {}",
                code.trim().lines().next().unwrap_or_default()
            );
        }
        Ok(())
    }
}

/// The examples in the documentation of Rust code that `cargo test` compiles, without what they hide.
fn doctests(code: &str) -> String {
    let lines = code.lines().map(str::trim);
    let lines = lines.map(|line| line.strip_prefix("///").or(line.strip_prefix("//!")));
    let docs: Vec<_> = lines.map(Option::unwrap_or_default).collect();
    let blocks = markdown::blocks(&docs.join("\n"));
    let compiled = blocks
        .iter()
        .filter(|block| matches!(&*block.language, "" | "no_run"));
    let shown = compiled.flat_map(|block| block.text.lines());
    let shown = shown.filter(|line| !line.trim_start().starts_with('#') || line.contains("#["));
    shown.map(|line| format!("{line}\n")).collect()
}

/// Whole lines, each without the space around it.
fn normal(code: &str) -> String {
    let lines: Vec<_> = code.lines().map(str::trim).collect();
    format!("\n{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_in_the_documentation_counts_without_what_it_hides() {
        let code = "/// A.\n/// ```\n/// # use b;\n/// #[c]\n/// d();\n/// ```\n/// ```ignore\n/// e();\n/// ```\nf();\n";
        assert_eq!(doctests(code).replace(' ', ""), "#[c]\nd();\n");
    }

    #[test]
    fn a_block_is_whole_lines_of_a_file_at_any_depth() {
        let samples = Samples::of(&[("rs", "fn f() {\n    a();\n    b(1);\n}\n")]);
        assert!(samples.have("rust", "a();\nb(1);\n").is_ok());
        for (language, other) in [
            ("rust", "a();\nb(\n"),
            ("rust", "a();\n}\n"),
            ("yaml", "a();\n"),
        ] {
            assert!(samples.have(language, other).is_err(), "{other}");
        }
    }
}
