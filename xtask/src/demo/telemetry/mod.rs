//! `cargo xtask demo telemetry`: a client's Envoy, a server's Envoy, and a Prometheus that scrapes both.
//!
//! Both Envoys run metadata-exchange, attribute-gen and stats: the client's as three modules, the server's
//! as two, since `telemetry.wasm` is two of them. What Prometheus answers is compared with what was sent.

mod chart;
mod dashboard;
mod flood;
mod prometheus;
mod proxies;
mod questions;
mod tls;
mod traffic;
mod untagged;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::tools::{self, Tools};

use super::Then;
use super::case::{self, Case};
use super::interrupt::Interrupt;
use prometheus::Prometheus;
use proxies::Proxies;

/// What to do beside showing it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Chart {
    /// Nothing.
    Keep,
    /// Draw the chart of the docs again.
    Write,
}

/// Starts everything, sends, asks, compares.
pub(crate) fn show(tools: &Tools, then: Then, chart: Chart) -> Result<()> {
    let interrupt = Interrupt::install()?;
    let binary = tools::prometheus()?;
    let proxies = Proxies::start(&tools.envoy)?;
    let prometheus = Prometheus::start(&binary, &proxies.scraped())?;
    println!("two Envoys and {} are up", prometheus.version()?);

    // A rate needs two scrapes with something between them.
    let mut sent = traffic::Sent::default();
    for _ in 0..3 {
        interrupt.check()?;
        sent += traffic::wave(&proxies)?;
        let total = "sum(istio_requests_total{reporter=\"source\"})";
        prometheus.wait_for(total, sent.at_source())?;
        let durations = "sum(istio_request_duration_milliseconds_count{reporter=\"destination\"})";
        prometheus.wait_for(durations, sent.at_destination())?;
        let closed = "sum(istio_tcp_connections_closed_total{reporter=\"destination\"})";
        prometheus.wait_for(closed, sent.connections)?;
        std::thread::sleep(Duration::from_millis(1500));
    }

    let mut cases = questions::ask(&prometheus, &sent)?;
    cases.push(vms(&proxies)?);
    cases.extend(dashboard::check(&prometheus)?);
    cases.push(dashboard::check_chapter(&prometheus)?);
    cases.push(untagged::case(&tools.envoy)?);
    cases.extend(flood::cases(&tools.envoy)?);
    println!("{}", case::table("asked", &cases));
    if chart == Chart::Write {
        chart::write(&prometheus)?;
    }
    let differ = case::different(&cases);
    if differ > 0 {
        bail!("{differ} of the answers above are not what was expected");
    }
    println!("Everything is as expected.");
    if then == Then::StayUp {
        println!(
            "\nSend more to http://{} (HTTP) or {} (TCP); ask Prometheus at http://{}. Ctrl-C ends the demo.",
            proxies.http(),
            proxies.tcp(),
            prometheus.address()
        );
        interrupt.wait(|| proxies.are_up())?;
    }
    Ok(())
}

/// stats and metadata-exchange share a VM at the server, and attribute-gen has its own: two for each
/// three of the client.
fn vms(proxies: &Proxies) -> Result<Case> {
    let (client, server) = proxies.vms()?;
    Ok(questions::case(
        format!("the server's VMs, where the client has {client} for three modules"),
        (client / 3 * 2).to_string(),
        server.to_string(),
    ))
}
