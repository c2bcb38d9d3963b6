//! Envoy's processor time per request.
//!
//! One Envoy, one listener for each filter and one without; Envoy answers by itself, so that no
//! upstream is in the way. A filter and no filter are measured in turn, in the order none, filter,
//! filter, none: a machine that grows slower or faster meanwhile favours neither.

use std::net::SocketAddr;

use anyhow::Result;
use comfy_table::Table;
use sdk_tests::envoy::{Envoy, EnvoyOptions};
use serde_json::json;

use super::subject::Subject;
use super::{cpu, load};
use crate::tools::Tools;
use crate::{envoy_config, table};

const NO_FILTER: &str = "no filter";

/// A table, or why there is none.
pub(super) fn measure(
    subject: &Subject,
    tools: &Tools,
    rounds: u32,
    requests: u32,
) -> Result<Result<Table, &'static str>> {
    if !cfg!(target_os = "linux") {
        return Ok(Err(
            "Processor time is not measured: it is read from Linux's /proc.",
        ));
    }
    let answer = json!({ "direct_response": { "status": 200 } });
    let mut listeners = vec![envoy_config::listener(NO_FILTER, &[], &answer)];
    for variant in &subject.variants {
        let filter = std::slice::from_ref(&variant.filter);
        listeners.push(envoy_config::listener(variant.what, filter, &answer));
    }
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let clusters = [&[("upstream", nowhere)], subject.clusters.as_slice()].concat();
    let config = envoy_config::with_clusters(&listeners, &clusters).to_string();
    let envoy = Envoy::start(&EnvoyOptions::new(&tools.envoy, &config))?;

    let none = envoy.listener(NO_FILTER);
    let leg = |address, requests| leg(&envoy, address, subject, requests);
    let (mut all_none, mut measured) = (Vec::new(), Vec::new());
    for variant in &subject.variants {
        eprintln!("measuring {}", variant.what);
        let filter = envoy.listener(variant.what);
        // What a first request does, such as a bcrypt check, is not measured.
        leg(filter, requests / 10)?;
        let mut added = Vec::new();
        for _ in 0..rounds {
            let legs = [
                leg(none, requests)?,
                leg(filter, requests)?,
                leg(filter, requests)?,
                leg(none, requests)?,
            ];
            let without = f64::midpoint(legs[0], legs[3]);
            added.push(f64::midpoint(legs[1], legs[2]) - without);
            all_none.push(without);
        }
        measured.push((variant.what, median(&mut added)));
    }

    let base = median(&mut all_none);
    let mut table = table::new(["filter", "µs per request", "added µs", "of no filter"]);
    table.add_row([NO_FILTER, &format!("{base:.1}"), "", ""]);
    for (what, added) in measured {
        let total = base + added;
        table.add_row([
            what,
            &format!("{total:.1}"),
            &format!("{added:.1}"),
            &format!("{:.2}", total / base),
        ]);
    }
    Ok(Ok(table))
}

/// Microseconds per request.
fn leg(envoy: &Envoy, address: SocketAddr, subject: &Subject, requests: u32) -> Result<f64> {
    let before = cpu::time(envoy.pid())?;
    let sent = load::run(address, &subject.load, requests)?;
    let used = cpu::time(envoy.pid())?.saturating_sub(before);
    Ok(used.as_secs_f64() * 1e6 / f64::from(sent))
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
