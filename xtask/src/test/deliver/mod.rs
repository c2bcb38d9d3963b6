//! Configs and modules that change, and plugins that crash, while Envoy runs; delivered by ECDS: from a file, and by a server
//! over gRPC. The extension is basic-auth, whose answers tell which version of its config it has.

mod alerts;
mod configs;
mod crash;
mod load;
mod refused;
mod release;
mod remote;
mod server;
mod site;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};

use self::release::Release;
use self::site::{Answer, Site, Source};
use super::{Context, Outcome};
use crate::tools;

/// How often the config changes under load.
const UPDATES: u32 = 100;

pub(super) fn run(_: &Context) -> Result<Outcome> {
    let envoy = tools::setup()?.envoy;
    let server = server::build()?;
    let sources = [
        ("from a file", Source::File),
        ("from a server", Source::Server(&server)),
    ];
    for (name, source) in sources {
        eprintln!("{name}:");
        delivered(&envoy, source).context(name)?;
    }
    eprintln!("what Envoy has to fetch:");
    remote::check(&envoy).context("modules that Envoy fetches")?;
    eprintln!("without a valid config:");
    first_is_wrong(&envoy).context("a wrong first config")?;
    eprintln!("a plugin that crashes:");
    crash::check(&envoy).context("a plugin that crashes")?;
    eprintln!("the configs that users copy:");
    configs::check(&envoy, &server)?;
    Ok(Outcome::Passed)
}

/// The life of a filter: updates, a rollback, mistakes, a busy day, and a control plane that goes away.
fn delivered(envoy: &Path, source: Source<'_>) -> Result<()> {
    let mut site = Site::start(envoy, source, &Release::good(1))?;
    site.serves(1)?;
    site.accepts(&Release::good(2)).context("an update")?;
    site.accepts(&Release::good(1)).context("a rollback")?;
    let other = site.other_module()?;
    site.accepts(&Release::good(2).with_module(other.clone()))
        .context("a new module")?;
    site.accepts(&Release::good(1)).context("the old module")?;
    eprintln!("  taken: an update, a new module, and rollbacks of both");

    refused::try_all(&site, 1)?;
    refused::another_name(&site, source, 1).context("another filter's name")?;
    site.accepts(&Release::good(10))
        .context("an update after mistakes")?;

    let newest = AtomicU32::new(10);
    let seen = load::under_load(site.address(), &newest, || {
        for version in 11..11 + UPDATES {
            newest.store(version, Ordering::SeqCst);
            let release = Release::good(version);
            if version % 10 == 0 {
                site.refuses(&release.with_unknown_field())?;
            } else if version % 20 == 5 {
                site.accepts(&release.with_module(other.clone()))?;
            } else {
                site.accepts(&release)?;
            }
        }
        Ok(())
    })?;
    eprintln!(
        "  under load: {UPDATES} updates, some with another module, some wrong; {} requests, none failed",
        seen.requests
    );
    // More often than by chance: the load has lived through the updates.
    ensure!(
        seen.changes >= u64::from(UPDATES),
        "the load has seen {seen:?}"
    );
    site.nobody_slipped_through()?;
    alerts::check(&site).context("the alerts")?;

    if site.ends_server() {
        site.still_serves(10 + UPDATES - 1)?;
        eprintln!("  the server has gone: the last version keeps serving");
    }
    Ok(())
}

/// Until there is a first valid config, nobody gets in.
fn first_is_wrong(envoy: &Path) -> Result<()> {
    let site = Site::start(envoy, Source::File, &Release::good(1).with_unknown_field())?;
    for _ in 0..10 {
        let answer = site::ask(site.address())?;
        ensure!(answer == Answer::Status(500), "{answer:?}");
    }
    site.accepts(&Release::good(2))?;
    site.nobody_slipped_through()?;
    eprintln!("  500 for everybody, until one comes");
    Ok(())
}
