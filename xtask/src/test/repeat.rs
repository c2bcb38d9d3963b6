//! The tests again and again, which only `--full` has.

use anyhow::{Context as _, Result};

use super::{Context, Outcome, cargo};
use crate::process;

/// How often the tests run on each host. Envoy has its own start and its own sockets each time.
const REPETITIONS: [(Option<&str>, u32); 3] =
    [(None, 200), (Some("::wasm"), 20), (Some("::envoy"), 5)];

/// The tests again and again: one that depends on time or order shows itself.
pub(super) fn run(_: &Context) -> Result<Outcome> {
    for (host, repetitions) in REPETITIONS {
        let tests = host.map_or("native tests".to_owned(), |host| {
            format!("{host} scenarios")
        });
        let mut command = match host {
            None => cargo::native_tests(),
            Some(_) => cargo::tests_on_all_hosts()?,
        };
        // Without the examples in the documentation, which are compiled each time.
        command.args(["--quiet", "--tests"]);
        if let Some(host) = host {
            command.args(["--", host]);
        }
        for repetition in 1..=repetitions {
            eprintln!("{tests}: repetition {repetition} of {repetitions}");
            process::run(&mut command)
                .with_context(|| format!("{tests}: repetition {repetition} failed"))?;
        }
    }
    Ok(Outcome::Passed)
}
