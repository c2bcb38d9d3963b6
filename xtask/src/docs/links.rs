//! Finds relative links that lead nowhere, in every Markdown file of the repository.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::files::{markdown, read};
use crate::workspace;

/// Fails with a list of the dead links.
pub(super) fn check() -> Result<()> {
    let (mut dead, mut files) = (Vec::new(), 0_u32);
    for path in markdown()? {
        files += 1;
        for link in links(&read(&path)?) {
            if let Some(why) = broken(&path, &link)? {
                dead.push(format!("{}: {link}: {why}", workspace::relative(&path)));
            }
        }
    }
    if !dead.is_empty() {
        bail!("{} dead links:\n  {}", dead.len(), dead.join("\n  "));
    }
    println!("the links of {files} Markdown files lead somewhere");
    Ok(())
}

/// Why the relative `link` in the file `from` is dead, if it is.
fn broken(from: &Path, link: &str) -> Result<Option<String>> {
    let (target, fragment) = match link.split_once('#') {
        Some((target, fragment)) => (target, Some(fragment)),
        None => (link, None),
    };
    let folder = from.parent().context("a file without a folder")?;
    let path = if target.is_empty() {
        from.to_owned()
    } else {
        folder.join(target)
    };
    if !path.exists() {
        return Ok(Some("there is no such file".to_owned()));
    }
    let is_markdown = path.extension().is_some_and(|extension| extension == "md");
    if let Some(fragment) = fragment
        && is_markdown
        && !anchors(&read(&path)?).contains(fragment)
    {
        return Ok(Some(format!("that file has no heading #{fragment}")));
    }
    Ok(None)
}

/// The links and images that are not addresses.
fn links(text: &str) -> Vec<String> {
    let relative = |link: &str| !link.contains("://") && !link.starts_with("mailto:");
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            // `<somebody@example.com>` has no scheme.
            Event::Start(Tag::Link {
                link_type: LinkType::Email,
                ..
            }) => None,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                relative(&dest_url).then(|| dest_url.into_string())
            }
            _ => None,
        })
        .collect()
}

/// The anchors that code hosts and mdBook give to headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None);
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take().map(|h| anchor(&h))),
            _ => {}
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn links_in_code_and_addresses_are_left_alone() {
        let text = "[a](b.md) `[c](d.md)` [e](https://example.com) ![f](g.png) <h@example.com>";
        assert_eq!(links(text), ["b.md", "g.png"]);
    }

    #[test]
    fn a_dead_file_and_a_dead_heading_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.md");
        fs::write(&file, "# The `first` heading, here\n").unwrap();
        assert_eq!(broken(&file, "a.md#the-first-heading-here").unwrap(), None);
        assert_eq!(broken(&file, "#the-first-heading-here").unwrap(), None);
        assert!(
            broken(&file, "b.md")
                .unwrap()
                .unwrap()
                .contains("no such file")
        );
        assert!(
            broken(&file, "#second")
                .unwrap()
                .unwrap()
                .contains("no heading")
        );
    }
}
