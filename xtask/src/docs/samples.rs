//! Finds Rust code and YAML in the book that no test runs.
//!
//! A block marked `rust` or `yaml` must stand, line by line, in a file that is tested; how far it is
//! indented does not matter. One marked `rust,ignore` is a sketch.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use walkdir::WalkDir;

use crate::workspace;

/// Where the tested files are.
const SOURCES: [&str; 3] = ["examples", "extensions", "sdk-tests"];

/// How a block is marked, and the extension of the files that have it.
const LANGUAGES: [(&str, &str); 2] = [("rust", "rs"), ("yaml", "yaml")];

/// Fails with the first line of each block that is nowhere else.
pub(super) fn check() -> Result<()> {
    let (mut untested, mut count) = (Vec::new(), 0_u32);
    for (language, extension) in LANGUAGES {
        let mut sources = Vec::new();
        for folder in SOURCES {
            for path in files(&workspace::root().join(folder), extension)? {
                sources.push(normal(&read(&path)?));
            }
        }
        for path in files(&workspace::root().join("docs/src"), "md")? {
            for block in blocks(&read(&path)?, language) {
                count += 1;
                let code = normal(&block);
                if !sources.iter().any(|source| source.contains(&code)) {
                    let line = block.lines().next().unwrap_or_default();
                    untested.push(format!("{}: {line}", workspace::relative(&path)));
                }
            }
        }
    }
    if !untested.is_empty() {
        bail!(
            "{} blocks of Rust or YAML are in no tested file:\n  {}",
            untested.len(),
            untested.join("\n  ")
        );
    }
    println!("{count} blocks of Rust and YAML in the book are tested");
    Ok(())
}

/// The files with this extension, without what cargo wrote.
pub(super) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    let entries = entries.filter_entry(|entry| entry.file_name() != "target");
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.into_path();
        if path.extension() == Some(OsStr::new(extension)) {
            files.push(path);
        }
    }
    Ok(files)
}

pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The blocks that are marked with this language and nothing else.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let (mut blocks, mut block) = (Vec::new(), None);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == language => {
                block = Some(String::new());
            }
            Event::Text(part) => {
                if let Some(block) = &mut block {
                    block.push_str(&part);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(block.take()),
            _ => {}
        }
    }
    blocks
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
    fn sketches_and_other_languages_are_left_alone() {
        let text = "```rust\na\n```\n```rust,ignore\nb\n```\n```sh\nc\n```\n`d`\n";
        assert_eq!(blocks(text, "rust"), ["a\n"]);
        assert_eq!(blocks(text, "sh"), ["c\n"]);
    }

    #[test]
    fn a_block_is_whole_lines_of_a_file_at_any_depth() {
        let source = normal("fn f() {\n    a();\n    b(1);\n}\n");
        assert!(source.contains(&normal("a();\nb(1);\n")));
        assert!(!source.contains(&normal("a();\nb(\n")));
        assert!(!source.contains(&normal("a();\n}\n")));
    }
}
