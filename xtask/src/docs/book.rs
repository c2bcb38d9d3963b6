//! Builds the book with mdBook.

use anyhow::{Result, anyhow};
use mdbook_driver::MDBook;

use crate::workspace;

pub(super) fn build() -> Result<()> {
    let root = workspace::root();
    // mdBook's errors are of its own `anyhow`.
    let wrap = |error| anyhow!("cannot build the book: {error:#}");
    let mut book = MDBook::load(root.join("docs")).map_err(wrap)?;
    book.config.build.build_dir = root.join("target/book");
    book.build().map_err(wrap)?;
    println!("the book is in target/book/index.html");
    Ok(())
}
