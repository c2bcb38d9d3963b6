//! The differential corpus: each host call in each phase, on every host, and the answers compared.
//!
//! What Envoy does is in the record beside this file, so that the other hosts can be compared with
//! it anywhere. The host `envoy` compares Envoy itself with the record; with `UPDATE_FIDELITY=1` it
//! writes the record anew.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may fail in any way"
)]

mod case;
mod compare;
mod known;
mod module;
mod normal;
mod outcome;
mod record;
mod report;
mod run;
mod table;

use case::Case;
use sdk_tests::{HostKind, Plugin, Proxy, scenario};

fn plugin() -> Plugin {
    module::plugin()
}

/// Whether generated files are to be written instead of compared.
fn updates() -> bool {
    std::env::var_os("UPDATE_FIDELITY").is_some()
}

#[scenario]
fn every_host_call_in_every_phase_of_a_root_context_is_as_in_envoy(proxy: &mut Proxy) {
    is_as_in_envoy(proxy.host(), Case::is_of_root);
}

#[scenario]
fn every_host_call_in_every_phase_of_a_stream_is_as_in_envoy(proxy: &mut Proxy) {
    is_as_in_envoy(proxy.host(), |case| !case.is_of_root());
}

fn is_as_in_envoy(host: HostKind, is_meant: fn(&Case) -> bool) {
    let only = std::env::var("FIDELITY_CASES").unwrap_or_default();
    let cases: Vec<_> = table::cases()
        .into_iter()
        .filter(|case| is_meant(case) && case.name.contains(&only))
        .collect();
    let outcomes = run::run(host, &cases);
    if host == HostKind::Envoy && updates() && only.is_empty() {
        record::write(&cases, &outcomes);
    }
    let envoy = record::read(&cases);
    let found = compare::compare(&cases, host, &outcomes, &envoy);
    if let Some(failure) = found.failure(host) {
        panic!("{failure}");
    }
}
