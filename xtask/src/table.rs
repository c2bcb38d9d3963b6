//! Tables for a terminal that are Markdown too.

use comfy_table::{Table, presets};

/// A table with a header line; columns line up, and it can be pasted into a document.
pub(crate) fn new<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(header);
    table
}
