//! What the configuration says of single metrics.

use std::collections::BTreeMap;

use extension_common::config::{ConfigError, Remarks};
use serde::Deserialize;

use crate::{labels, plan::STANDARD};

/// Conditions that one configuration may have: each doubles the ways in which metrics can look.
const MAX_CONDITIONS: usize = 6;

const MAX_METRICS: usize = 64;

const MAX_DIMENSIONS: usize = 64;

/// A change of a metric.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MetricJson {
    /// Labels to add, or to give another value: expressions (CEL) by name.
    dimensions: BTreeMap<String, String>,
    /// The metric, without `istio_`; all of them where it is empty.
    name: String,
    /// Labels that it is not to have.
    #[serde(alias = "tagsToRemove")]
    tags_to_remove: Vec<String>,
    /// The change is made only for streams for which this expression (CEL) is true.
    #[serde(rename = "match")]
    condition: String,
    /// Whether the metric is not reported at all.
    drop: bool,
}

/// A metric of the operator's own.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DefinitionJson {
    /// Its name, without `istio_`.
    name: String,
    /// What it is told when a request is over: an expression (CEL) that gives a whole number.
    value: String,
    /// What it measures. Default: `COUNTER`.
    #[serde(default, rename = "type")]
    kind: Kind,
}

/// What a metric measures.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// Only grows.
    #[default]
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution of values.
    Histogram,
}

/// A change of a metric, checked.
#[derive(Debug)]
pub struct Override {
    /// The metric; all of them where there is none.
    pub metric: Option<String>,
    /// Labels by name, each with its expression.
    pub dimensions: Vec<(String, String)>,
    /// Labels that are left out.
    pub tags_to_remove: Vec<String>,
    /// Makes the change one for some streams.
    pub condition: Option<String>,
    /// Whether the metric is left out.
    pub drop: bool,
}

/// A metric of the operator's own, checked.
#[derive(Debug)]
pub struct Definition {
    /// Its name, without `istio_`.
    pub name: String,
    /// The expression of its value.
    pub value: String,
    /// What it measures.
    pub kind: Kind,
}

/// A name that Prometheus can have.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 128
}

const NAME: &str = "a name of letters, digits and _";

pub(super) fn definitions(json: Vec<DefinitionJson>) -> Result<Vec<Definition>, ConfigError> {
    if json.len() > MAX_METRICS {
        let expected = format!("at most {MAX_METRICS} metrics");
        return Err(ConfigError::invalid("definitions", json.len(), expected));
    }
    let mut definitions: Vec<Definition> = Vec::new();
    for (index, json) in json.into_iter().enumerate() {
        let field = |name: &str| format!("definitions[{index}].{name}");
        if !is_name(&json.name) {
            return Err(ConfigError::invalid(field("name"), json.name, NAME));
        }
        if definitions.iter().any(|known| known.name == json.name) {
            let expected = "a name that no other definition has";
            return Err(ConfigError::invalid(field("name"), json.name, expected));
        }
        if json.value.trim().is_empty() {
            let expected = "an expression, such as \"1\" or \"response.code\"";
            return Err(ConfigError::invalid(field("value"), json.value, expected));
        }
        definitions.push(Definition {
            name: json.name,
            value: json.value,
            kind: json.kind,
        });
    }
    Ok(definitions)
}

pub(super) fn overrides(
    json: Vec<MetricJson>,
    definitions: &[Definition],
    remarks: &mut Remarks,
) -> Result<Vec<Override>, ConfigError> {
    if json.len() > MAX_METRICS {
        let expected = format!("at most {MAX_METRICS} metrics");
        return Err(ConfigError::invalid("metrics", json.len(), expected));
    }
    let mut conditions = 0_usize;
    let mut overrides = Vec::new();
    for (index, json) in json.into_iter().enumerate() {
        let field = |name: &str| format!("metrics[{index}].{name}");
        let is_metric = |name: &str| {
            STANDARD.iter().any(|metric| metric.name == name)
                || definitions.iter().any(|metric| metric.name == name)
        };
        if !json.name.is_empty() && !is_metric(&json.name) {
            let known: Vec<_> = STANDARD.iter().map(|metric| metric.name).collect();
            let expected = format!("one of definitions, or {}", known.join(", "));
            return Err(ConfigError::invalid(field("name"), json.name, expected));
        }
        if json.dimensions.len() > MAX_DIMENSIONS {
            let expected = format!("at most {MAX_DIMENSIONS} dimensions");
            let count = json.dimensions.len();
            return Err(ConfigError::invalid(field("dimensions"), count, expected));
        }
        for (name, expression) in &json.dimensions {
            if !is_name(name) {
                return Err(ConfigError::invalid(field("dimensions"), name, NAME));
            }
            if expression.trim().is_empty() {
                let field = field(&format!("dimensions.{name}"));
                return Err(ConfigError::invalid(field, expression, "an expression"));
            }
            // Istio's regular expressions for labels are not anchored.
            let ends = |label: &&&str| **label != name && label.ends_with(name.as_str());
            if let Some(label) = labels::NAMES.iter().find(ends) {
                remarks.warn(format!(
                    "{}: the stats_tags for {name} also match the end of {label}",
                    field("dimensions")
                ));
            }
        }
        let condition = Some(json.condition).filter(|text| !text.trim().is_empty());
        conditions = conditions.saturating_add(usize::from(condition.is_some()));
        if conditions > MAX_CONDITIONS {
            let expected = format!("at most {MAX_CONDITIONS} conditions in all");
            return Err(ConfigError::expected(field("match"), expected));
        }
        overrides.push(Override {
            metric: Some(json.name).filter(|name| !name.is_empty()),
            dimensions: json.dimensions.into_iter().collect(),
            tags_to_remove: json.tags_to_remove,
            condition,
            drop: json.drop,
        });
    }
    Ok(overrides)
}
