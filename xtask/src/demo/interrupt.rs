//! Ctrl-C ends the demo in an orderly way: what it started is stopped.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C, from here on, only sets a flag.
pub(super) struct Interrupt(());

impl Interrupt {
    pub(super) fn install() -> Result<Self> {
        static INSTALLED: OnceLock<bool> = OnceLock::new();
        let note = || INTERRUPTED.store(true, Ordering::SeqCst);
        let installed = *INSTALLED.get_or_init(|| ctrlc::set_handler(note).is_ok());
        installed
            .then_some(Self(()))
            .context("cannot listen for Ctrl-C")
    }

    /// An error once Ctrl-C was pressed.
    pub(super) fn check(&self) -> Result<()> {
        if INTERRUPTED.load(Ordering::SeqCst) {
            bail!("interrupted");
        }
        Ok(())
    }

    /// Returns when Ctrl-C is pressed; an error if what is shown ends by itself.
    pub(super) fn wait(&self, is_up: impl Fn() -> bool) -> Result<()> {
        while self.check().is_ok() {
            std::thread::sleep(Duration::from_millis(200));
            // Ctrl-C reaches Envoy too: then it is gone for that reason.
            if !is_up() && self.check().is_ok() {
                bail!("Envoy has ended");
            }
        }
        Ok(())
    }
}
