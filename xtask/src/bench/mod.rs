//! `cargo xtask bench`: what a request costs.
//!
//! Two measurements. Exact: Wasm instructions and host calls of each callback, the same on every
//! machine; the extension's own scenarios count them. Real: Envoy's processor time, compared with no
//! filter in one process. The load generator is behind the feature `bench`; without it, this module
//! starts the tool again with it.

#[cfg(feature = "bench")]
mod attribute_gen;
#[cfg(feature = "bench")]
mod basic_auth;
mod budgets;
#[cfg(feature = "bench")]
mod cpu;
#[cfg(feature = "bench")]
mod envoy;
#[cfg(feature = "bench")]
mod exact;
#[cfg(feature = "bench")]
mod jwt_headers;
#[cfg(feature = "bench")]
mod load;
#[cfg(feature = "bench")]
mod opa;
#[cfg(feature = "bench")]
mod report;
#[cfg(feature = "bench")]
mod subject;
#[cfg(feature = "bench")]
mod telemetry;

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
    /// Only count instructions and host calls, and write them into budget.toml of the extensions
    ///
    /// The tests fail when a request costs something else than its budget says; this accepts what
    /// the modules cost now.
    #[arg(long, conflicts_with_all = ["write", "rounds", "requests"])]
    update_budgets: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.update_budgets {
        return budgets::update(&args.names);
    }
    measure(args)
}

#[cfg(not(feature = "bench"))]
fn measure(args: &Args) -> Result<()> {
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
fn measure(args: &Args) -> Result<()> {
    use crate::{build, tools};

    let chosen = budgets::chosen(&args.names)?;
    let tools = tools::setup()?;
    build::all(&tools)?;
    let mut report = String::new();
    for name in chosen {
        if name == "jwt-headers" {
            jwt_headers::prepare(&tools)?;
        }
        let exact = budgets::measure(&name)?;
        let exact = exact.as_deref().map(exact::table).transpose()?;
        let envoy = match subject::of(&name)? {
            Some(subject) => envoy::measure(&subject, &tools, args.rounds, args.requests)?,
            None => Err("Envoy's processor time is not measured yet."),
        };
        let text = report::markdown(&name, exact.as_ref(), &envoy, args);
        println!("\n{text}");
        report.push_str(&text);
    }
    if args.write {
        report::write(&report)?;
    }
    Ok(())
}
