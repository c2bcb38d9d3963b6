//! Wasm instructions and host calls, counted by Wasmtime.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use comfy_table::Table;
use proxy_wasm::traits::RootContext;
use sdk_tests::{Cost, HostKind, Plugin, Proxy};

use super::subject::{Counted, Subject};
use crate::{table, workspace};

/// A row for each callback of each request, and one for the whole request.
pub(super) fn measure(subject: &Subject) -> Result<Table> {
    let header = [
        "request",
        "callback",
        "instructions",
        "host calls",
        "bytes copied",
    ];
    let mut table = table::new(header);
    for counted in &subject.requests {
        let costs = costs(subject, counted)?;
        // A callback that the module does not export costs nothing, and is no row.
        let ran = |cost: &&Cost| cost.instructions.is_some_and(|count| count > 0);
        for cost in costs.iter().filter(ran) {
            table.add_row(row(counted.what, cost.callback, std::slice::from_ref(cost)));
        }
        table.add_row(row(counted.what, "all", &costs));
    }
    Ok(table)
}

fn costs(subject: &Subject, counted: &Counted) -> Result<Vec<Cost>> {
    let module = workspace::wasm().join(format!("{}.wasm", subject.artifact));
    let plugin = Plugin::new(subject.artifact, native_is_not_used).wasm_file(module);
    let mut proxy = Proxy::new(HostKind::Wasm, &plugin);
    proxy
        .configure(&counted.config)
        .map_err(|error| anyhow!("{}: {error}", counted.what))?;
    // The first request fills caches and grows tables; the second is like every later one.
    proxy.send(counted.request.clone());
    proxy.send(counted.request.clone());
    Ok(proxy.costs())
}

/// Only the native host asks for it.
fn native_is_not_used() -> Box<dyn RootContext> {
    struct Nothing;
    impl proxy_wasm::traits::Context for Nothing {}
    impl RootContext for Nothing {}
    Box::new(Nothing)
}

fn row(what: &str, callback: &str, costs: &[Cost]) -> [String; 5] {
    let calls = || costs.iter().flat_map(|cost| &cost.host_calls);
    let mut names = BTreeMap::new();
    for call in calls() {
        *names
            .entry(call.name.trim_start_matches("proxy_"))
            .or_insert(0_u32) += 1;
    }
    let names: Vec<_> = names
        .into_iter()
        .map(|(name, count)| {
            if count == 1 {
                name.to_owned()
            } else {
                format!("{count} {name}")
            }
        })
        .collect();
    let instructions: u64 = costs.iter().filter_map(|cost| cost.instructions).sum();
    let bytes: usize = calls().map(|call| call.bytes_in + call.bytes_out).sum();
    let calls = format!("{}: {}", calls().count(), names.join(", "));
    [
        what.to_owned(),
        callback.trim_start_matches("proxy_on_").to_owned(),
        instructions.to_string(),
        calls.trim_end_matches(": ").to_owned(),
        bytes.to_string(),
    ]
}
