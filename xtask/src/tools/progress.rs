//! Shows what an installation does: a bar in a terminal, plain lines elsewhere.

use std::fs::{self, File};
use std::io::{IsTerminal as _, stderr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use walkdir::WalkDir;

/// The progress of one tool.
pub(super) struct Progress {
    name: String,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn start(name: String, bytes: u64) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "  {prefix:28} {bar:30} {bytes:>10} of {total_bytes} {msg}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(bytes)
                .with_style(style)
                .with_prefix(name.clone())
        });
        if bar.is_none() {
            eprintln!("installing {name} ({})", HumanBytes(bytes));
        }
        Self {
            name,
            started: Instant::now(),
            bar,
        }
    }

    /// Runs a downloader and follows how much it has written below `folder`.
    pub(super) fn watch(&self, command: &mut Command, folder: &Path) -> Result<()> {
        let log = folder.join("log");
        let output = File::create(&log).context("cannot write a log")?;
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start `{program}`"))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if let Some(bar) = &self.bar {
                bar.set_position(size(folder));
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        if !status.success() {
            let log = fs::read_to_string(&log).unwrap_or_default();
            bail!(
                "`{program}` could not download it ({status}):\n{}",
                log.trim_end()
            );
        }
        Ok(())
    }

    /// Says what happens after the download.
    pub(super) fn message(&self, message: &'static str) {
        if let Some(bar) = &self.bar {
            bar.set_message(message);
        }
    }

    pub(super) fn done(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!(
            "installed {} in {:.1} s",
            self.name,
            self.started.elapsed().as_secs_f64()
        );
    }
}

/// The bytes of all files below `folder`; those that vanish meanwhile count as nothing.
fn size(folder: &Path) -> u64 {
    let files = WalkDir::new(folder).into_iter().filter_map(Result::ok);
    files
        .filter_map(|file| file.metadata().ok())
        .filter(|file| file.is_file())
        .map(|file| file.len())
        .sum()
}
