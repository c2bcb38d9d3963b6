use std::collections::BTreeMap;

use super::*;
use crate::{
    config::Override,
    labels::Label,
    plan::{Group, Plan},
};

fn plan(overrides: &[Override]) -> Rc<GroupPlan> {
    Rc::new(Plan::new(&[], overrides).group(Group::Requests, 0))
}

fn to_host(host: &str, code: u16) -> Values {
    let mut values = Values::default();
    values.set(Label::DestinationService, host);
    values.set(Label::ResponseCode, code.to_string());
    values
}

/// A host that counts.
#[derive(Default)]
struct Host {
    defined: RefCell<Vec<String>>,
    recorded: RefCell<BTreeMap<u32, u64>>,
}

impl Host {
    fn count(&self, table: &SeriesTable, found: &Found) {
        found.series.record(
            table.encoding(),
            |measure| (measure == Measure::Requests).then_some(1),
            |_, name| {
                let mut defined = self.defined.borrow_mut();
                defined.push(name.to_owned());
                u32::try_from(defined.len()).ok()
            },
            |_, id, value| {
                let mut recorded = self.recorded.borrow_mut();
                let sum = recorded.entry(id).or_default();
                *sum = sum.saturating_add(value);
            },
        );
    }

    fn total(&self) -> u64 {
        self.recorded.borrow().values().sum()
    }
}

fn none(_: usize) -> Vec<u8> {
    Vec::new()
}

#[test]
fn ten_thousand_hosts_are_two_thousand_series_and_totals_are_exact() {
    let plan = plan(&[]);
    let mut table = SeriesTable::new(Encoding::default(), Some(2000));
    let host = Host::default();
    let mut overflows = 0;
    for number in 0..10_000_u32 {
        let code = if number % 4 == 0 { 503 } else { 200 };
        let found = table.find(0, &plan, &to_host(&format!("host-{number}"), code), none);
        overflows += u32::from(found.overflows);
        host.count(&table, &found);
    }
    assert_eq!(table.len(), 2000);
    assert_eq!(overflows, 8_000);
    // One more for each status.
    assert_eq!(host.defined.borrow().len(), 2002);
    assert_eq!(host.total(), 10_000);
    // What was known before is still told apart.
    let found = table.find(0, &plan, &to_host("host-1", 200), none);
    assert!(!found.overflows);
}

#[test]
fn not_even_statuses_are_without_bounds() {
    let plan = plan(&[]);
    let mut table = SeriesTable::new(Encoding::default(), Some(1));
    let host = Host::default();
    for code in 0..1000 {
        let found = table.find(0, &plan, &to_host("x", code), none);
        host.count(&table, &found);
    }
    assert_eq!(host.defined.borrow().len(), 1 + MAX_OVERFLOW + 1);
    assert_eq!(host.total(), 1000);
}

#[test]
fn labels_that_no_metric_has_do_not_tell_series_apart() {
    let remove = Override {
        metric: None,
        dimensions: Vec::new(),
        tags_to_remove: vec!["destination_service".to_owned()],
        condition: None,
        drop: false,
    };
    let plan = plan(&[remove]);
    let mut table = SeriesTable::new(Encoding::default(), Some(10));
    for number in 0..100 {
        table.find(0, &plan, &to_host(&number.to_string(), 200), none);
    }
    assert_eq!(table.len(), 1);
}

#[test]
fn metrics_are_defined_once_and_by_their_labels() {
    let plan = plan(&[]);
    let mut table = SeriesTable::new(Encoding::default(), None);
    let host = Host::default();
    for _ in 0..3 {
        let found = table.find(0, &plan, &to_host("a;.;b", 200), none);
        host.count(&table, &found);
    }
    let defined = host.defined.borrow();
    let [name] = defined.as_slice() else {
        panic!("{defined:?}");
    };
    assert!(name.starts_with("istio_requests_totalreporter=.=unknown;.;"));
    assert!(name.contains("destination_service=.=a_.;b;.;"), "{name}");
    assert!(name.contains("response_code=.=200;.;"), "{name}");
}

#[test]
fn labels_of_ones_own_tell_series_apart_and_overflow_too() {
    let team = Override {
        metric: None,
        dimensions: vec![("team".to_owned(), "request.headers['team']".to_owned())],
        tags_to_remove: Vec::new(),
        condition: None,
        drop: false,
    };
    let plan = plan(&[team]);
    let mut table = SeriesTable::new(Encoding::default(), Some(2));
    let host = Host::default();
    for team in ["a", "b", "c", "d"] {
        let found = table.find(0, &plan, &to_host("x", 200), |_| team.into());
        host.count(&table, &found);
    }
    let defined = host.defined.borrow();
    assert_eq!(defined.len(), 3);
    for (name, team) in defined.iter().zip(["a", "b", "other"]) {
        assert!(name.ends_with(&format!("team=.={team};.;")), "{name}");
    }
}
