//! Modules, compiled once a process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use wasmtime::{Config, Engine, Module};

/// The module in a file.
///
/// # Panics
///
/// If it is not a valid module.
pub(super) fn load(path: &Path) -> Module {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    static MODULES: Mutex<BTreeMap<PathBuf, Module>> = Mutex::new(BTreeMap::new());
    let engine = ENGINE.get_or_init(|| {
        let mut config = Config::new();
        config.consume_fuel(true);
        Engine::new(&config).expect("Wasmtime supports this machine")
    });
    // Whoever comes second waits here instead of compiling again.
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules.get(path) {
        return module.clone();
    }
    let module = Module::from_file(engine, path)
        .unwrap_or_else(|error| panic!("{} is not a module: {error:#}", path.display()));
    modules.insert(path.to_owned(), module.clone());
    module
}
