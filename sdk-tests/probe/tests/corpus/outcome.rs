//! What can be seen of a case.

use std::collections::BTreeMap;

use sdk_tests::{Callout, Level, Log, Reply};

use crate::case::{Case, TAG};
use crate::normal;

/// Everything that can be seen of a case, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) lines: Vec<String>,
}

/// What a host shows once all cases have run, by the tag of the case.
pub(crate) struct Seen {
    logs: BTreeMap<String, Vec<Log>>,
    metrics: BTreeMap<String, Vec<(String, u64)>>,
    callouts: BTreeMap<String, Vec<Callout>>,
}

/// The tag in a text.
fn tag_in(text: &str) -> Option<String> {
    let mut starts = text.match_indices('c').map(|(start, _)| start);
    starts.find_map(|start| {
        let tag = text.get(start..start + TAG)?;
        let number = tag.strip_prefix('c')?.strip_suffix('x')?;
        let is_tag = number.bytes().all(|byte| byte.is_ascii_digit());
        is_tag.then(|| tag.to_owned())
    })
}

fn by_tag<T>(things: Vec<T>, text: impl Fn(&T) -> String) -> BTreeMap<String, Vec<T>> {
    let mut by_tag: BTreeMap<_, Vec<T>> = BTreeMap::new();
    for thing in things {
        if let Some(tag) = tag_in(&text(&thing)) {
            by_tag.entry(tag).or_default().push(thing);
        }
    }
    by_tag
}

impl Seen {
    pub(crate) fn new(
        logs: Vec<Log>,
        metrics: BTreeMap<String, u64>,
        callouts: Vec<Callout>,
    ) -> Self {
        let path = |callout: &Callout| String::from_utf8_lossy(callout.request.path()).into_owned();
        Self {
            logs: by_tag(logs, |log| log.message.chars().take(TAG).collect()),
            metrics: by_tag(metrics.into_iter().collect(), |(name, _)| name.clone()),
            callouts: by_tag(callouts, path),
        }
    }
}

impl Outcome {
    /// `end` is the reply, if there was a request, or why the host did not come so far.
    pub(crate) fn of(case: &Case, end: &Result<Option<Reply>, String>, seen: &Seen) -> Self {
        let mut lines = of_log(case, seen.logs.get(&case.tag).map_or(&[], Vec::as_slice));
        match end {
            Ok(None) => {}
            Ok(Some(reply)) => of_reply(reply, &mut lines),
            Err(error) => lines.push(normal::death(error)),
        }
        for (name, value) in seen.metrics.get(&case.tag).into_iter().flatten() {
            lines.push(format!("metric {name} = {value}"));
        }
        // Servers of several clusters see theirs in any order.
        let mut callouts: Vec<_> = seen.callouts.get(&case.tag).into_iter().flatten().collect();
        callouts.sort_by(|one, other| one.cluster.cmp(&other.cluster));
        for callout in callouts {
            lines.push(format!("callout to {}", callout.cluster));
            fields("callout", callout.request.all_headers(), &mut lines);
            lines.push(format!(
                "callout body {}",
                normal::body(callout.request.body())
            ));
        }
        for line in &mut lines {
            *line = line.replace(&case.tag, "$");
        }
        Self { lines }
    }
}

fn of_log(case: &Case, logs: &[Log]) -> Vec<String> {
    let line = |log: &Log| {
        let line = log.message.get(TAG..).unwrap_or_default().trim_start();
        match log.level {
            Level::Info => normal::log(line),
            level => format!("[{}] {}", level.name(), normal::log(line)),
        }
    };
    let mut lines: Vec<_> = logs.iter().map(line).collect();
    if case.is_of_root() {
        // Three VMs, each on its thread, do the same.
        lines.sort();
    }
    lines
}

fn fields(what: &str, fields: &[(String, Vec<u8>)], lines: &mut Vec<String>) {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| normal::rank(name));
    for (name, value) in fields {
        if normal::is_compared(name) {
            lines.push(format!("{what} {name}: {}", normal::header(name, value)));
        }
    }
}

fn of_reply(reply: &Reply, lines: &mut Vec<String>) {
    match reply.upstream() {
        Some(upstream) => {
            fields("upstream", upstream.all_headers(), lines);
            lines.push(format!("upstream body {}", normal::body(upstream.body())));
            for name in ["x-a", "x-t", "x-new"] {
                if let Some(trailer) = upstream.trailer(name) {
                    lines.push(format!(
                        "upstream trailer {name}: {}",
                        trailer.escape_ascii()
                    ));
                }
            }
        }
        None => lines.push("upstream never asked".to_owned()),
    }
    lines.push(format!("client {}", reply.status()));
    fields("client", reply.all_headers(), lines);
    lines.push(format!("client body {}", normal::body(reply.body())));
    for name in ["x-a", "x-t", "x-new"] {
        if let Some(trailer) = reply.trailer(name) {
            lines.push(format!("client trailer {name}: {}", trailer.escape_ascii()));
        }
    }
}
