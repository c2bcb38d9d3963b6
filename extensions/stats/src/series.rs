//! Sets of labels and the host's metrics for them: bounded, whatever requests say.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use crate::{
    encoding::Encoding,
    labels::Values,
    observation::append,
    plan::{GroupPlan, Measure, Metric, Origin},
    resolve::{OTHER, overflow},
};

/// So many label sets there are for what overflows; above, not even the status is kept apart.
const MAX_OVERFLOW: usize = 100;

/// One set of labels, with the host's metrics for it.
#[derive(Debug)]
pub struct Series {
    plan: Rc<GroupPlan>,
    /// The values of the plan's standard labels and expressions, safe.
    labels: HashMap<usize, String>,
    expressions: HashMap<usize, String>,
    /// The host's id of each metric, once it was defined; `None` where the host refused.
    ids: RefCell<Vec<Option<Option<u32>>>>,
}

impl Series {
    /// Tells the host each metric for which `value` has something. `define` makes a metric's id.
    pub fn record(
        &self,
        encoding: &Encoding,
        value: impl Fn(Measure) -> Option<u64>,
        define: impl Fn(&Metric, &str) -> Option<u32>,
        record: impl Fn(&Metric, u32, u64),
    ) {
        // Never borrowed already: neither closure comes back here.
        let Ok(mut ids) = self.ids.try_borrow_mut() else {
            return;
        };
        for (metric, id) in self.plan.metrics.iter().zip(ids.iter_mut()) {
            let Some(value) = value(metric.measure) else {
                continue;
            };
            let id = id.get_or_insert_with(|| define(metric, &self.name(encoding, metric)));
            if let Some(id) = *id {
                record(metric, id, value);
            }
        }
    }

    fn name(&self, encoding: &Encoding, metric: &Metric) -> String {
        let labels = metric.tags.iter().map(|tag| {
            let value = match tag.origin {
                Origin::Standard(number) => self.labels.get(&number),
                Origin::Expression(number) => self.expressions.get(&number),
            };
            (tag.name.as_str(), value.map_or("", String::as_str))
        });
        encoding.name(&metric.name, labels)
    }
}

/// All sets of labels that a worker keeps apart.
#[derive(Debug)]
pub struct SeriesTable {
    encoding: Encoding,
    max: Option<usize>,
    series: HashMap<Vec<u8>, Rc<Series>>,
    overflow: HashSet<Vec<u8>>,
}

/// A set of labels, and whether it is one for what overflows.
#[derive(Debug)]
pub struct Found {
    /// The series.
    pub series: Rc<Series>,
    /// Whether the stream's own labels were one set too many.
    pub overflows: bool,
}

impl SeriesTable {
    /// None yet; at most `max`.
    pub fn new(encoding: Encoding, max: Option<usize>) -> Self {
        Self {
            encoding,
            max,
            series: HashMap::new(),
            overflow: HashSet::new(),
        }
    }

    /// How names are put together.
    pub fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// How many sets there are, without those for what overflows.
    pub fn len(&self) -> usize {
        self.series.len().saturating_sub(self.overflow.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The series for these labels; `variant` tells plans apart. `expression` gives the value of a
    /// label that the configuration has added.
    pub fn find(
        &mut self,
        variant: u32,
        plan: &Rc<GroupPlan>,
        values: &Values,
        expression: impl Fn(usize) -> Vec<u8>,
    ) -> Found {
        let series = self.prepare(plan, values, expression);
        let key = key(variant, 0, plan, &series);
        if let Some(series) = self.series.get(&key) {
            return Found {
                series: series.clone(),
                overflows: false,
            };
        }
        if self.max.is_none_or(|max| self.len() < max) {
            let series = Rc::new(series);
            self.series.insert(key, series.clone());
            return Found {
                series,
                overflows: false,
            };
        }
        Found {
            series: self.find_overflow(variant, plan, values),
            overflows: true,
        }
    }

    fn find_overflow(&mut self, variant: u32, plan: &Rc<GroupPlan>, values: &Values) -> Rc<Series> {
        let other = |_| OTHER.as_bytes().to_vec();
        let series = self.prepare(plan, &overflow(values), other);
        let mut overflow_key = key(variant, 1, plan, &series);
        let mut series = series;
        if !self.series.contains_key(&overflow_key) && self.overflow.len() >= MAX_OVERFLOW {
            let mut all_other = Values::default();
            for number in 0..crate::labels::COUNT {
                all_other.set_at(number, OTHER);
            }
            series = self.prepare(plan, &all_other, other);
            overflow_key = key(variant, 1, plan, &series);
        }
        self.overflow.insert(overflow_key.clone());
        let known = self.series.entry(overflow_key);
        known.or_insert_with(|| Rc::new(series)).clone()
    }

    fn prepare(
        &self,
        plan: &Rc<GroupPlan>,
        values: &Values,
        expression: impl Fn(usize) -> Vec<u8>,
    ) -> Series {
        let safe = |bytes: &[u8]| self.encoding.safe(bytes);
        let labels = plan.labels.iter();
        let expressions = plan.expressions.iter();
        Series {
            plan: plan.clone(),
            labels: labels
                .map(|number| (*number, safe(values.at(*number).as_bytes())))
                .collect(),
            expressions: expressions
                .map(|number| (*number, safe(&expression(*number))))
                .collect(),
            ids: RefCell::new(vec![None; plan.metrics.len()]),
        }
    }
}

/// What tells a series from others.
fn key(variant: u32, overflow: u8, plan: &GroupPlan, series: &Series) -> Vec<u8> {
    let mut key = variant.to_le_bytes().to_vec();
    key.push(overflow);
    for (numbers, values) in [
        (&plan.labels, &series.labels),
        (&plan.expressions, &series.expressions),
    ] {
        for number in numbers {
            let value = values.get(number).map_or("", String::as_str);
            append(&mut key, value.as_bytes());
        }
    }
    key
}

#[cfg(test)]
mod tests;
