//! Runs cases on a host.
//!
//! A case of a stream has a request of its own. Those of a root context would take an update of the
//! configuration each, which takes Envoy a quarter of a second: they share one, except for cases
//! that disturb others.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use sdk_tests::{Fault, HostKind, Proxy, Reply, UpstreamReply};

use crate::case::{Case, Drive, Exchange};
use crate::known;
use crate::module::plugin;
use crate::outcome::{Outcome, Seen};

/// How long to wait at a time.
const WAIT: Duration = Duration::from_millis(50);

/// How often at most.
const PATIENCE: usize = 200;

/// Where the probe finds the scripts of a VM that starts.
const VM_START: &str = "PROBE_VM_START";

/// What came of each case, by its name.
pub(crate) type Outcomes = BTreeMap<String, Outcome>;

/// Cases that are driven at once.
type Batch<'a> = Vec<&'a Case>;

/// Runs all cases; in another proxy behind those that kill one.
pub(crate) fn run(kind: HostKind, cases: &[Case]) -> Outcomes {
    // What a proxy knows dies with it.
    let (fatal, harmless): (Vec<_>, Vec<_>) =
        cases.iter().partition(|case| known::kills_envoy(case));
    let (starting, others) = batches(harmless);
    let mut outcomes = Outcomes::new();
    if !starting.is_empty() {
        outcomes.extend(run_at_start(kind, &starting));
    }
    let (_, fatal) = batches(fatal);
    for batches in [others, fatal] {
        // Envoy waits half of the time.
        let (one, other) = batches.split_at(batches.len() / 2);
        thread::scope(|scope| {
            let one = scope.spawn(|| run_all(kind, one));
            outcomes.extend(run_all(kind, other));
            outcomes.extend(one.join().expect("what panics is an outcome"));
        });
    }
    outcomes
}

/// In as many proxies as it takes.
fn run_all(kind: HostKind, mut batches: &[Batch<'_>]) -> Outcomes {
    let mut outcomes = Outcomes::new();
    while !batches.is_empty() {
        let (done, some) = run_until_death(kind, batches);
        outcomes.extend(some);
        batches = &batches[done..];
    }
    outcomes
}

/// Those of the start of a VM, which has no other; and the others.
fn batches(cases: Vec<&Case>) -> (Batch<'_>, Vec<Batch<'_>>) {
    let mut starting = Vec::new();
    let mut shared: BTreeMap<Drive, Batch<'_>> = BTreeMap::new();
    let mut own = Vec::new();
    for case in cases {
        match case.drive {
            Drive::Start => starting.push(case),
            Drive::Send(_) => own.push(vec![case]),
            _ if case.disturbs() => own.push(vec![case]),
            drive => shared.entry(drive).or_default().push(case),
        }
    }
    starting.sort_by_key(|case| case.disturbs());
    (starting, shared.into_values().chain(own).collect())
}

fn proxy(kind: HostKind) -> Proxy {
    let mut proxy = Proxy::new(kind, &plugin());
    // Natively this waits for whoever has scripts there.
    proxy.env(VM_START, "");
    proxy.serve("answers", |_| Exchange::Plain.answer());
    proxy.serve("answers-with-trailers", |_| Exchange::Trailers.answer());
    proxy.serve("answers-503", |_| UpstreamReply::new(503));
    proxy.serve_fault("refuses", Fault::Refused);
    proxy.serve_fault("waits", Fault::Timeout);
    proxy.serve_fault("empty", Fault::NoEndpoints);
    proxy.serve_grpc_fault("grpc-waits", Fault::Timeout);
    proxy
}

fn scripts(batch: &Batch<'_>) -> String {
    let scripts: Vec<_> = batch.iter().map(|case| case.script()).collect();
    scripts.join("\n")
}

fn run_at_start(kind: HostKind, batch: &Batch<'_>) -> Outcomes {
    let mut proxy = proxy(kind);
    proxy.env(VM_START, &scripts(batch));
    // It may fail: then that is to be seen.
    let _ = proxy.configure("");
    settle(&mut proxy);
    let seen = look(&mut proxy);
    outcomes(batch, &Ok(None), &seen).collect()
}

/// Returns also how many batches have run.
fn run_until_death(kind: HostKind, batches: &[Batch<'_>]) -> (usize, Outcomes) {
    let mut proxy = proxy(kind);
    let mut ends = Vec::new();
    let mut root_has_script = false;
    proxy.configure("").expect("a script is never refused");
    for batch in batches {
        let is_of_root = batch.iter().any(|case| case.is_of_root());
        let end = caught(|| {
            if root_has_script && !is_of_root {
                proxy.configure("").expect("a script is never refused");
            }
            drive(&mut proxy, batch)
        });
        root_has_script = is_of_root;
        let dead = matches!(&end, Err(error) if !error.starts_with(NOT_HTTP));
        ends.push(end);
        if dead {
            break;
        }
    }
    // What is still on its way arrives, and the last configuration ends.
    let _ = caught(|| {
        let _ = proxy.configure("end");
        settle(&mut proxy);
    });
    let seen = look(&mut proxy);
    let outcomes = batches
        .iter()
        .zip(&ends)
        .flat_map(|(batch, end)| outcomes(batch, end, &seen))
        .collect();
    (ends.len(), outcomes)
}

/// How a batch ended: with a reply, or with a panic of the host.
type End = Result<Option<Reply>, String>;

/// What a client says that cannot read the reply.
const NOT_HTTP: &str = "Envoy did not answer: not HTTP/1.1";

/// The first line of a panic.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let message = panic.downcast::<String>().map(|message| *message);
        let message = message.unwrap_or_else(|_| "a panic without a message".to_owned());
        message.lines().next().unwrap_or_default().to_owned()
    })
}

