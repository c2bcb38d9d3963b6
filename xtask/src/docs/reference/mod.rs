//! The reference of the configurations: a page for each `config.schema.json`, committed.
//!
//! The schemas are made from the types by a test of each extension; this makes pages of the schemas. An
//! extension that has a schema gets a page, and a line in `SUMMARY.md`, by itself.

mod page;
mod schema;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::files::{files, read};
use crate::workspace;

const FOLDER: &str = "docs/src/reference";

/// Says how to renew what is not current.
const RENEW: &str = "`cargo xtask docs --update` renews them";

const SUMMARY: &str = "docs/src/SUMMARY.md";
const SUMMARY_LINE: &str = "- [Configuration](reference/config.md)";

/// Fails if a committed page is not what the schemas make.
pub(super) fn check() -> Result<()> {
    let pages = pages()?;
    let mut stale = Vec::new();
    for (path, text) in &pages {
        if fs::read_to_string(path).unwrap_or_default() != *text {
            stale.push(workspace::relative(path).to_string());
        }
    }
    stale.extend(
        without_schema(&pages)?
            .iter()
            .map(|path| workspace::relative(path).to_string()),
    );
    if !stale.is_empty() {
        bail!(
            "not what the schemas make; {RENEW}:\n  {}",
            stale.join("\n  ")
        );
    }
    println!(
        "{} pages of the configurations are current",
        pages.len() - 1
    );
    Ok(())
}

/// Writes the pages.
pub(super) fn update() -> Result<()> {
    let pages = pages()?;
    for path in without_schema(&pages)? {
        fs::remove_file(path)?;
    }
    for (path, text) in pages {
        let folder = path.parent().context("a file without a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, text)
            .with_context(|| format!("cannot write {}", workspace::relative(&path)))?;
    }
    Ok(())
}

/// All that is generated: each file with its text.
fn pages() -> Result<Vec<(PathBuf, String)>> {
    let root = workspace::root();
    let (mut pages, mut names) = (Vec::new(), Vec::new());
    for path in files(&root.join("extensions"), "json")? {
        if path
            .file_name()
            .is_none_or(|name| name != "config.schema.json")
        {
            continue;
        }
        let shown = workspace::relative(&path).to_string();
        let name = path
            .parent()
            .and_then(Path::file_name)
            .context("a schema without a folder")?;
        let name = name.to_string_lossy().into_owned();
        let schema = serde_json::from_str(&read(&path)?).with_context(|| shown.clone())?;
        let text = page::markdown(&name, &schema).context(shown)?;
        pages.push((
            root.join(FOLDER).join("config").join(format!("{name}.md")),
            text,
        ));
        names.push(name);
    }
    if names.is_empty() {
        bail!("no extension has a config.schema.json");
    }
    pages.push((root.join(FOLDER).join("config.md"), page::index(&names)));
    let summary = root.join(SUMMARY);
    let text = with_pages(&read(&summary)?, &names)
        .with_context(|| format!("{SUMMARY} needs the line `{SUMMARY_LINE}`"))?;
    pages.push((summary, text));
    Ok(pages)
}

/// Pages of extensions that have no schema any more.
fn without_schema(pages: &[(PathBuf, String)]) -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join(FOLDER).join("config");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = files(&folder, "md")?;
    found.retain(|path| !pages.iter().any(|(page, _)| page == path));
    Ok(found)
}

/// The summary with a line for each page; `None` if there is no place for them.
fn with_pages(summary: &str, names: &[String]) -> Option<String> {
    let (before, after) = summary.split_once(&format!("{SUMMARY_LINE}\n"))?;
    let lines: String = names
        .iter()
        .map(|name| format!("  - [{name}](reference/config/{name}.md)\n"))
        .collect();
    let is_old = |line: &&str| line.starts_with("  - ");
    let after: String = after.split_inclusive('\n').skip_while(is_old).collect();
    Some(format!("{before}{SUMMARY_LINE}\n{lines}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_a_line_for_each_page() {
        let names = ["a".to_owned(), "b".to_owned()];
        let bare = format!("# Summary\n\n{SUMMARY_LINE}\n- [Next](next.md)\n");
        let full = with_pages(&bare, &names).unwrap();
        assert_eq!(
            full,
            format!(
                "# Summary\n\n{SUMMARY_LINE}\n  - [a](reference/config/a.md)\n  \
                 - [b](reference/config/b.md)\n- [Next](next.md)\n"
            )
        );
        assert_eq!(with_pages(&full, &names).unwrap(), full);
        assert_eq!(with_pages("# Summary\n", &names), None);
    }

    #[test]
    fn every_schema_of_the_collection_makes_a_page() {
        let pages = pages().unwrap();
        let is_page = |path: &Path| path.ends_with("docs/src/reference/config/basic-auth.md");
        assert!(pages.iter().any(|(path, _)| is_page(path)));
    }
}
