//! The tables as Markdown, on the terminal and in the book.

use std::fs;

use anyhow::{Context as _, Result};
use comfy_table::Table;

use super::Args;
use crate::workspace;

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

/// The table of an extension, if one of its scenarios measures.
pub(super) type Exact = Option<Table>;

/// The measurements of one subject. What is no extension has no exact ones.
pub(super) fn markdown(
    name: &str,
    exact: Option<&Exact>,
    envoy: &Result<Table, &'static str>,
    args: &Args,
) -> String {
    let exact = match exact {
        Some(Some(table)) => format!(
            "Wasm instructions and host calls of one request, exact for this build:\n\n{table}\n\n"
        ),
        Some(None) => {
            "Wasm instructions and host calls: no scenario holds a request to a budget.\n\n"
                .to_owned()
        }
        None => String::new(),
    };
    let envoy = match envoy {
        Ok(table) => format!(
            "Envoy's processor time, one worker, loopback, {} rounds of {} requests, {} at once, each \
             filter in turn with no filter; medians:\n\n{table}",
            args.rounds, args.requests, args.connections
        ),
        Err(why) => (*why).to_owned(),
    };
    format!("## {name}\n\n{exact}{envoy}\n\n")
}

/// Puts the text between the markers in docs/src/benchmarks.md.
pub(super) fn write(text: &str) -> Result<()> {
    let file = workspace::root().join("docs/src/benchmarks.md");
    let shown = workspace::relative(&file);
    let page = fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
    let page = replace(&page, text)
        .with_context(|| format!("{shown} needs the lines {BEGIN} and {END}"))?;
    fs::write(&file, page)?;
    println!("written to {shown}");
    Ok(())
}

/// `page` with `text` between the markers; `None` if they are not there.
fn replace(page: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{BEGIN}\n\n{}\n\n{END}{after}",
        text.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() {
        let page = format!("# A\n{BEGIN}\nold\n{END}\nend\n");
        let new = replace(&page, "new\n").unwrap();
        assert_eq!(new, format!("# A\n{BEGIN}\n\nnew\n\n{END}\nend\n"));
        assert_eq!(replace(&new, "new\n").unwrap(), new);
        assert_eq!(replace("# A", "new"), None);
    }
}
