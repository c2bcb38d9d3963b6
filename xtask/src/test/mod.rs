//! `cargo xtask test`: everything that must hold before a change is merged.
//!
//! Each step is a function; [`STEPS`] says in which tier it runs. A step that cannot run on this
//! machine says why, and the summary lists it: nothing is passed over in silence.

mod cargo;
mod comparison;
mod deliver;
mod deny;
pub(crate) mod deploy;
mod dist;
mod examples;
mod programs;
mod publish;
mod reloads;
mod repeat;
#[cfg(feature = "dist")]
mod reproduce;
mod template;

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::{build, demo, process, table, tools};

/// Run every check: lints, tests on three hosts, example configs, docs, the demo
///
/// Without an option: everything that continuous integration runs. A step that cannot run here is
/// listed in the summary as "not run" with the reason.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only what needs neither Envoy nor the Wasm target: fmt, clippy, native tests
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// More than the default: long generated corpora; the tests again and again, 200 times natively,
    /// 20 times on Wasmtime, 5 times in Envoy; and a second build in another directory with another
    /// CARGO_HOME, whose release must have the same bytes
    #[arg(long)]
    full: bool,
    /// Fail also if a step could not run: where everything is there, none may be left out
    #[arg(long)]
    no_skip: bool,
    /// Run this step only; can be repeated. Steps: fmt, clippy, clippy-wasm, build, tests,
    /// differential, deploy, deliver, template, examples, docs, demo, telemetry, reloads, comparison,
    /// dist, registry, publish, deny, advisories, repeat, reproduce
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
}

/// What a step is given.
struct Context {
    tier: Tier,
    /// Whether this is a run of everything, and not of chosen steps.
    is_whole: bool,
}

