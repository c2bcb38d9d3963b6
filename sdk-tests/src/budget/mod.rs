//! What requests may cost: `budget.toml`, measured, committed, and checked by every run.
//!
//! [`Proxy::assert_within_budget`](crate::Proxy::assert_within_budget) holds a scenario's last
//! request to the budget of its name. A file looks like this, one table a request, one line a
//! callback; what is 0 is left out:
//!
//! ```toml
//! ["right password"]
//! context_create = { instructions = 606 }
//! request_headers = { instructions = 5456, host_calls = { get_header_map_pairs = 1 }, bytes_out = 186 }
//! ```
//!
//! [`read`] gives it to whoever wants to make a table of it:
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("budget.toml");
//! # std::fs::write(&file, r#"
//! # ["right password"]
//! # context_create = { instructions = 606 }
//! # request_headers = { instructions = 5456, host_calls = { get_header_map_pairs = 1 }, bytes_out = 186 }
//! # "#)?;
//! use sdk_tests::budget;
//!
//! let budgets = budget::read(&file)?;
//! let headers = &budgets["right password"][1];
//! assert_eq!(headers.callback, "request_headers");
//! assert_eq!(headers.host_calls["get_header_map_pairs"], 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Nobody writes it by hand. With the environment variable `UPDATE_BUDGET` set, the scenarios on
//! Wasmtime write what they measure instead of checking it:
//!
//! ```sh
//! UPDATE_BUDGET=1 cargo test --features sdk-tests/wasm
//! ```
//!
//! The file lies beside the `Cargo.toml` of the tested crate, unless `SDK_TESTS_BUDGET` says where
//! else. Its comment at the top is kept.

mod callback;
mod difference;
mod file;

use std::path::{Path, PathBuf};

pub use callback::CallbackBudget;
pub use file::{Budgets, read};

use crate::{HostKind, Proxy};

impl Proxy {
    /// Holds what the plugin cost in the last request to the budget `name` in the crate's
    /// `budget.toml`; see [`budget`](mod@crate::budget). Other plugins of the chain do not count.
    ///
    /// A plugin's first request may set up what later ones reuse: to measure those, send it twice.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let file = folder.path().join("budget.toml");
    /// # std::fs::write(&file, "
    /// # ['a plain request']
    /// # request_headers = { host_calls = { add_header_map_value = 1, get_header_map_value = 2 } }
    /// # response_headers = { host_calls = { replace_header_map_value = 1 } }
    /// # done = { host_calls = { define_metric = 1, increment_metric = 1 } }
    /// # log = { host_calls = { define_metric = 1, get_header_map_value = 2, increment_metric = 1 } }
    /// # ")?;
    /// # // SAFETY: an example has a process of its own, and no other thread yet.
    /// # unsafe { std::env::set_var("SDK_TESTS_BUDGET", file) };
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// proxy.send(Request::get("/"));
    /// proxy.assert_within_budget("a plain request");
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// - On Wasmtime everything counts. Instructions may differ by 2 %, or by 50 where that is
    ///   more: they move so much when something else in the module changes. Host calls and bytes
    ///   must be the same. What costs *less* fails too, so that a gain is noted and stays one.
    /// - The native host holds only host calls to the budget, without `proxy_log`: which lines are
    ///   logged is up to the module.
    /// - Envoy counts nothing, and this does nothing there.
    ///
    /// # Panics
    ///
    /// If the request cost something else, with what has changed and how to accept it; if there is
    /// no such budget, or no request.
    #[track_caller]
    pub fn assert_within_budget(&self, name: &str) {
        if self.host() == HostKind::Envoy {
            return;
        }
        let costs = self.costs();
        assert!(
            !costs.is_empty(),
            "no request has reached the plugin: \"{name}\" has no costs"
        );
        let spent = callback::sum(&costs, self.plugin());
        let path = path();
        let update = std::env::var_os("UPDATE_BUDGET").is_some();
        let checked = match (self.host(), update) {
            (HostKind::Wasm, true) => {
                file::update(&path, name, &spent).map_err(|error| error.to_string())
            }
            // What only the module can tell is being written meanwhile.
            (_, true) => Ok(()),
            (host, false) => check(&path, name, &spent, host),
        };
        if let Err(message) = checked {
            panic!("{}: {message}", path.display());
        }
    }
}

/// What renews a budget, as a line of its own.
const RENEW: &str =
    "With a module that is built:\n  UPDATE_BUDGET=1 cargo test --features sdk-tests/wasm";

fn check(path: &Path, name: &str, spent: &[CallbackBudget], host: HostKind) -> Result<(), String> {
    let missing = || format!("there is no budget \"{name}\".\nMeasure it. {RENEW}");
    if !path.is_file() {
        return Err(missing());
    }
    let budgets = read(path).map_err(|error| error.to_string())?;
    let budget = budgets.get(name).ok_or_else(missing)?;
    let Some(difference) = difference::between(budget, spent, host) else {
        return Ok(());
    };
    let (than, advice) = match difference.grown {
        true => ("more", "If that is worth it, accept it."),
        false => ("less", "Note the gain, so that it stays one."),
    };
    Err(format!(
        "\"{name}\" costs {than} than its budget:\n{difference}{advice} {RENEW}"
    ))
}

fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("SDK_TESTS_BUDGET") {
        return path.into();
    }
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    Path::new(&crate_folder).join("budget.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(instructions: u64) -> Vec<CallbackBudget> {
        let mut headers = CallbackBudget::nothing("request_headers");
        headers.instructions = instructions;
        vec![headers]
    }

    #[test]
    fn a_request_over_its_budget_fails_with_what_has_grown_and_how_to_accept_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("budget.toml");
        let check = |name, spent: &[_]| check(&path, name, spent, HostKind::Wasm);
        assert!(
            check("open path", &headers(1000))
                .unwrap_err()
                .starts_with("there is no budget \"open path\".\n")
        );
        file::update(&path, "open path", &headers(1000)).unwrap();
        assert_eq!(check("open path", &headers(1050)), Ok(()));
        assert_eq!(
            check("open path", &headers(1063)).unwrap_err(),
            "\"open path\" costs more than its budget:
  request_headers: 1063 instructions, the budget is 1000 (+6.3 %)
If that is worth it, accept it. With a module that is built:
  UPDATE_BUDGET=1 cargo test --features sdk-tests/wasm"
        );
        assert!(
            check("open path", &headers(900))
                .unwrap_err()
                .contains("costs less than its budget:\n  request_headers: 900 instructions")
        );
        assert!(check("shut path", &headers(1000)).is_err());
    }
}
