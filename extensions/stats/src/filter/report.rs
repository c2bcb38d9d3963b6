//! Finds a stream's series and tells the host.

use std::{collections::HashMap, rc::Rc};

use extension_common::{byte_cache::ByteCache, hostcalls};

use super::{active::Active, ask::Sizes, compiled::Compiled, midway::Progress, read};
use crate::{
    destination::Service,
    observation::{Observation, Protocol, append},
    peer::Peer,
    plan::{Group, GroupPlan, Measure, Metric},
    resolve::{Peers, resolve},
    series::{Found, Series, SeriesTable},
};

/// Streams whose series is remembered: so many kinds, and so many bytes.
const REMEMBERED: (usize, usize) = (10_000, 4 << 20);

const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

/// What is kept for reports.
pub(super) struct Reports {
    table: SeriesTable,
    /// By all that tells a stream's labels: most streams are like one before.
    known: ByteCache<Remembered>,
    plans: HashMap<(u8, u32), Rc<GroupPlan>>,
    /// Room for a key.
    key: Vec<u8>,
}

#[derive(Clone)]
struct Remembered {
    series: Rc<Series>,
    overflows: bool,
}

impl Reports {
    pub(super) fn new(table: SeriesTable) -> Self {
        let (entries, bytes) = REMEMBERED;
        Self {
            table,
            known: ByteCache::new(entries, bytes),
            plans: HashMap::new(),
            key: Vec::new(),
        }
    }

    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

/// What the configuration's own expressions say of a stream.
#[derive(Default)]
pub(super) struct Live {
    /// The conditions that hold, by bit.
    conditions: u32,
    /// The values of live expressions, by number.
    values: Vec<(usize, Vec<u8>)>,
}

impl Live {
    fn value(&self, number: usize) -> Option<&Vec<u8>> {
        let found = self.values.iter().find(|(known, _)| *known == number);
        found.map(|(_, value)| value)
    }
}

/// What one report tells, by measure.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measures {
    pub(super) sizes: Option<Sizes>,
    pub(super) messages: (u64, u64),
    /// Received and sent.
    pub(super) bytes: (u64, u64),
    pub(super) opened: bool,
    pub(super) closed: bool,
}

impl Measures {
    /// What `measure` is told, unless that is an expression.
    fn get(&self, measure: Measure) -> Option<u64> {
        let some = |value: u64| (value > 0).then_some(value);
        let of_request = |value: fn(&Sizes) -> i64| {
            let value = value(self.sizes.as_ref()?);
            Some(u64::try_from(value).unwrap_or_default())
        };
        match measure {
            Measure::Requests => self.sizes.map(|_| 1),
            Measure::Duration => of_request(|sizes| {
                sizes
                    .duration
                    .checked_div(NANOSECONDS_PER_MILLISECOND)
                    .unwrap_or_default()
            }),
            Measure::RequestBytes => of_request(|sizes| sizes.request),
            Measure::ResponseBytes => of_request(|sizes| sizes.response),
            Measure::RequestMessages => some(self.messages.0),
            Measure::ResponseMessages => some(self.messages.1),
            Measure::ReceivedBytes => some(self.bytes.0),
            Measure::SentBytes => some(self.bytes.1),
            Measure::Opened => some(u64::from(self.opened)),
            Measure::Closed => some(u64::from(self.closed)),
            Measure::Expression(_) => None,
        }
    }
}

impl Active {
    /// Reports a stream that is over: `progress` is what was reported before.
    pub(super) fn report_end(&self, progress: &Progress) {
        let (seen, sizes) = self.read_end();
        let live = self.evaluate();
        if seen.protocol == Protocol::Tcp {
            let (received, sent) = progress.new_bytes(read::bytes());
            let measures = Measures {
                bytes: (received, sent),
                opened: !progress.opened,
                closed: true,
                ..Measures::default()
            };
            return self.report(Group::Connections, &seen, &live, &measures);
        }
        let mut measures = Measures {
            sizes: Some(sizes),
            ..Measures::default()
        };
        self.report(Group::Requests, &seen, &live, &measures);
        if seen.protocol == Protocol::Grpc
            && let Some(messages) = read::messages()
        {
            measures.messages = progress.new_messages(messages);
            if measures.messages != (0, 0) {
                self.report(Group::Messages, &seen, &live, &measures);
            }
        }
    }

