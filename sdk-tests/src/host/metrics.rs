//! Counters, gauges and histograms, by Envoy's rules.

use std::collections::BTreeMap;

use super::Status;

/// What a metric measures. The number is its ABI value and the low two bits of its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter = 0,
    /// Goes up and down.
    Gauge = 1,
    /// A distribution of values.
    Histogram = 2,
}

impl MetricKind {
    fn from_abi(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Counter),
            1 => Some(Self::Gauge),
            2 => Some(Self::Histogram),
            _ => None,
        }
    }
}

/// Refuses the ids of histograms, which an id says itself, and those of no kind.
fn has_one_value(id: u32) -> Result<(), Status> {
    if id & 3 > MetricKind::Gauge as u32 {
        return Err(Status::BadArgument);
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Values {
    scalars: BTreeMap<String, u64>,
    histograms: BTreeMap<String, Vec<u64>>,
}

/// The plugin's metrics. They belong to the proxy, so they outlive a configuration and a VM.
#[derive(Debug, Default)]
pub struct Metrics {
    ids: BTreeMap<u32, (MetricKind, String)>,
    defined: [u32; 3],
    values: Values,
}

impl Metrics {
    /// Defines a metric. A name that is known already gets a new id for the same value.
    ///
    /// # Errors
    ///
    /// `BadArgument`: no such kind of metric.
    pub fn define(&mut self, kind: u32, name: &str) -> Result<u32, Status> {
        let kind = MetricKind::from_abi(kind).ok_or(Status::BadArgument)?;
        let slot = kind as u32;
        let count = &mut self.defined[slot as usize];
        *count += 1;
        let id = slot + 4 * *count;
        self.ids.insert(id, (kind, name.to_owned()));
        match kind {
            MetricKind::Counter | MetricKind::Gauge => {
                self.values.scalars.entry(name.to_owned()).or_default();
            }
            MetricKind::Histogram => {
                self.values.histograms.entry(name.to_owned()).or_default();
            }
        }
        Ok(id)
    }

    /// Adds to a counter or a gauge. A gauge below zero wraps around.
    ///
    /// # Errors
    ///
    /// `NotFound`: an unknown id. `BadArgument`: a histogram, or a counter that would not grow.
    pub fn increment(&mut self, id: u32, offset: i64) -> Result<(), Status> {
        has_one_value(id)?;
        let (kind, name) = self.ids.get(&id).ok_or(Status::NotFound)?;
        if *kind == MetricKind::Counter && offset <= 0 {
            return Err(Status::BadArgument);
        }
        let value = self.values.scalars.entry(name.clone()).or_default();
        *value = value.wrapping_add_signed(offset);
        Ok(())
    }

    /// Sets a gauge, adds to a counter, records into a histogram.
    ///
    /// # Errors
    ///
    /// `NotFound`: an unknown id.
    pub fn record(&mut self, id: u32, value: u64) -> Result<(), Status> {
        let (kind, name) = self.ids.get(&id).ok_or(Status::NotFound)?;
        match kind {
            MetricKind::Counter => {
                let sum = self.values.scalars.entry(name.clone()).or_default();
                *sum = sum.wrapping_add(value);
            }
            MetricKind::Gauge => {
                self.values.scalars.insert(name.clone(), value);
            }
            MetricKind::Histogram => {
                self.values
                    .histograms
                    .entry(name.clone())
                    .or_default()
                    .push(value);
            }
        }
        Ok(())
    }

    /// The value of a counter or a gauge.
    ///
    /// # Errors
    ///
    /// `NotFound`: an unknown id. `BadArgument`: a histogram.
    pub fn get(&self, id: u32) -> Result<u64, Status> {
        has_one_value(id)?;
        let (_, name) = self.ids.get(&id).ok_or(Status::NotFound)?;
        Ok(self.values.scalars.get(name).copied().unwrap_or_default())
    }

    /// What a histogram was told.
    pub fn samples(&self, name: &str) -> &[u64] {
        let samples = self.values.histograms.get(name);
        samples.map(Vec::as_slice).unwrap_or_default()
    }

    /// All counters and gauges by name.
    pub fn scalars(&self) -> &BTreeMap<String, u64> {
        &self.values.scalars
    }
}
