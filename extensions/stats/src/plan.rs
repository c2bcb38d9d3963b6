//! Which metrics a stream is reported in, each with which labels: the standard ones, as the
//! configuration has changed them.

use proxy_wasm::types::MetricType;

use crate::{
    config::{Definition, Kind, Override},
    labels,
};

/// What a standard metric is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// One for each request.
    Requests,
    /// Milliseconds from the first byte to the last.
    Duration,
    /// Bytes of the request: headers and body.
    RequestBytes,
    /// Bytes of the response: headers, body and trailers.
    ResponseBytes,
    /// gRPC messages from the client.
    RequestMessages,
    /// gRPC messages to the client.
    ResponseMessages,
    /// Bytes to the client.
    SentBytes,
    /// Bytes from the client.
    ReceivedBytes,
    /// One for each connection.
    Opened,
    /// One for each connection that has ended.
    Closed,
    /// What the configuration's expression of this number gives.
    Expression(usize),
}

/// Metrics that are reported together, with the same labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// When an HTTP request is over.
    Requests,
    /// While and when a gRPC stream is over.
    Messages,
    /// While and when a TCP connection is over.
    Connections,
}

impl Group {
    /// The labels of the group: so many, from the first.
    fn labels(self) -> usize {
        match self {
            Self::Requests => labels::COUNT,
            Self::Messages => labels::OF_PEERS,
            Self::Connections => labels::OF_TCP,
        }
    }
}

/// A standard metric.
#[derive(Debug)]
pub struct Standard {
    /// Its name, without `istio_`.
    pub name: &'static str,
    /// What it is told.
    pub measure: Measure,
    /// With what it is reported.
    pub group: Group,
    histogram: bool,
}

const fn counter(name: &'static str, measure: Measure, group: Group) -> Standard {
    Standard {
        name,
        measure,
        group,
        histogram: false,
    }
}

const fn histogram(name: &'static str, measure: Measure) -> Standard {
    Standard {
        name,
        measure,
        group: Group::Requests,
        histogram: true,
    }
}

/// Istio's standard metrics.
pub const STANDARD: [Standard; 10] = [
    counter("requests_total", Measure::Requests, Group::Requests),
    histogram("request_duration_milliseconds", Measure::Duration),
    histogram("request_bytes", Measure::RequestBytes),
    histogram("response_bytes", Measure::ResponseBytes),
    counter(
        "request_messages_total",
        Measure::RequestMessages,
        Group::Messages,
    ),
    counter(
        "response_messages_total",
        Measure::ResponseMessages,
        Group::Messages,
    ),
    counter(
        "tcp_sent_bytes_total",
        Measure::SentBytes,
        Group::Connections,
    ),
    counter(
        "tcp_received_bytes_total",
        Measure::ReceivedBytes,
        Group::Connections,
    ),
    counter(
        "tcp_connections_opened_total",
        Measure::Opened,
        Group::Connections,
    ),
    counter(
        "tcp_connections_closed_total",
        Measure::Closed,
        Group::Connections,
    ),
];

/// Where a label's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The standard label of this number.
    Standard(usize),
    /// The configuration's expression of this number.
    Expression(usize),
}

/// A label of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub origin: Origin,
}

/// A metric as it is reported.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name, without `istio_`.
    pub name: String,
    /// For the host.
    pub kind: MetricType,
    /// What it is told.
    pub measure: Measure,
    /// Its labels, in their order.
    pub tags: Vec<Tag>,
}

/// The metrics of one group.
#[derive(Clone, Debug, Default)]
pub struct GroupPlan {
    /// All of them.
    pub metrics: Vec<Metric>,
    /// Which standard labels any of them has.
    pub labels: Vec<usize>,
    /// Which expressions any of them has as a label.
    pub expressions: Vec<usize>,
}

/// All expressions of a configuration, each once.
#[derive(Debug, Default)]
pub struct Expressions {
    /// As they were written, each with the field that it stands in first.
    pub written: Vec<(String, String)>,
}

impl Expressions {
    /// The number of `expression`, which stands in `field`.
    fn number(&mut self, expression: &str, field: String) -> usize {
        let known = self.written.iter().position(|(text, _)| text == expression);
        known.unwrap_or_else(|| {
            self.written.push((expression.to_owned(), field));
            self.written.len().saturating_sub(1)
        })
    }
}

/// A change, with its expressions by number.
#[derive(Debug)]
struct Change {
    metric: Option<String>,
    dimensions: Vec<(String, usize)>,
    tags_to_remove: Vec<String>,
    /// Which bit of a stream's conditions makes it.
    condition: Option<u32>,
    drop: bool,
}

