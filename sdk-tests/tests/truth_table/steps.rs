//! Host calls that a scenario spells out for the fixture (see its `steps`), and their answers.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use sdk_tests::{HostKind, Log, Proxy, Request};

/// A step that calls a foreign function.
pub(crate) fn call(name: &str, arguments: impl AsRef<[u8]>) -> String {
    let hex = |byte: &u8| format!("{byte:02x}");
    let arguments: String = arguments.as_ref().iter().map(hex).collect();
    format!("call,{name},{arguments}")
}

/// Steps and the answers that they must get.
pub(crate) type Table<'a> = [(&'a str, &'a str)];

fn steps(table: &Table<'_>) -> String {
    let steps: Vec<_> = table.iter().map(|(step, _)| *step).collect();
    steps.join(" ")
}

/// Sends a request whose callbacks make the calls of a table, and compares the answers.
pub(crate) fn check(proxy: &mut Proxy, request: Request, table: &Table<'_>) {
    let before = proxy.logs().len();
    proxy.send(request.header("x-steps", steps(table)));
    compare(proxy, before, "request-headers", table);
}

/// Makes the calls of a table from the root context, in each of the three VMs.
pub(crate) fn check_root(proxy: &mut Proxy, table: &Table<'_>) {
    let before = proxy.logs().len();
    proxy.configure(format!("steps {}", steps(table))).unwrap();
    let thrice = [table, table, table].concat();
    compare(proxy, before, "configure", &thrice);
}

/// Compares what the fixture has logged since then with a table. Envoy's log may need a moment.
pub(crate) fn compare(proxy: &mut Proxy, before: usize, first: &str, table: &Table<'_>) {
    let mut wrong = differences(&proxy.logs().split_off(before), first, table);
    for _ in 0..100 {
        if wrong.is_empty() || proxy.host() != HostKind::Envoy {
            break;
        }
        proxy.advance(Duration::from_millis(20));
        wrong = differences(&proxy.logs().split_off(before), first, table);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences(logs: &[Log], first: &str, table: &Table<'_>) -> Vec<String> {
    let mut answers: BTreeMap<&str, VecDeque<&str>> = BTreeMap::new();
    for log in logs {
        if let Some((step, answer)) = log.message.split_once(" = ") {
            answers.entry(step).or_default().push_back(answer);
        }
    }
    let wrong = |(step, expected): &(&str, &str)| {
        let (phase, step) = step.split_once('@').unwrap_or((first, step));
        let key = format!("{phase}: {step}");
        let answer = answers.get_mut(key.as_str()).and_then(VecDeque::pop_front);
        let answer = answer.unwrap_or("never made");
        (answer != *expected).then(|| format!("{key} = {answer}, and not {expected}"))
    };
    table.iter().filter_map(wrong).collect()
}
