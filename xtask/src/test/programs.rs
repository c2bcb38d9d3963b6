//! Test programs, several at once: much of what tests on Envoy take is waiting.

use std::ffi::OsString;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::thread;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Message;

use crate::workspace;

type Environment = Vec<(OsString, OsString)>;

const PANICKED: &str = "a runner of tests has panicked";

/// What `cargo test` would run, built.
struct Program {
    file: PathBuf,
    /// Where cargo would run it.
    folder: PathBuf,
    /// The source, from the workspace's root.
    name: String,
}

/// Compiles what `cargo test` would run, and runs it in the environment of that command. Fails with
/// the names of all programs that do.
pub(super) fn run(cargo_test: &mut Command) -> Result<()> {
    let programs = build(cargo_test)?;
    let environment: Environment = cargo_test
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    run_all(programs, &environment)
}

/// One on each core.
fn run_all(programs: Vec<Program>, environment: &Environment) -> Result<()> {
    let queue = Mutex::new(programs.into_iter());
    let failed = Mutex::new(Vec::new());
    let work = || -> Result<()> {
        loop {
            let next = lock(&queue)?.next();
            let Some(program) = next else {
                return Ok(());
            };
            if !passes(&program, environment)? {
                lock(&failed)?.push(program.name);
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().ok().context(PANICKED)??;
        }
        Ok(())
    })?;
    let failed = lock(&failed)?;
    if !failed.is_empty() {
        bail!("tests failed in {}", failed.join(", "));
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    mutex.lock().ok().context(PANICKED)
}

fn build(cargo_test: &mut Command) -> Result<Vec<Program>> {
    let mut child = cargo_test
        .args(["--no-run", "--message-format=json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let stdout = child.stdout.take().context("no stdout")?;
    let mut programs = Vec::new();
    for message in Message::parse_stream(BufReader::new(stdout)) {
        if let Message::CompilerArtifact(artifact) = message?
            && artifact.profile.test
            && let Some(file) = artifact.executable
        {
            let folder = artifact.manifest_path.parent().context("no manifest")?;
            programs.push(Program {
                file: file.into(),
                folder: folder.into(),
                name: workspace::relative(Path::new(&artifact.target.src_path)).to_string(),
            });
        }
    }
    if !child.wait()?.success() {
        bail!("the tests do not compile");
    }
    Ok(programs)
}

/// Whether all tests of a program pass. What they print comes in one piece.
fn passes(program: &Program, environment: &Environment) -> Result<bool> {
    let output = Command::new(&program.file)
        .current_dir(&program.folder)
        .envs(environment.iter().cloned())
        // As cargo sets it: what we have is our own.
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", program.file.display()))?;
    let mut terminal = std::io::stdout().lock();
    writeln!(terminal, "\n{}", program.name)?;
    terminal.write_all(&output.stdout)?;
    terminal.write_all(&output.stderr)?;
    Ok(output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(file: &str) -> Program {
        Program {
            file: file.into(),
            folder: workspace::root().into(),
            name: format!("tests/{file}.rs"),
        }
    }

    #[test]
    fn those_that_fail_are_named() {
        let environment = Environment::new();
        run_all(vec![program("true"), program("true")], &environment).unwrap();
        let programs = ["false", "true", "false"].map(program).into();
        let error = run_all(programs, &environment).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tests failed in tests/false.rs, tests/false.rs"
        );
        run_all(vec![program("no such program")], &environment).unwrap_err();
    }
}
