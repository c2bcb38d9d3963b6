//! `cargo xtask bench`: what a request costs.
//!
//! Two measurements. Exact: Wasm instructions and host calls of each callback, the same on every
//! machine. Real: Envoy's processor time, compared with no filter in one process. The load
//! generator and Wasmtime are behind the feature `bench`; without it, this module starts the tool
//! again with it.

#[cfg(feature = "bench")]
mod basic_auth;
#[cfg(feature = "bench")]
mod cpu;
#[cfg(feature = "bench")]
mod envoy;
#[cfg(feature = "bench")]
mod exact;
#[cfg(feature = "bench")]
mod load;
#[cfg(feature = "bench")]
mod report;
#[cfg(feature = "bench")]
mod subject;

use anyhow::Result;

/// Measure what a request costs: Wasm instructions, host calls, Envoy's processor time
///
/// Instructions and host calls are exact and the same everywhere. Processor time is measured on
/// Linux, in one Envoy process, each filter in turn with no filter (none, filter, filter, none);
/// the median of the rounds counts.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The extensions to measure, such as `basic-auth`; all of them if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How often each filter is measured
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// The requests of one measurement
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1000..))]
    requests: u32,
    /// Write the tables of all extensions into docs/src/benchmarks.md too
    #[arg(long, conflicts_with = "names")]
    write: bool,
}

#[cfg(not(feature = "bench"))]
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut arguments = vec!["bench".to_owned()];
    arguments.extend(args.names.iter().cloned());
    arguments.extend(["--rounds".to_owned(), args.rounds.to_string()]);
    arguments.extend(["--requests".to_owned(), args.requests.to_string()]);
    if args.write {
        arguments.push("--write".to_owned());
    }
    crate::process::run_self_with("bench", &arguments)
}

#[cfg(feature = "bench")]
pub(crate) fn run(args: &Args) -> Result<()> {
    use crate::{build, tools};

    let known = [basic_auth::subject()];
    for name in &args.names {
        if !known.iter().any(|subject| subject.name == name) {
            let names: Vec<_> = known.iter().map(|subject| subject.name).collect();
            anyhow::bail!(
                "there is no benchmark of `{name}`; there are: {}",
                names.join(", ")
            );
        }
    }
    let tools = tools::setup()?;
    build::all(&tools)?;
    let mut report = String::new();
    for subject in known {
        if args.names.is_empty() || args.names.iter().any(|name| name == subject.name) {
            let exact = exact::measure(&subject)?;
            let envoy = envoy::measure(&subject, &tools, args.rounds, args.requests)?;
            let text = report::markdown(&subject, &exact, &envoy, args);
            println!("\n{text}");
            report.push_str(&text);
        }
    }
    if args.write {
        report::write(&report)?;
    }
    Ok(())
}
