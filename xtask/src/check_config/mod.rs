//! `cargo xtask check-config`: what an extension says to a config, and what it does with sample
//! requests. No proxy, no network: the module that ships runs on the mock host.
//!
//! The mock's engine is behind the feature `check`; without it, this module starts the tool again with
//! it.

#[cfg(feature = "check")]
mod files;
#[cfg(feature = "check")]
mod samples;
#[cfg(all(test, feature = "check"))]
mod tests;
#[cfg(feature = "check")]
mod trial;

use std::path::PathBuf;

use anyhow::Result;

/// Say whether an extension takes a config, and what it does with sample requests
///
/// Prints what the extension logs, as Envoy would. A file is the plugin's config, as JSON or YAML; or
/// anything that has such configs in it: Envoy's whole configuration, a WasmPlugin, a TrafficExtension,
/// an EnvoyExtensionPolicy, as in `deploy/`. A module that is not in target/wasm yet is built.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The extension, such as `attribute-gen`, or a module, such as `opa_embedded`; `any` for the
    /// plugins that the files name themselves
    name: String,
    /// The configs
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Requests to try: a JSON or YAML list of `method`, `path`, `headers` and `response` (`status`,
    /// `headers`)
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// A variable for the plugin's environment; can be repeated. Those that a file takes from the
    /// proxy's own environment are taken from this one
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Whichever module a file names.
#[cfg(feature = "check")]
const ANY: &str = "any";

#[cfg(feature = "check")]
pub(crate) fn run(args: &Args) -> Result<()> {
    use anyhow::{Context as _, bail};

    use crate::workspace;

    let samples = match &args.requests {
        Some(file) => samples::requests(file)?,
        None => Vec::new(),
    };
    let mut refused = Vec::new();
    for file in &args.files {
        let shown = workspace::relative(file);
        let plugins = files::read(file, &args.name).with_context(|| shown.to_string())?;
        for mut plugin in plugins {
            plugin.environment.extend(args.env.iter().cloned());
            if !samples.is_empty() {
                plugin.tell_more();
            }
            let mut trial = trial::Trial::start(&plugin)?;
            println!("{shown}, {}:", plugin.module);
            for line in &trial.said {
                println!("  [{}][wasm] wasm log: {}", line.level.name(), line.message);
            }
            if trial.is_refused {
                // Envoy's own words.
                println!("  Unable to create Wasm plugin {}", plugin.module);
                refused.push(format!("{shown} ({})", plugin.module));
                continue;
            }
            println!("  taken");
            for sample in &samples {
                print!("\n{}", trial.send(sample));
            }
        }
    }
    if !refused.is_empty() {
        bail!("refused: {}", refused.join(", "));
    }
    Ok(())
}

/// What an extension says to a config that it refuses; `None` if it takes it.
#[cfg(feature = "book")]
pub(crate) fn refusal(name: &str, config: &str) -> Result<Option<String>> {
    for plugin in files::in_text(config, name)? {
        let trial = trial::Trial::start(&plugin)?;
        if trial.is_refused {
            let said: Vec<_> = trial.said.iter().map(|line| &*line.message).collect();
            return Ok(Some(said.join("\n")));
        }
    }
    Ok(None)
}

/// Starts the tool again with the mock's engine in it.
#[cfg(not(feature = "check"))]
pub(crate) fn run(args: &Args) -> Result<()> {
    // The tool starts in the workspace's folder.
    let absolute =
        |file: &PathBuf| -> Result<String> { Ok(std::path::absolute(file)?.display().to_string()) };
    let mut arguments = vec!["check-config".to_owned(), args.name.clone()];
    for file in &args.files {
        arguments.push(absolute(file)?);
    }
    if let Some(file) = &args.requests {
        arguments.extend(["--requests".to_owned(), absolute(file)?]);
    }
    for (name, value) in &args.env {
        arguments.extend(["--env".to_owned(), format!("{name}={value}")]);
    }
    crate::process::run(crate::process::tool_with("check").args(&arguments))
}
