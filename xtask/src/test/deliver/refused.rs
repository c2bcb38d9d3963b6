//! What Envoy must refuse, and how an operator learns of it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::release::Release;
use super::site::{Site, Source};
use crate::workspace;

/// A wrong update.
struct Wrong {
    what: &'static str,
    release: fn(&Path, u32) -> Result<Release>,
    /// Part of what Envoy's log says.
    reason: &'static str,
}

const WRONG: [Wrong; 6] = [
    Wrong {
        what: "a config with an unknown field",
        release: |_, version| Ok(Release::good(version).with_unknown_field()),
        reason: "unknown field `relm`",
    },
    Wrong {
        what: "a config with a wrong value",
        release: |_, version| Ok(Release::good(version).with("users", json!("alice:secret"))),
        reason: "expected a hash that begins with",
    },
    Wrong {
        what: "a module that is not there",
        release: |folder, version| Ok(Release::good(version).with_module(folder.join("no.wasm"))),
        reason: "Invalid path",
    },
    Wrong {
        what: "a file that is no module",
        release: |folder, version| module(folder, version, b"not a module"),
        reason: "Failed to parse corrupted Wasm module",
    },
    Wrong {
        what: "half of a module",
        release: |folder, version| {
            let whole = fs::read(workspace::wasm().join("basic_auth.wasm"))?;
            let (half, _) = whole.split_at(whole.len() / 2);
            module(folder, version, half)
        },
        reason: "Failed to parse corrupted Wasm module",
    },
    Wrong {
        what: "a module that is no plugin",
        release: |folder, version| module(folder, version, b"\0asm\x01\0\0\0"),
        reason: "Missing or unknown Proxy-Wasm ABI version",
    },
];

fn module(folder: &Path, version: u32, bytes: &[u8]) -> Result<Release> {
    let file = folder.join(format!("wrong-{version}.wasm"));
    fs::write(&file, bytes)?;
    Ok(Release::good(version).with_module(file))
}

/// Tries each in turn, as version 3 and so on; the version that serves must keep serving.
pub(super) fn try_all(site: &Site, serving: u32) -> Result<()> {
    for (version, wrong) in (3..).zip(WRONG) {
        refuse(site, &wrong, version, serving).context(wrong.what)?;
        eprintln!("  refused: {}", wrong.what);
    }
    Ok(())
}

fn refuse(site: &Site, wrong: &Wrong, version: u32, serving: u32) -> Result<()> {
    let (logged, before) = (site.envoy().log().len(), site.counts());
    site.refuses(&(wrong.release)(site.folder(), version)?)?;
    site.still_serves(serving)?;

    let failed = site.counts().failed - before.failed;
    ensure!(failed == 1, "config_fail has counted {failed}");
    let log = site.envoy().log();
    let log = log.get(logged..).unwrap_or_default();
    ensure!(
        log.contains(wrong.reason),
        "no {:?} in Envoy's log:\n{log}",
        wrong.reason
    );
    // The dump shows what came last, refused or not; `version_text` tells what serves.
    let (dumped, text) = (site.dumped_version()?, site.version_text()?);
    ensure!(
        dumped == version.to_string(),
        "the dump shows version {dumped}"
    );
    ensure!(text == serving.to_string(), "version_text is {text}");

    if let Some(told) = site.told_to_server(version)? {
        ensure!(told.starts_with("refused: "), "the server was told: {told}");
    }
    Ok(())
}

/// A response that holds another filter than the one that was asked for. From a file it is refused.
/// From a server it is not: Envoy acknowledges it, and ignores what it has not asked for.
pub(super) fn another_name(site: &Site, source: Source<'_>, serving: u32) -> Result<()> {
    let release = Release::good(9).named("other");
    let before = site.counts();
    if let Source::File = source {
        site.refuses(&release)?;
        eprintln!("  refused: another filter's name");
    } else {
        release.publish(&site.file())?;
        let told = site.told_to_server(9)?.context("there is no server")?;
        ensure!(told == "accepted", "the server was told: {told}");
        ensure!(site.counts() == before, "counted: {:?}", site.counts());
        eprintln!("  ignored: another filter's name");
    }
    let text = site.version_text()?;
    ensure!(text == serving.to_string(), "version_text is {text}");
    site.still_serves(serving)
}
