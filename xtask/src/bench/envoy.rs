//! Envoy's processor time per request.
//!
//! One Envoy, one listener for each filter and one without; Envoy answers by itself, so that no
//! upstream is in the way, unless a variant wants one. A filter and no filter are measured in turn, in
//! the order none, filter, filter, none: a machine that grows slower or faster meanwhile favours
//! neither. The turns are short and many: what disturbs the machine for a while spoils few of them.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use comfy_table::Table;
use sdk_tests::envoy::{Envoy, EnvoyOptions};
use serde_json::{Value, json};

use super::load::{self, Size};
use super::subject::{Subject, Variant};
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
    let upstream = Upstream::start(subject, tools)?;
    let envoy = start(subject, upstream.as_ref(), tools)?;
    check::run(subject, &envoy)?;

    let leg = |listener, variant| leg(&envoy, envoy.listener(listener), subject, variant, size);
    let mut legs: Vec<_> = subject.variants.iter().map(Legs::new).collect();
    for variant in &subject.variants {
        // What a first request does, such as a bcrypt check, is not measured.
        leg(variant.what, variant)?;
    }
    for round in 1..=rounds {
        eprint!("\rround {round} of {rounds}");
        for measured in &mut legs {
            let variant = measured.variant;
            let [before, first, second, after] = [
                leg(NO_FILTER, variant)?,
                leg(variant.what, variant)?,
                leg(variant.what, variant)?,
                leg(NO_FILTER, variant)?,
            ];
            let without = f64::midpoint(before.envoy, after.envoy);
            let with = f64::midpoint(first.envoy, second.envoy);
            measured.without.push(without);
            measured.added.push(with - without);
            let of_servers = f64::midpoint(first.servers, second.servers);
            measured.of_servers.push(of_servers);
        }
    }
    eprintln!();
    let has_servers = !subject.servers.is_empty();
    Ok(Ok(table(&mut legs, has_servers)))
}

/// Only checks that the variants do their work.
pub(super) fn check(subject: &Subject, tools: &Tools) -> Result<()> {
    let upstream = Upstream::start(subject, tools)?;
    check::run(subject, &start(subject, upstream.as_ref(), tools)?)
}

/// What answers the variants that want an upstream: an Envoy of its own, whose time does not count.
struct Upstream(Envoy);

impl Upstream {
    fn start(subject: &Subject, tools: &Tools) -> Result<Option<Self>> {
        if !subject.variants.iter().any(|variant| variant.asks_upstream) {
            return Ok(None);
        }
        let answer = json!({ "direct_response": { "status": 200 } });
        let listener = envoy_config::listener(NO_FILTER, &[], &answer);
        let config = envoy_config::with_clusters(&[listener], &[]).to_string();
        let envoy = Envoy::start(&EnvoyOptions::new(&tools.envoy, &config))?;
        Ok(Some(Self(envoy)))
    }

    fn address(&self) -> SocketAddr {
        self.0.listener(NO_FILTER)
    }
}

/// An Envoy with a listener for each variant, and one without a filter.
fn start(subject: &Subject, upstream: Option<&Upstream>, tools: &Tools) -> Result<Envoy> {
    let routes = check::routes(subject);
    let mut listeners = vec![envoy_config::routing_listener(NO_FILTER, &[], &routes)];
    for variant in &subject.variants {
        let filter = std::slice::from_ref(&variant.filter);
        let listener = envoy_config::routing_listener(variant.what, filter, &routes);
        listeners.push(listener);
    }
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let address = upstream.map_or(nowhere, Upstream::address);
    let clusters = [&[("upstream", address)], subject.clusters.as_slice()].concat();
    let mut config = envoy_config::with_clusters(&listeners, &clusters);
    describe_upstream(&mut config);
    if let Some(cluster) = subject.grpc {
        envoy_config::speak_http2(&mut config, cluster);
    }
    let config = config.to_string();
    Ok(Envoy::start(&EnvoyOptions::new(&tools.envoy, &config))?)
}

/// What Istio says of a cluster, and of an endpoint.
fn describe_upstream(config: &mut Value) {
    let service = json!({
        "name": "reviews",
        "namespace": "books",
        "host": "reviews.books.svc.cluster.local",
    });
    let cluster = &mut config["static_resources"]["clusters"][0];
    cluster["metadata"] = json!({ "filter_metadata": { "istio": { "services": [service] } } });
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["metadata"] = json!({
        "filter_metadata": { "istio": { "workload": "reviews-v2;books;reviews;v2;cluster-1" } },
    });
}

/// Microseconds of processor time per request.
struct Leg {
    envoy: f64,
    servers: f64,
}

/// What was measured of a variant, by round.
struct Legs<'a> {
    variant: &'a Variant,
    without: Vec<f64>,
    added: Vec<f64>,
    of_servers: Vec<f64>,
}

impl<'a> Legs<'a> {
    fn new(variant: &'a Variant) -> Self {
        Self {
            variant,
            without: Vec::new(),
            added: Vec::new(),
            of_servers: Vec::new(),
        }
    }
}

fn leg(
    envoy: &Envoy,
    address: SocketAddr,
    subject: &Subject,
    variant: &Variant,
    size: Size,
) -> Result<Leg> {
    let of_servers = || {
        let times = subject.servers.iter().map(|server| cpu::time(server.pid()));
        times.sum::<Result<Duration>>()
    };
    let before = (cpu::time(envoy.pid())?, of_servers()?);
    let sent = load::run(address, &variant.load(subject), size)?;
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
fn table(legs: &mut [Legs<'_>], has_servers: bool) -> Table {
    let columns = ["filter", "µs per request", "added µs", "of no filter"];
    let [filter, per_request, added, of_none] = columns;
    let mut table = match has_servers {
        true => table::new([filter, per_request, added, of_none, "µs of the server"]),
        false => table::new(columns),
    };
    for (asks_upstream, name) in [(false, NO_FILTER), (true, "no filter, to an upstream")] {
        let mut legs: Vec<_> = legs
            .iter_mut()
            .filter(|legs| legs.variant.asks_upstream == asks_upstream)
            .collect();
        let mut without: Vec<_> = legs
            .iter()
            .flat_map(|legs| &legs.without)
            .copied()
            .collect();
        if without.is_empty() {
            continue;
        }
        let base = median(&mut without);
        table.add_row([name, &format!("{base:.1}")]);
        for legs in &mut legs {
            table.add_row(row(legs, base, has_servers));
        }
    }
    table
}

fn row(legs: &mut Legs<'_>, base: f64, has_servers: bool) -> Vec<String> {
    let added = median(&mut legs.added);
    let total = base + added;
    let mut row = vec![
        legs.variant.what.to_owned(),
        format!("{total:.1}"),
        format!("{added:.1}"),
        format!("{:.2}", total / base),
    ];
    if has_servers {
        row.push(format!("{:.1}", median(&mut legs.of_servers)));
    }
    row
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
