//! The steps that are cargo commands.

use std::process::Command;

use anyhow::Result;

use super::{Context, Outcome, Tier, programs};
use crate::build;
use crate::opa::Opa;
use crate::tools::{self, WASM_TARGET};
use crate::{process, workspace};

/// The other two hosts of the scenarios, and the parts of this tool that are behind features.
const FEATURES: &str =
    "sdk-tests/wasm,sdk-tests/envoy,xtask/book,xtask/bench,xtask/check,xtask/dist";

/// The tests that compare with another program, which a step of its own starts.
const DIFFERENTIAL: &str = "opa/differential";

/// How many generated cases a test tries with `--full`.
const LONG_CORPUS: &str = "500000";

/// The same where each case is a question to another program.
const LONG_DIFFERENTIAL: &str = "10000";

pub(super) fn fmt(_: &Context) -> Result<Outcome> {
    done(cargo().args(["fmt", "--all", "--check"]))
}

/// Everything, compiled for this machine.
pub(super) fn clippy(context: &Context) -> Result<Outcome> {
    let mut command = cargo();
    command.args(["clippy", "--workspace", "--all-targets"]);
    if context.tier > Tier::Quick {
        command.args(["--features", FEATURES, "--features", DIFFERENTIAL]);
    }
    done(command.args(["--", "-D", "warnings"]))
}

/// The extensions, compiled for a proxy.
pub(super) fn clippy_wasm(_: &Context) -> Result<Outcome> {
    tools::setup()?;
    let mut command = cargo();
    command.args(["clippy", "--lib", "--target", WASM_TARGET]);
    for extension in build::extension_names()? {
        command.args(["--package", &extension]);
    }
    process::run(command.args(["--", "-D", "warnings"]))?;
    for (package, features) in build::variants()? {
        let mut command = cargo();
        command
            .args(["clippy", "--lib", "--target", WASM_TARGET])
            .args(["--package", &package, "--features", &features]);
        process::run(command.args(["--", "-D", "warnings"]))?;
    }
    Ok(Outcome::Passed)
}

/// Unit tests and scenarios; beyond the quick tier, the scenarios run on three hosts.
pub(super) fn tests(context: &Context) -> Result<Outcome> {
    let tests = || -> Result<Command> {
        let mut command = match context.tier {
            Tier::Quick => native_tests(),
            Tier::Default | Tier::Full => tests_on_all_hosts()?,
        };
        if context.tier == Tier::Full {
            command.env("TEST_CORPUS", LONG_CORPUS);
        }
        Ok(command)
    };
    // All of what is wrong, not only the first.
    let programs = programs::run(&mut tests()?);
    let examples = done(tests()?.args(["--doc", "--no-fail-fast"]));
    programs.and(examples)
}

/// A scenario that another host slips into them fails.
pub(super) fn native_tests() -> Command {
    let mut command = cargo();
    command
        .args(["test", "--workspace"])
        .env("SDK_TESTS_ENVOY", "not for native tests")
        .env("SDK_TESTS_WASM_DIR", "not for native tests");
    command
}

pub(super) fn tests_on_all_hosts() -> Result<Command> {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--features", FEATURES])
        .env("SDK_TESTS_ENVOY", tools::setup()?.envoy)
        .env("SDK_TESTS_WASM_DIR", workspace::wasm());
    Ok(command)
}

/// The tests that compare with another program: opa's with the real engine.
pub(super) fn differential(context: &Context) -> Result<Outcome> {
    let opa = match Opa::start() {
        Ok(opa) => opa,
        Err(error) => return Ok(Outcome::NotRun(format!("{error:#}"))),
    };
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--test", "differential"])
        // Those of the other tests: what they share is compiled once.
        .args(["--features", FEATURES, "--features", DIFFERENTIAL])
        .args(["--", "--nocapture"])
        .env("OPA_ADDRESS", opa.address().to_string());
    if context.tier == Tier::Full {
        command.env("TEST_CORPUS", LONG_DIFFERENTIAL);
    }
    done(&mut command)
}

/// This tool with all of its features, compiled of what the tests are compiled of.
pub(super) fn whole_tool() -> Result<Command> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--workspace", "--bins", "--tests"]);
    process::run(build.args(["--features", FEATURES]))?;
    let file = format!("debug/xtask{}", std::env::consts::EXE_SUFFIX);
    Ok(Command::new(workspace::target()?.join(file)))
}

/// The API documentation; a broken link in it is an error.
pub(super) fn rustdoc(_: &Context) -> Result<Outcome> {
    let mut command = cargo();
    done(
        command
            .args(["doc", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

pub(super) fn cargo() -> Command {
    let mut command = process::cargo();
    command.current_dir(workspace::root());
    command
}

fn done(command: &mut Command) -> Result<Outcome> {
    process::run(command)?;
    Ok(Outcome::Passed)
}
