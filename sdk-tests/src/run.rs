//! Runs one scenario on one host. `#[scenario]` writes the calls.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use proxy_wasm::traits::RootContext;

use crate::{HostKind, Plugin, Proxy};

/// What a scenario may return.
pub trait Outcome {
    /// Fails the test if this is a failure.
    fn check(self);
}

impl Outcome for () {
    fn check(self) {}
}

impl<E: std::fmt::Debug> Outcome for Result<(), E> {
    fn check(self) {
        if let Err(error) = self {
            panic!("the scenario failed: {error:?}");
        }
    }
}

/// Runs a scenario and holds the plugin to the rules.
pub fn run<T: Outcome>(kind: HostKind, plugin: &Plugin, scenario: impl FnOnce(&mut Proxy) -> T) {
    let mut proxy = Proxy::new(kind, plugin);
    let outcome = catch_unwind(AssertUnwindSafe(|| scenario(&mut proxy).check()));
    if let Err(panic) = outcome {
        eprintln!("{}", proxy.story());
        drop(proxy);
        resume_unwind(panic);
    }
    let faults = proxy.verdict();
    if !faults.is_empty() {
        let story = proxy.story();
        drop(proxy);
        panic!(
            "the plugin broke the rules:\n  {}\n{story}",
            faults.join("\n  ")
        );
    }
}

/// Builds a plugin that is only tested, never shipped, as a module below `folder`.
pub fn built(package: &str, folder: &str) -> PathBuf {
    let target = Path::new(folder).join(package);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", package])
        .args(["--target", "wasm32-wasip1", "--target-dir"])
        .arg(&target)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{package} does not build");
    let module = format!("{}.wasm", package.replace('-', "_"));
    target.join("wasm32-wasip1/release").join(module)
}

/// Runs an example of this crate's documentation.
pub fn example(new_root: fn() -> Box<dyn RootContext>, scenario: impl FnOnce(&mut Proxy)) {
    run(
        HostKind::Native,
        &Plugin::new("example", new_root),
        scenario,
    );
}

/// Runs an example of a network filter.
pub fn network_example(new_root: fn() -> Box<dyn RootContext>, scenario: impl FnOnce(&mut Proxy)) {
    let plugin = Plugin::new("example", new_root).network_filter();
    run(HostKind::Native, &plugin, scenario);
}
