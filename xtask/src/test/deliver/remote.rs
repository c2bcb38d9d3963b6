//! Modules that Envoy fetches (`code.remote`): the trap, and the way around it. The guide's chapter
//! on deploying tells what is checked here.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::release::Release;
use super::site::{Answer, Site, Source, ask};
use crate::workspace;

pub(super) fn check(envoy: &Path) -> Result<()> {
    let module = fs::read(workspace::wasm().join("basic_auth.wasm"))?;
    let digest: String = Sha256::digest(&module)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let as_first = |digest: &str| Release::good(1).with_vm(&fetched(digest, false));

    let site = Site::start(envoy, Source::File, &as_first(&digest))?;
    site.serves(1).context("the first config")?;
    eprintln!("  the first config: it works");

    let site = Site::start(envoy, Source::File, &as_first(&"0".repeat(64)))?;
    site.wait_until("fetch the module", || site.fetched() > 0)?;
    everybody_gets(&site, &Answer::Status(503)).context("another digest")?;
    eprintln!("  another digest than the module's: 503");

    opens_the_gate(envoy, &digest).context("an update")?;
    takes_it_the_second_time(envoy, &digest).context("nack_on_code_cache_miss")
}

/// What Envoy 1.40 does. Should it do better one day, this fails, and the guide has to change.
fn opens_the_gate(envoy: &Path, digest: &str) -> Result<()> {
    let site = Site::start(envoy, Source::File, &Release::good(1))?;
    site.serves(1)?;
    let before = site.counts();
    Release::good(2)
        .with_vm(&fetched(digest, false))
        .publish(&site.file())?;
    site.wait_until("take the update", || {
        site.counts().accepted > before.accepted
    })?;
    everybody_gets(&site, &Answer::Through)?;
    ensure!(site.fetched() == 0, "Envoy has fetched the module");
    ensure!(site.version_text()? == "2", "version_text is another");
    eprintln!("  an update: taken, never fetched, and everybody gets in (the trap)");

    site.accepts(&Release::good(3))?;
    eprintln!("  an update with a local file: the gate is closed again");
    Ok(())
}

/// With this setting the update is refused while Envoy fetches: the old config serves, and the same
/// update is taken when it comes again.
fn takes_it_the_second_time(envoy: &Path, digest: &str) -> Result<()> {
    let site = Site::start(envoy, Source::File, &Release::good(1))?;
    site.serves(1)?;
    let safely = fetched(digest, true);
    site.refuses(&Release::good(2).with_vm(&safely))?;
    site.still_serves(1)?;
    site.wait_until("fetch the module", || site.remote("fetch_successes") == 1)?;
    site.accepts(&Release::good(3).with_vm(&safely))?;
    ensure!(site.fetched() == 1, "fetched {} times", site.fetched());
    site.nobody_slipped_through()?;

    let wrong = fetched(&"0".repeat(64), true);
    for version in [4, 5] {
        site.refuses(&Release::good(version).with_vm(&wrong))?;
        site.wait_until("fail to fetch", || {
            site.remote("fetch_failures") == u64::from(version - 3)
        })?;
        site.still_serves(3)?;
    }
    eprintln!("  with nack_on_code_cache_miss: refused first, taken the second time");
    Ok(())
}

fn everybody_gets(site: &Site, expected: &Answer) -> Result<()> {
    for _ in 0..20 {
        let answer = ask(site.address())?;
        ensure!(answer == *expected, "{answer:?} instead of {expected:?}");
    }
    Ok(())
}

/// A VM whose module comes from the cluster `modules`.
fn fetched(digest: &str, nack_on_code_cache_miss: bool) -> Value {
    json!({
        "code": { "remote": {
            "http_uri": {
                "uri": "http://modules.example/basic_auth.wasm",
                "cluster": "modules",
                "timeout": "10s",
            },
            "sha256": digest,
        } },
        "nack_on_code_cache_miss": nack_on_code_cache_miss,
    })
}