/// The configuration's metrics, before any stream's conditions are known.
#[derive(Debug)]
pub struct Plan {
    metrics: Vec<(Group, Metric)>,
    changes: Vec<Change>,
    /// The expressions of labels and values, by number.
    pub expressions: Expressions,
    /// The conditions, by bit: each written, with its field.
    pub conditions: Vec<(String, String)>,
}

impl Plan {
    /// Reads what was configured.
    pub fn new(definitions: &[Definition], overrides: &[Override]) -> Self {
        let mut expressions = Expressions::default();
        let mut metrics: Vec<_> = STANDARD.iter().map(standard).collect();
        for (index, definition) in definitions.iter().enumerate() {
            let field = format!("definitions[{index}].value");
            let number = expressions.number(&definition.value, field);
            let own = Metric {
                name: definition.name.clone(),
                kind: kind(definition.kind),
                measure: Measure::Expression(number),
                tags: Vec::new(),
            };
            let known = metrics
                .iter_mut()
                .find(|(_, metric)| metric.name == definition.name);
            match known {
                // In the place of a standard one: with its labels.
                Some((group, metric)) => {
                    *group = Group::Requests;
                    metric.kind = own.kind;
                    metric.measure = own.measure;
                }
                None => metrics.push((Group::Requests, own)),
            }
        }
        let mut conditions = Vec::new();
        let mut changes = Vec::new();
        for (index, change) in overrides.iter().enumerate() {
            let condition = change.condition.as_ref().map(|written| {
                conditions.push((written.clone(), format!("metrics[{index}].match")));
                u32::try_from(conditions.len().saturating_sub(1)).unwrap_or(u32::MAX)
            });
            let dimensions = change.dimensions.iter().map(|(name, expression)| {
                let field = format!("metrics[{index}].dimensions.{name}");
                (name.clone(), expressions.number(expression, field))
            });
            changes.push(Change {
                metric: change.metric.clone(),
                dimensions: dimensions.collect(),
                tags_to_remove: change.tags_to_remove.clone(),
                condition,
                drop: change.drop,
            });
        }
        Self {
            metrics,
            changes,
            expressions,
            conditions,
        }
    }

    /// The metrics of `group` for streams for which the conditions of these bits are true.
    pub fn group(&self, group: Group, conditions: u32) -> GroupPlan {
        let holds = |change: &&Change| match change.condition {
            Some(bit) => conditions
                .checked_shr(bit)
                .is_some_and(|bits| bits & 1 == 1),
            None => true,
        };
        let mut plan = GroupPlan::default();
        for (_, metric) in self.metrics.iter().filter(|(of, _)| *of == group) {
            let mut metric = metric.clone();
            let name = metric.name.clone();
            let mut dropped = false;
            for change in self.changes.iter().filter(holds) {
                if change.metric.as_ref().is_some_and(|of| *of != name) {
                    continue;
                }
                dropped |= change.drop;
                apply(change, &mut metric.tags);
            }
            if !dropped {
                plan.metrics.push(metric);
            }
        }
        for tag in plan.metrics.iter().flat_map(|metric| &metric.tags) {
            let (list, number) = match tag.origin {
                Origin::Standard(number) => (&mut plan.labels, number),
                Origin::Expression(number) => (&mut plan.expressions, number),
            };
            if !list.contains(&number) {
                list.push(number);
            }
        }
        plan.labels.sort_unstable();
        plan.expressions.sort_unstable();
        plan
    }
}

fn apply(change: &Change, tags: &mut Vec<Tag>) {
    tags.retain(|tag| !change.tags_to_remove.contains(&tag.name));
    for (name, number) in &change.dimensions {
        let origin = Origin::Expression(*number);
        match tags.iter_mut().find(|tag| tag.name == *name) {
            Some(tag) => tag.origin = origin,
            None => tags.push(Tag {
                name: name.clone(),
                origin,
            }),
        }
    }
}

fn standard(standard: &Standard) -> (Group, Metric) {
    let names = labels::NAMES.iter().take(standard.group.labels());
    let tags = names.enumerate().map(|(number, name)| Tag {
        name: (*name).to_owned(),
        origin: Origin::Standard(number),
    });
    let metric = Metric {
        name: standard.name.to_owned(),
        kind: match standard.histogram {
            true => MetricType::Histogram,
            false => MetricType::Counter,
        },
        measure: standard.measure,
        tags: tags.collect(),
    };
    (standard.group, metric)
}

fn kind(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    }
}

#[cfg(test)]
mod tests;
