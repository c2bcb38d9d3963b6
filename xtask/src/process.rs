//! Runs other programs, with errors that name the command.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// Runs `command`, its output going where ours goes. Says which command that is.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs `command` silently and returns what it wrote to stdout; on failure the error carries stderr.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({}):\n{}",
            line(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether `command` can be started and succeeds. Its output is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The `cargo` that runs us, so that a pinned toolchain stays pinned.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The same in the folder of a crate that is not of this workspace. What other crates have compiled
/// already is not compiled again.
pub(crate) fn cargo_in(folder: &Path) -> Result<Command> {
    let mut command = cargo();
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", workspace::target()?);
    Ok(command)
}

/// Where a server listens that prints `listening on ADDRESS` first, and the lines that come next.
pub(crate) fn listening(server: &mut Child) -> Result<(SocketAddr, Lines<BufReader<ChildStdout>>)> {
    let stdout = server.stdout.take().context("no stdout")?;
    let mut lines = BufReader::new(stdout).lines();
    let first = lines.next().context("the server has ended")??;
    let address = first.strip_prefix("listening on ");
    let address = address.with_context(|| format!("the server says: {first}"))?;
    Ok((address.parse()?, lines))
}

/// This tool, compiled with one more feature, to be started again with arguments.
pub(crate) fn tool_with(feature: &str) -> Command {
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--package", "xtask"])
        .args(["--features", feature])
        .current_dir(workspace::root());
    if feature == "bench" {
        // A load generator without optimisation would be what the benchmark measures.
        for package in ["xtask", "tokio", "hyper"] {
            command.args([
                "--config",
                &format!("profile.dev.package.{package}.opt-level=3"),
            ]);
        }
    }
    command.arg("--");
    command
}

fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
