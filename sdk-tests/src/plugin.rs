//! Which plugin a scenario is about.

use std::path::{Path, PathBuf};

use proxy_wasm::traits::RootContext;

/// A plugin under test: its name and how to make it.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub(crate) name: String,
    pub(crate) new_root: fn() -> Box<dyn RootContext>,
    pub(crate) root_id: String,
    pub(crate) wasm_file: Option<PathBuf>,
    pub(crate) reloads: bool,
}

impl Plugin {
    /// The plugin `name`, which is also the name of its module (`<name>.wasm`), with the
    /// constructor of its root context.
    pub fn new(name: impl Into<String>, new_root: fn() -> Box<dyn RootContext>) -> Self {
        Self {
            name: name.into(),
            new_root,
            root_id: String::new(),
            wasm_file: None,
            reloads: false,
        }
    }

    /// The root id that the proxy's configuration gives; empty unless set.
    #[must_use]
    pub fn root_id(mut self, root_id: impl Into<String>) -> Self {
        self.root_id = root_id.into();
        self
    }

    /// Makes the proxy load a dead VM again with the next request (Envoy's `FAIL_RELOAD`), instead
    /// of answering 503 from then on.
    #[must_use]
    pub fn reload_after_a_panic(mut self) -> Self {
        self.reloads = true;
        self
    }

    /// The module that the hosts `wasm` and `envoy` load. Without it they look for `<name>.wasm`
    /// in the directory `$SDK_TESTS_WASM_DIR`, or else in the `target/wasm` of the nearest
    /// directory at or above the tested crate that has it.
    #[must_use]
    pub fn wasm_file(mut self, path: impl AsRef<Path>) -> Self {
        self.wasm_file = Some(path.as_ref().to_owned());
        self
    }
}
