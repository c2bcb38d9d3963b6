//! `cargo xtask docs`: the book in `docs/`, built into `target/book`.
//!
//! mdBook is a library here, behind the feature `book`: nobody has to compile it who does not build
//! the book. Without the feature, this module starts the tool again with it.

#[cfg(feature = "book")]
mod blocks;
#[cfg(feature = "book")]
mod book;
#[cfg(feature = "book")]
mod commands;
#[cfg(feature = "book")]
mod configs;
#[cfg(feature = "book")]
mod examples;
#[cfg(feature = "book")]
mod files;
#[cfg(feature = "book")]
mod links;
#[cfg(feature = "book")]
mod reference;
#[cfg(feature = "book")]
mod samples;
#[cfg(feature = "book")]
mod session;

use anyhow::Result;

/// Build the book in docs/ into target/book, and check links and code of every Markdown file
///
/// Configs go through the modules in target/wasm; one that is not there yet is built.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the reference of the configurations anew, from extensions/*/config.schema.json
    #[arg(long)]
    update: bool,
}

/// Builds the book; checks the reference of the configurations, the examples of `sdk-tests`, and the links
/// and code of every Markdown file.
#[cfg(feature = "book")]
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.update {
        reference::update()?;
    }
    reference::check()?;
    links::check()?;
    blocks::check()?;
    examples::check()?;
    book::build()
}

/// Starts the tool again with mdBook in it.
#[cfg(not(feature = "book"))]
pub(crate) fn run(args: &Args) -> Result<()> {
    let update = args.update.then(|| "--update".to_owned());
    let arguments: Vec<_> = ["docs".to_owned()].into_iter().chain(update).collect();
    crate::process::run(crate::process::tool_with("book").args(&arguments))
}