/// Waits until nothing more is logged.
fn settle(proxy: &mut Proxy) {
    let mut before = usize::MAX;
    for _ in 0..PATIENCE {
        proxy.advance(WAIT);
        let now = proxy.logs().len();
        if now == before {
            return;
        }
        before = now;
    }
}

/// Waits until the timers of two VMs have fired, or their callouts are answered.
fn wait_for(proxy: &mut Proxy, batch: &Batch<'_>) {
    let came = |proxy: &mut Proxy, case: &Case| {
        let lines = proxy.logs();
        let callbacks = ["tick(", "http_call_response("].map(|name| format!("{} {name}", case.tag));
        let came = |message: &str| callbacks.iter().any(|start| message.starts_with(start));
        lines.iter().filter(|log| came(&log.message)).count() >= 2
    };
    for case in batch {
        for _ in 0..PATIENCE {
            if came(proxy, case) {
                break;
            }
            proxy.advance(WAIT);
        }
    }
}

fn look(proxy: &mut Proxy) -> Seen {
    Seen::new(proxy.logs(), proxy.metrics(), proxy.callouts())
}

fn outcomes<'a>(
    batch: &'a Batch<'_>,
    end: &'a End,
    seen: &'a Seen,
) -> impl Iterator<Item = (String, Outcome)> + 'a {
    batch
        .iter()
        .map(move |case| (case.name.clone(), Outcome::of(case, end, seen)))
}

fn drive(proxy: &mut Proxy, batch: &Batch<'_>) -> Option<Reply> {
    let case = batch.first()?;
    if let Drive::Send(exchange) = case.drive {
        proxy.upstream_replies(exchange.answer());
        return Some(proxy.send(exchange.request().header("x-probe", case.script())));
    }
    // A script may refuse it.
    let _ = proxy.configure(scripts(batch));
    match case.drive {
        Drive::Wait => wait_for(proxy, batch),
        Drive::Create => {
            proxy.upstream_replies(Exchange::Plain.answer());
            return Some(proxy.send(Exchange::Plain.request()));
        }
        Drive::Replace => {
            let _ = proxy.configure("");
        }
        Drive::Start | Drive::Configure | Drive::Send(_) => {}
    }
    None
}
