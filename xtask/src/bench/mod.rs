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
mod check;
#[cfg(feature = "bench")]
mod comparison;
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
/// the median of the rounds counts, which are short.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The extensions to measure, such as `basic-auth`, or `comparison`: the same job in every way
    /// that Envoy has; all of them if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How often each filter is measured
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// The requests of one measurement
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1000..))]
    requests: u32,
    /// How many requests are under way at once
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    connections: u32,
    /// Write the tables of all extensions into docs/src/benchmarks.md too
    #[arg(long, conflicts_with = "names")]
    write: bool,
    /// Only count instructions and host calls, and write them into budget.toml of the extensions
    ///
    /// The tests fail when a request costs something else than its budget says; this accepts what
    /// the modules cost now.
    #[arg(long, conflicts_with_all = ["write", "rounds", "requests", "connections"])]
    update_budgets: bool,
    /// Measure nothing: only check that what would be measured lets pass and refuses what it must
    ///
    /// Each measurement begins with it.
    #[arg(long, conflicts_with_all = ["write", "rounds", "requests", "connections", "update_budgets"])]
    check: bool,
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
    if !args.check {
        arguments.extend(["--rounds".to_owned(), args.rounds.to_string()]);
        arguments.extend(["--requests".to_owned(), args.requests.to_string()]);
        arguments.extend(["--connections".to_owned(), args.connections.to_string()]);
    }
    for (flag, is_given) in [("--write", args.write), ("--check", args.check)] {
        if is_given {
            arguments.push(flag.to_owned());
        }
    }
    crate::process::run(crate::process::tool_with("bench").args(&arguments))
}

#[cfg(feature = "bench")]
fn measure(args: &Args) -> Result<()> {
    use crate::{build, tools};

    let chosen = chosen(&args.names)?;
    let size = load::Size {
        requests: args.requests,
        connections: args.connections,
    };
    let tools = tools::setup()?;
    if chosen == [comparison::NAME] {
        build::named(comparison::EXTENSION, &tools)?;
    } else {
        build::all(&tools)?;
    }
    let mut report = String::new();
    for name in chosen {
        if name == "jwt-headers" {
            jwt_headers::prepare(&tools)?;
        }
        let subject = subject::of(&name, !args.check)?;
        if args.check {
            if let Some(subject) = subject.filter(|subject| subject.check.is_some()) {
                envoy::check(&subject, &tools)?;
                println!("{name}: every variant lets pass and refuses what it must");
            }
            continue;
        }
        let exact = match &*name {
            comparison::NAME => None,
            extension => Some(exact(extension)?),
        };
        let envoy = match subject {
            Some(subject) => envoy::measure(&subject, &tools, args.rounds, size)?,
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

/// What the names on the command line mean.
#[cfg(feature = "bench")]
fn chosen(names: &[String]) -> Result<Vec<String>> {
    let is_comparison = |name: &String| name == comparison::NAME;
    let extensions: Vec<_> = names
        .iter()
        .filter(|it| !is_comparison(it))
        .cloned()
        .collect();
    let mut chosen = match names.iter().any(is_comparison) && extensions.is_empty() {
        true => Vec::new(),
        false => budgets::chosen(&extensions)?,
    };
    if names.is_empty() || names.iter().any(is_comparison) {
        chosen.push(comparison::NAME.to_owned());
    }
    Ok(chosen)
}

#[cfg(feature = "bench")]
fn exact(extension: &str) -> Result<report::Exact> {
    let measured = budgets::measure(extension)?;
    measured.as_deref().map(exact::table).transpose()
}

#[cfg(all(test, feature = "bench"))]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_is_named_like_an_extension() {
        let chosen = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            chosen(&names).unwrap()
        };
        assert_eq!(chosen(&["comparison"]), ["comparison"]);
        assert_eq!(chosen(&["comparison", "opa"]), ["opa", "comparison"]);
        assert_eq!(chosen(&["opa"]), ["opa"]);
        assert_eq!(chosen(&[]).last().unwrap(), "comparison");
        assert!(chosen(&[]).len() > 2);
    }
}
