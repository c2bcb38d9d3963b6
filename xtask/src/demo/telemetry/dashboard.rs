//! The dashboards in `examples/grafana`: every query in them has to give something. And the queries that
//! the book tells: Prometheus has to understand them.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::prometheus::Prometheus;
use super::questions::case;
use crate::demo::case::Case;
use crate::workspace;

/// What Grafana would put in the place of its variables.
const VARIABLES: [(&str, &str); 5] = [
    ("$__rate_interval", "1m"),
    ("$__range", "5m"),
    ("$namespace", ".*"),
    ("$workload", ".*"),
    ("$service", ".*"),
];

pub(super) fn check(prometheus: &Prometheus) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(workspace::root().join("examples/grafana"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = workspace::relative(&path).to_string();
        let text = std::fs::read_to_string(&path)?;
        let dashboard: Value =
            serde_json::from_str(&text).with_context(|| format!("{name} is no JSON"))?;
        let mut queries = Vec::new();
        collect(&dashboard, &mut queries);
        if queries.is_empty() {
            bail!("{name} has no query");
        }
        let mut nothing = Vec::new();
        for query in &queries {
            let query = VARIABLES
                .iter()
                .fold(query.clone(), |query, (name, value)| {
                    query.replace(name, value)
                });
            if query.contains('$') {
                bail!("{name} has a variable that nobody knows: {query}");
            }
            if prometheus.query(&query)?.is_empty() {
                nothing.push(query);
            }
        }
        let what = format!("the {} queries of {name}", queries.len());
        let got = match nothing.as_slice() {
            [] => "all give something".to_owned(),
            nothing => format!("nothing: {}", nothing.join("; ")),
        };
        cases.push(case(what, "all give something".to_owned(), got));
    }
    Ok(cases)
}

/// The chapter with a table of questions.
const CHAPTER: &str = "docs/src/guide/telemetry.md";

/// Some ask for what there should not be, so that it is no mistake to get nothing.
pub(super) fn check_chapter(prometheus: &Prometheus) -> Result<Case> {
    let text = std::fs::read_to_string(workspace::root().join(CHAPTER))?;
    let queries = in_table(&text);
    if queries.is_empty() {
        bail!("{CHAPTER} has no table of queries");
    }
    let refused: Vec<_> = queries
        .iter()
        .filter_map(|query| prometheus.query(query).err())
        .map(|error| error.to_string())
        .collect();
    let got = match refused.as_slice() {
        [] => "all understood".to_owned(),
        refused => refused.join("; "),
    };
    let what = format!("the {} queries of {CHAPTER}", queries.len());
    Ok(case(what, "all understood".to_owned(), got))
}

/// The code in the rows of the table whose last column is headed `PromQL`.
fn in_table(text: &str) -> Vec<&str> {
    let from_header = text
        .lines()
        .skip_while(|line| !line.ends_with("| PromQL |"));
    let rows = from_header.skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.rsplit('`').nth(1)).collect()
}

/// All `expr` in there.
fn collect(value: &Value, queries: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("expr", Value::String(query)) => queries.push(query.clone()),
                    _ => collect(value, queries),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, queries)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::in_table;

    #[test]
    fn the_queries_of_a_table_are_found() {
        let text = "| a | b |\n|---|---|\n| 1 | `x` |\n\n| c | PromQL |\n|---|---|\n| `2` | `y{z=~\"5..\"}` |\n\n`w`\n";
        assert_eq!(in_table(text), ["y{z=~\"5..\"}"]);
    }
}
