//! The licences of what is in a module: every notice that the crates bring, each text once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::graph::{Crate, Graph};

/// How files with licences and notices begin, in capitals.
const NAMES: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

/// What the standard library brings for the target `wasm32-wasip1`.
const STANDARD_LIBRARY: &str = include_str!("standard_library.txt");

const LINE: &str =
    "--------------------------------------------------------------------------------";

/// The text for `file`, such as `basic_auth.wasm`.
pub(super) fn text(file: &str, graph: &Graph) -> Result<String> {
    let mut crates = String::new();
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in graph.third_party() {
        let (name, version) = &one.key;
        let texts = texts(one).with_context(|| format!("the licences of {name} {version}"))?;
        let license = one.license.as_deref().unwrap_or("see its text");
        let without = if texts.is_empty() {
            " (brings no text)"
        } else {
            ""
        };
        writeln!(crates, "{name} {version}: {license}{without}")?;
        for text in texts {
            users
                .entry(text)
                .or_default()
                .push(format!("{name} {version}"));
        }
    }
    let mut all = format!(
        "Software of others in {file}\n\n{crates}\n{LINE}\n\n{}",
        STANDARD_LIBRARY.trim_end()
    );
    // By the first user: the texts stand in the order of the list.
    let mut texts: Vec<_> = users.into_iter().collect();
    texts.sort_by(|(text, users), (other, others)| (users, text).cmp(&(others, other)));
    for (text, users) in texts {
        write!(all, "\n\n{LINE}\n{}\n\n{text}", users.join(", "))?;
    }
    all.push('\n');
    Ok(all)
}

/// The texts that a crate's package has, by file name.
fn texts(one: &Crate) -> Result<Vec<String>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&one.folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().to_uppercase();
        if NAMES.iter().any(|start| name.starts_with(start)) {
            files.extend(inside(&path)?);
        }
    }
    files.sort();
    let read = |file: &PathBuf| {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(normal(&String::from_utf8_lossy(&bytes)))
    };
    files.iter().map(read).collect()
}

/// The file itself, or the files of the folder.
fn inside(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.is_file() {
            files.push(file);
        }
    }
    Ok(files)
}

/// Texts that differ in their line ends alone are one.
fn normal(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn one(name: &str, folder: &Path, linked: bool) -> Crate {
        Crate {
            key: (name.to_owned(), "1.0.0".to_owned()),
            library: name.to_owned(),
            license: Some("MIT".to_owned()),
            repository: None,
            checksum: None,
            features: Vec::new(),
            linked,
            ours: false,
            folder: folder.to_owned(),
            dependencies: BTreeSet::new(),
        }
    }

    #[test]
    fn each_text_stands_once_with_all_that_use_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str, files: &[(&str, &str)]| {
            let folder = root.path().join(name);
            for (file, text) in files {
                let file = folder.join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            folder
        };
        let a = folder(
            "a",
            &[("LICENSE-MIT", "shared\r\ntext\n"), ("src.rs", "code")],
        );
        let b = folder(
            "b",
            &[("license", "shared\ntext"), ("LICENSES/X.txt", "own")],
        );
        let c = folder("c", &[("README", "nothing")]);
        let macros = folder("m", &[("LICENSE", "of a macro")]);
        let graph = Graph {
            root: ("a".to_owned(), "1.0.0".to_owned()),
            crates: vec![
                one("a", &a, true),
                one("b", &b, true),
                one("c", &c, true),
                one("m", &macros, false),
            ],
        };
        let text = text("x.wasm", &graph).unwrap();
        assert_eq!(text.matches("shared\ntext").count(), 1, "{text}");
        assert!(
            text.contains("\na 1.0.0, b 1.0.0\n\nshared\ntext"),
            "{text}"
        );
        assert!(text.contains("\nb 1.0.0\n\nown"), "{text}");
        assert!(text.contains("c 1.0.0: MIT (brings no text)"), "{text}");
        assert!(
            !text.contains("of a macro") && !text.contains("code"),
            "{text}"
        );
        assert!(text.contains("Rich Felker"), "{text}");
    }
}
