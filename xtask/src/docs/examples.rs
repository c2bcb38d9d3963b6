//! Finds public items of `sdk-tests` whose documentation has no example that is compiled.

use anyhow::{Result, bail};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::files::{files, read};
use crate::workspace;

/// Elsewhere a lint refuses a `pub` that nobody can reach. `host` is public to the engines too, and
/// `run.rs` is hidden.
const NOT_PUBLIC: [&str; 2] = ["host", "run.rs"];

/// What `lib.rs` re-exports of `host`.
const PUBLIC: [&str; 3] = ["host/costs.rs", "host/logs.rs", "host/status.rs"];

/// Fails with the items that have none.
pub(super) fn check() -> Result<()> {
    let (mut without, mut count) = (Vec::new(), 0_u32);
    let folder = workspace::root().join("sdk-tests/src");
    for path in files(&folder, "rs")? {
        let file = path.strip_prefix(&folder)?;
        let is = |name: &&str| file.starts_with(name);
        if NOT_PUBLIC.iter().any(is) && !PUBLIC.iter().any(is) {
            continue;
        }
        for (item, docs) in items(&read(&path)?) {
            count += 1;
            if !has_example(&docs) {
                without.push(format!("{}: {item}", file.display()));
            }
        }
    }
    if !without.is_empty() {
        let list = without.join("\n  ");
        bail!("{} public items have no example:\n  {list}", without.len());
    }
    println!("{count} public items of sdk-tests have an example");
    Ok(())
}

/// The first line of each item that is `pub`, and its documentation. Fields belong to their type, and
/// modules have files of their own.
fn items(text: &str) -> Vec<(String, String)> {
    let (mut items, mut docs) = (Vec::new(), String::new());
    for line in text.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            docs.extend([doc, "\n"]);
        } else if !line.starts_with("#[") {
            let docs = std::mem::take(&mut docs);
            let rest = line.strip_prefix("pub ");
            match rest.and_then(|rest| rest.split(' ').next()) {
                None | Some("mod" | "use") => {}
                Some(field) if field.ends_with(':') => {}
                Some(_) => items.push((line.to_owned(), docs)),
            }
        }
    }
    items
}

fn has_example(docs: &str) -> bool {
    let is_compiled = |kind: &str| matches!(kind, "" | "no_run");
    Parser::new(docs).any(|event| {
        matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) if is_compiled(&kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_found_with_its_documentation() {
        let text = "/// A.\n#[must_use]\npub fn a() {}\n/// B.\npub mod b;\npub use b::c;\n\
                    pub(crate) struct D {\n    pub e: u8,\n}\npub type F = u8;\n";
        let expected = [("pub fn a() {}", " A.\n"), ("pub type F = u8;", "")];
        let expected = expected.map(|(item, docs)| (item.to_owned(), docs.to_owned()));
        assert_eq!(items(text), expected);
    }

    #[test]
    fn what_is_not_compiled_is_no_example() {
        assert!(has_example(" A.\n\n ```\n a();\n ```\n"));
        for kind in ["ignore", "toml", "text"] {
            assert!(!has_example(&format!(" A.\n\n ```{kind}\n a();\n ```\n")));
        }
    }
}
