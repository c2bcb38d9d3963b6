//! Envoy's processor time per request.
//!
//! One Envoy, one listener for each filter and one without; Envoy answers by itself, so that no
//! upstream is in the way. A filter and no filter are measured in turn, in the order none, filter,
//! filter, none: a machine that grows slower or faster meanwhile favours neither.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use comfy_table::Table;
use sdk_tests::envoy::{Envoy, EnvoyOptions};

use super::load::{self, Size};
use super::subject::Subject;
use super::{check, cpu};
use crate::tools::Tools;
use crate::{envoy_config, table};

const NO_FILTER: &str = "no filter";

/// A table, or why there is none.
pub(super) fn measure(
    subject: &Subject,
    tools: &Tools,
    rounds: u32,
    size: Size,
) -> Result<Result<Table, &'static str>> {
    if !cfg!(target_os = "linux") {
        return Ok(Err(
            "Processor time is not measured: it is read from Linux's /proc.",
        ));
    }
    let envoy = start(subject, tools)?;
    check::run(subject, &envoy)?;

    let none = envoy.listener(NO_FILTER);
    let leg = |address, size| leg(&envoy, address, subject, size);
    let few = Size {
        requests: size.requests / 10,
        ..size
    };
    let (mut all_none, mut measured) = (Vec::new(), Vec::new());
    for variant in &subject.variants {
        eprintln!("measuring {}", variant.what);
        let filter = envoy.listener(variant.what);
        // What a first request does, such as a bcrypt check, is not measured.
        leg(filter, few)?;
        let (mut added, mut of_servers) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let legs = [
                leg(none, size)?,
                leg(filter, size)?,
                leg(filter, size)?,
                leg(none, size)?,
            ];
            let without = f64::midpoint(legs[0].envoy, legs[3].envoy);
            added.push(f64::midpoint(legs[1].envoy, legs[2].envoy) - without);
            of_servers.push(f64::midpoint(legs[1].servers, legs[2].servers));
            all_none.push(without);
        }
        measured.push(Measured {
            what: variant.what,
            added: median(&mut added),
            of_servers: median(&mut of_servers),
        });
    }
    let has_servers = !subject.servers.is_empty();
    Ok(Ok(table(median(&mut all_none), &measured, has_servers)))
}

/// Only checks that the variants do their work.
pub(super) fn check(subject: &Subject, tools: &Tools) -> Result<()> {
    check::run(subject, &start(subject, tools)?)
}

/// An Envoy with a listener for each variant, and one without a filter.
fn start(subject: &Subject, tools: &Tools) -> Result<Envoy> {
    let routes = check::routes(subject);
    let mut listeners = vec![envoy_config::routing_listener(NO_FILTER, &[], &routes)];
    for variant in &subject.variants {
        let filter = std::slice::from_ref(&variant.filter);
        let listener = envoy_config::routing_listener(variant.what, filter, &routes);
        listeners.push(listener);
    }
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let clusters = [&[("upstream", nowhere)], subject.clusters.as_slice()].concat();
    let mut config = envoy_config::with_clusters(&listeners, &clusters);
    if let Some(cluster) = subject.grpc {
        envoy_config::speak_http2(&mut config, cluster);
    }
    let config = config.to_string();
    Ok(Envoy::start(&EnvoyOptions::new(&tools.envoy, &config))?)
}

/// Microseconds of processor time per request.
struct Leg {
    envoy: f64,
    servers: f64,
}

/// The medians of a variant.
struct Measured {
    what: &'static str,
    added: f64,
    of_servers: f64,
}

fn leg(envoy: &Envoy, address: SocketAddr, subject: &Subject, size: Size) -> Result<Leg> {
    let of_servers = || {
        let times = subject.servers.iter().map(|server| cpu::time(server.pid()));
        times.sum::<Result<Duration>>()
    };
    let before = (cpu::time(envoy.pid())?, of_servers()?);
    let sent = load::run(address, &subject.load, size)?;
    let after = (cpu::time(envoy.pid())?, of_servers()?);
    let each = |before, after: Duration| {
        after.saturating_sub(before).as_secs_f64() * 1e6 / f64::from(sent)
    };
    Ok(Leg {
        envoy: each(before.0, after.0),
        servers: each(before.1, after.1),
    })
}

/// A row for each variant; what servers used beside Envoy is shown where there are any.
fn table(base: f64, measured: &[Measured], has_servers: bool) -> Table {
    let columns = ["filter", "µs per request", "added µs", "of no filter"];
    let [filter, per_request, added, of_none] = columns;
    let mut table = match has_servers {
        true => table::new([filter, per_request, added, of_none, "µs of the server"]),
        false => table::new(columns),
    };
    table.add_row([NO_FILTER, &format!("{base:.1}")]);
    for variant in measured {
        let total = base + variant.added;
        let mut row = vec![
            variant.what.to_owned(),
            format!("{total:.1}"),
            format!("{:.1}", variant.added),
            format!("{:.2}", total / base),
        ];
        if has_servers {
            row.push(format!("{:.1}", variant.of_servers));
        }
        table.add_row(row);
    }
    table
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "these numbers are exact")]
    fn the_median_is_the_middle_or_between_the_two_middle_ones() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
