//! `cargo xtask docs`: the book in `docs/`, built into `target/book`.
//!
//! mdBook is a library here, behind the feature `book`: nobody has to compile it who does not build
//! the book. Without the feature, this module starts the tool again with it.

#[cfg(feature = "book")]
mod book;
#[cfg(feature = "book")]
mod examples;
#[cfg(feature = "book")]
mod links;
#[cfg(feature = "book")]
mod samples;

use anyhow::Result;

/// Builds the book; checks its code, the examples of `sdk-tests`, and the links of every Markdown file.
#[cfg(feature = "book")]
pub(crate) fn run() -> Result<()> {
    links::check()?;
    samples::check()?;
    examples::check()?;
    book::build()
}

/// Starts the tool again with mdBook in it.
#[cfg(not(feature = "book"))]
pub(crate) fn run() -> Result<()> {
    crate::process::run_self_with("book", &["docs".to_owned()])
}
