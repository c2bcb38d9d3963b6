//! The exact costs: an extension's scenarios measure them on Wasmtime.
//!
//! Which requests are measured is said in one place, the extension's `tests/`; `sdk_tests::budget`
//! writes down what it counts there. Here that is a table, or the extension's new `budget.toml`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sdk_tests::budget;

use crate::{build, process, tools, workspace};

/// Measures the extensions, or all, and notes what they cost in their `budget.toml`.
pub(super) fn update(names: &[String]) -> Result<()> {
    let chosen = chosen(names)?;
    build::all(&tools::setup()?)?;
    for name in chosen {
        let committed = workspace::root()
            .join("extensions")
            .join(&name)
            .join("budget.toml");
        let shown = workspace::relative(&committed);
        match measure(&name)? {
            Some(measured) => {
                fs::copy(&measured, &committed).with_context(|| format!("cannot write {shown}"))?;
                println!("written to {shown}");
            }
            None if names.is_empty() => {}
            None => bail!("{name} has no scenario with `proxy.assert_within_budget(…)`"),
        }
    }
    Ok(())
}

/// The extensions with these names; all of them if there are none.
pub(super) fn chosen(names: &[String]) -> Result<Vec<String>> {
    let known = build::extension_names()?;
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        bail!(
            "there is no extension `{name}`; there are: {}",
            known.join(", ")
        );
    }
    Ok(match names {
        [] => known,
        names => names.to_vec(),
    })
}

/// Runs the scenarios of an extension with the modules that are built, and returns the file that
/// has what they cost. `None`: no scenario asked for it.
pub(super) fn measure(name: &str) -> Result<Option<PathBuf>> {
    eprintln!("measuring {name} on Wasmtime");
    let folder = workspace::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    // A new file: requests that nobody measures any more are not in it.
    let file = folder.join(format!("{name}.toml"));
    fs::write(&file, comment(name))?;
    let mut command = process::cargo();
    command
        .args(["test", "--quiet", "--package", name, "--tests"])
        .args(["--features", "sdk-tests/wasm", "--", "::wasm"])
        .env("SDK_TESTS_WASM_DIR", workspace::wasm())
        .env("SDK_TESTS_BUDGET", &file)
        .env("UPDATE_BUDGET", "1")
        .current_dir(workspace::root())
        .stdout(io::stderr());
    process::run(&mut command)?;
    let requests = read(&file)?;
    Ok((!requests.is_empty()).then_some(file))
}

/// What a file of budgets holds.
pub(super) fn read(file: &Path) -> Result<budget::Budgets> {
    budget::read(file).with_context(|| format!("cannot read {}", workspace::relative(file)))
}

/// The first lines of a `budget.toml`.
fn comment(name: &str) -> String {
    format!(
        "\
# What single requests cost, by callback; `bytes_in` are copied out of the plugin, `bytes_out` into it.
# Measured; a test fails when it is no longer true. This renews it:
#
#   cargo xtask bench --update-budgets {name}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_extension_is_refused_with_the_list() {
        let error = chosen(&["basic_oath".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("basic-auth"), "{error}");
    }

    #[test]
    fn every_budget_says_how_to_renew_it() {
        for name in chosen(&[]).unwrap() {
            let file = workspace::root()
                .join("extensions")
                .join(&name)
                .join("budget.toml");
            if let Ok(text) = fs::read_to_string(file) {
                assert!(text.starts_with(&comment(&name)), "{text}");
            }
        }
    }
}
