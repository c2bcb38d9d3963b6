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
mod reference;
#[cfg(feature = "book")]
mod samples;

use anyhow::Result;

/// Build the book in docs/ into target/book, and check the links of every Markdown file
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Write the reference of the configurations anew, from extensions/*/config.schema.json
    #[arg(long)]
    update: bool,
}

/// Builds the book; checks its code, the reference of the configurations, the examples of `sdk-tests`,
/// and the links of every Markdown file.
#[cfg(feature = "book")]
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.update {
        reference::update()?;
    }
    reference::check()?;
    links::check()?;
    samples::check()?;
    examples::check()?;
    book::build()
}

/// Starts the tool again with mdBook in it.
#[cfg(not(feature = "book"))]
pub(crate) fn run(args: &Args) -> Result<()> {
    let update = args.update.then(|| "--update".to_owned());
    let arguments: Vec<_> = ["docs".to_owned()].into_iter().chain(update).collect();
    crate::process::run_self_with("book", &arguments)
}