impl Context {
    /// This tool with a feature, to be started again.
    fn tool(&self, feature: &str) -> Result<Command> {
        if self.is_whole {
            return cargo::whole_tool();
        }
        Ok(process::tool_with(feature))
    }
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Tier {
    Quick,
    Default,
    Full,
}

/// What became of a step that did not fail.
enum Outcome {
    Passed,
    /// With the reason.
    NotRun(String),
}

struct Step {
    name: &'static str,
    /// The smallest tier that has it.
    tier: Tier,
    /// Whether it reads the `.wasm` files.
    needs_build: bool,
    run: fn(&Context) -> Result<Outcome>,
}

const STEPS: [Step; 22] = [
    step("fmt", Tier::Quick, false, cargo::fmt),
    step("clippy", Tier::Quick, false, cargo::clippy),
    step("clippy-wasm", Tier::Default, false, cargo::clippy_wasm),
    step("build", Tier::Default, false, |_| {
        build::all(&tools::setup()?).map(|()| Outcome::Passed)
    }),
    step("tests", Tier::Quick, true, cargo::tests),
    step("differential", Tier::Default, false, cargo::differential),
    step("deploy", Tier::Default, true, deploy::run),
    step("deliver", Tier::Default, true, deliver::run),
    step("template", Tier::Default, false, template::run),
    step("examples", Tier::Default, false, examples::run),
    step("docs", Tier::Default, true, docs),
    step("demo", Tier::Default, true, |_| {
        demo::show(&tools::setup()?, demo::Then::Stop).map(|()| Outcome::Passed)
    }),
    step("telemetry", Tier::Default, true, telemetry),
    step("reloads", Tier::Default, true, reloads::run),
    step("comparison", Tier::Default, true, comparison::run),
    step("dist", Tier::Default, true, dist::run),
    step("registry", Tier::Default, true, dist::registry),
    step("publish", Tier::Default, false, publish::run),
    step("deny", Tier::Default, false, deny::run),
    step("advisories", Tier::Default, false, deny::advisories),
    step("repeat", Tier::Full, true, repeat::run),
    step("reproduce", Tier::Full, false, reproduce),
];

const fn step(
    name: &'static str,
    tier: Tier,
    needs_build: bool,
    run: fn(&Context) -> Result<Outcome>,
) -> Step {
    Step {
        name,
        tier,
        needs_build,
        run,
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tier = match (args.quick, args.full) {
        (true, _) => Tier::Quick,
        (_, true) => Tier::Full,
        _ => Tier::Default,
    };
    let context = Context {
        tier,
        is_whole: args.only.is_empty(),
    };
    let mut summary = table::new(["step", "result", "seconds"]);
    let (mut passed, mut failed, mut skipped) = (0_u32, 0_u32, 0_u32);
    let mut build_failed = false;
    for step in select(tier, &args.only)? {
        eprintln!("\n── {} ──", step.name);
        let started = Instant::now();
        let result = if step.needs_build && build_failed {
            Ok(Outcome::NotRun("the build failed".to_owned()))
        } else {
            (step.run)(&context)
        };
        let seconds = format!("{:.1}", started.elapsed().as_secs_f64());
        let result = match result {
            Ok(Outcome::Passed) => {
                passed += 1;
                "passed".to_owned()
            }
            Ok(Outcome::NotRun(why)) => {
                skipped += 1;
                format!("not run: {why}")
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                failed += 1;
                build_failed |= step.name == "build";
                "FAILED".to_owned()
            }
        };
        summary.add_row([step.name, &result, &seconds]);
    }
    println!("\n{summary}\n{passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 {
        bail!("{failed} of the steps failed");
    }
    if args.no_skip && skipped > 0 {
        bail!("{skipped} of the steps were not run");
    }
    Ok(())
}

/// The steps of this run, in order; a build comes with the steps that read its result.
fn select(tier: Tier, only: &[String]) -> Result<Vec<&'static Step>> {
    for name in only {
        if !STEPS.iter().any(|step| step.name == name) {
            let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
            bail!("there is no step `{name}`; there are: {}", names.join(", "));
        }
    }
    let asked_for = |step: &Step| match only {
        [] => step.tier <= tier,
        names => names.iter().any(|name| name == step.name),
    };
    let needs_build = tier > Tier::Quick && STEPS.iter().any(|s| asked_for(s) && s.needs_build);
    let wanted = |step: &&Step| asked_for(step) || (needs_build && step.name == "build");
    Ok(STEPS.iter().filter(wanted).collect())
}

#[cfg(feature = "dist")]
fn reproduce(_: &Context) -> Result<Outcome> {
    reproduce::run()
}

/// Starts the tool again with what packages: under another CARGO_HOME it would be compiled anew.
#[cfg(not(feature = "dist"))]
fn reproduce(context: &Context) -> Result<Outcome> {
    process::run(context.tool("dist")?.args(["test", "--only", "reproduce"]))?;
    Ok(Outcome::Passed)
}

/// The demo needs a Prometheus, which not every machine has.
fn telemetry(_: &Context) -> Result<Outcome> {
    if let Err(error) = tools::prometheus() {
        return Ok(Outcome::NotRun(format!("{error:#}")));
    }
    demo::show_telemetry(&tools::setup()?)?;
    Ok(Outcome::Passed)
}

fn docs(context: &Context) -> Result<Outcome> {
    cargo::rustdoc(context)?;
    process::run(context.tool("book")?.arg("docs"))?;
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tier: Tier, only: &[&str]) -> Vec<&'static str> {
        let only: Vec<_> = only.iter().map(ToString::to_string).collect();
        select(tier, &only)
            .unwrap()
            .iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn the_quick_tier_needs_no_wasm() {
        assert_eq!(names(Tier::Quick, &[]), ["fmt", "clippy", "tests"]);
    }

    #[test]
    fn a_step_that_reads_wasm_brings_the_build_with_it() {
        assert_eq!(names(Tier::Default, &["deploy"]), ["build", "deploy"]);
        assert_eq!(names(Tier::Quick, &["tests"]), ["tests"]);
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_list() {
        let error = select(Tier::Default, &["lint".to_owned()])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("clippy-wasm"), "{error}");
    }

    #[test]
    fn the_help_names_every_step() {
        let help = <Args as clap::Args>::augment_args(clap::Command::new("test"))
            .render_long_help()
            .to_string()
            .replace(['\n', ' '], "");
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        assert!(
            help.contains(&format!("Steps:{}", names.join(","))),
            "{help}"
        );
    }
}
