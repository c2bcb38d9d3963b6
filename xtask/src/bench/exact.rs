//! The table of exact costs.

use std::path::Path;

use anyhow::Result;
use comfy_table::Table;
use sdk_tests::budget::CallbackBudget;

use super::budgets;
use crate::table;

/// A row for each callback of each request, and one for the whole request.
pub(super) fn table(measured: &Path) -> Result<Table> {
    let header = [
        "request",
        "callback",
        "instructions",
        "host calls",
        "bytes copied",
    ];
    let mut table = table::new(header);
    for (request, callbacks) in budgets::read(measured)? {
        let mut all = CallbackBudget {
            callback: "all".to_owned(),
            ..CallbackBudget::default()
        };
        for callback in &callbacks {
            table.add_row(row(&request, callback));
            add(&mut all, callback);
        }
        table.add_row(row(&request, &all));
    }
    Ok(table)
}

fn add(all: &mut CallbackBudget, callback: &CallbackBudget) {
    all.instructions += callback.instructions;
    all.bytes_in += callback.bytes_in;
    all.bytes_out += callback.bytes_out;
    for (name, count) in &callback.host_calls {
        *all.host_calls.entry(name.clone()).or_default() += count;
    }
}

fn row(request: &str, callback: &CallbackBudget) -> [String; 5] {
    let names = callback.host_calls.iter().map(|(name, count)| match count {
        1 => name.clone(),
        count => format!("{count} {name}"),
    });
    let names: Vec<_> = names.collect();
    let calls = format!(
        "{}: {}",
        callback.host_calls.values().sum::<u64>(),
        names.join(", ")
    );
    [
        request.to_owned(),
        callback.callback.clone(),
        callback.instructions.to_string(),
        calls.trim_end_matches(": ").to_owned(),
        (callback.bytes_in + callback.bytes_out).to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_row_counts_equal_host_calls_and_adds_the_bytes() {
        let callback = CallbackBudget {
            callback: "request_headers".to_owned(),
            instructions: 5000,
            host_calls: BTreeMap::from([("get_property".to_owned(), 3), ("log".to_owned(), 1)]),
            bytes_in: 7,
            bytes_out: 30,
        };
        assert_eq!(
            row("open path", &callback),
            [
                "open path",
                "request_headers",
                "5000",
                "4: 3 get_property, log",
                "37"
            ]
        );
        let nothing = CallbackBudget::default();
        assert_eq!(row("open path", &nothing)[3], "0");
    }
}