    /// Evaluates what the configuration has of its own; most have nothing.
    fn evaluate(&self) -> Live {
        let mut live = Live::default();
        for (bit, condition) in (0_u32..).zip(&self.conditions) {
            let bit = u32::from(condition.holds()).checked_shl(bit);
            live.conditions |= bit.unwrap_or_default();
        }
        for (number, expression) in self.expressions.iter().enumerate() {
            if expression.is_live() {
                live.values.push((number, expression.evaluate()));
            }
        }
        live
    }

    /// The same for an open stream; `None` where only its own callbacks could say.
    pub(super) fn evaluate_midway(&self, group: Group) -> Option<Live> {
        if !self.conditions.is_empty() {
            return None;
        }
        let plan = self.plan.group(group, 0);
        let needed = |number: &usize| self.expressions.get(*number);
        let mut expressions = plan.expressions.iter().filter_map(needed);
        if expressions.any(Compiled::needs_callback) {
            return None;
        }
        Some(self.evaluate_without_callback())
    }

    fn evaluate_without_callback(&self) -> Live {
        let mut live = Live::default();
        for (number, expression) in self.expressions.iter().enumerate() {
            if expression.is_live() && !expression.needs_callback() {
                live.values.push((number, expression.evaluate()));
            }
        }
        live
    }

    /// Adds `measures` to the stream's metrics of `group`.
    pub(super) fn report(
        &self,
        group: Group,
        seen: &Observation,
        live: &Live,
        measures: &Measures,
    ) {
        // Never borrowed already: no callback runs inside another.
        let Ok(mut reports) = self.reports.try_borrow_mut() else {
            return;
        };
        let remembered = reports.find(self, group, seen, live);
        if remembered.overflows {
            self.counters.overflow.increment();
        }
        remembered.series.record(
            reports.table.encoding(),
            |measure| match measure {
                Measure::Expression(number) => self.number(number, live),
                measure => measures.get(measure),
            },
            define,
            |_, id, value| {
                let _ = hostcalls::record_metric(id, value);
            },
        );
    }

    /// The value of an expression that is a whole number, and none below 0.
    fn number(&self, number: usize, live: &Live) -> Option<u64> {
        let text = match (live.value(number), self.expressions.get(number)) {
            (Some(value), _) | (None, Some(Compiled::Fixed(value))) => value.as_slice(),
            _ => return None,
        };
        std::str::from_utf8(text).ok()?.parse().ok()
    }

    pub(super) fn service(&self, cluster: &[u8]) -> Option<Rc<Service>> {
        self.services.try_borrow_mut().ok()?.find(cluster)
    }
}

fn define(metric: &Metric, name: &str) -> Option<u32> {
    let defined = hostcalls::define_metric(metric.kind, name);
    if let Err(error) = &defined {
        log::warn!("{} is not counted: {error}", metric.name);
    }
    defined.ok()
}

impl Reports {
    fn find(
        &mut self,
        active: &Active,
        group: Group,
        seen: &Observation,
        live: &Live,
    ) -> Remembered {
        let mut key = std::mem::take(&mut self.key);
        seen.identify(&mut key);
        key.push(group as u8);
        key.extend_from_slice(&live.conditions.to_le_bytes());
        for (_, value) in &live.values {
            append(&mut key, value);
        }
        let known = self.known.get(&key).cloned();
        let remembered = known.unwrap_or_else(|| {
            let remembered = self.resolve(active, group, seen, live);
            self.known.insert(&key, remembered.clone(), 0);
            remembered
        });
        self.key = key;
        remembered
    }

    fn resolve(
        &mut self,
        active: &Active,
        group: Group,
        seen: &Observation,
        live: &Live,
    ) -> Remembered {
        let plan = self.plans.entry((group as u8, live.conditions));
        let plan = plan.or_insert_with(|| Rc::new(active.plan.group(group, live.conditions)));
        let peers = Peers {
            downstream: Peer::of(&seen.downstream_peer),
            upstream: Peer::of(&seen.upstream_peer),
        };
        let service = active.service(&seen.cluster);
        let values = resolve(seen, &active.local, &peers, service.as_deref());
        let expression = |number: usize| match live.value(number) {
            Some(value) => value.to_vec(),
            None => {
                let expression = active.expressions.get(number);
                expression.map_or_else(Vec::new, |expression| expression.known(&peers))
            }
        };
        let variant = (live.conditions.wrapping_shl(8)) | u32::from(group as u8);
        let Found { series, overflows } = self.table.find(variant, plan, &values, expression);
        Remembered { series, overflows }
    }
}
