//! Conditions and values, as the cheapest thing that each can be.

use extension_common::{config::ConfigError, vocabulary};

use super::{
    Give, Host, HostMatch, Program, Step,
    fold::{self, Folded},
};
use crate::{
    condition::Condition,
    config::{self, Match, Phase},
};

/// Why the host does not take an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is wrong, and this is what the host says.
    Wrong(String),
    /// The host has no expressions.
    Unsupported,
}

/// Makes `attribute`, the one with this `index`, ready.
///
/// # Errors
/// A condition or a value that the host does not take. What has been parsed so far is dropped.
pub fn compile<H: Host>(
    host: &H,
    index: usize,
    attribute: config::Attribute,
) -> Result<Program<H::Expression>, ConfigError> {
    let config::Attribute {
        name,
        phase,
        on_error,
        matches,
    } = attribute;
    let mut steps = Vec::new();
    let mut row = Vec::new();
    for (at, written) in matches.into_iter().enumerate() {
        let place = Place {
            field: format!("attributes[{index}].match[{at}]"),
            attribute: &name,
        };
        match compile_match(host, phase, at, &written, &place)? {
            Compiled::Guest(step) => {
                flush(host, &mut row, &mut steps);
                steps.push(step);
            }
            Compiled::Host(source, host_match) => row.push((source, host_match)),
        }
    }
    flush(host, &mut row, &mut steps);
    Ok(Program {
        name,
        phase,
        on_error,
        steps,
    })
}

enum Compiled<E> {
    Guest(Step<E>),
    Host(String, HostMatch<E>),
}

/// Where an error is.
struct Place<'a> {
    field: String,
    attribute: &'a str,
}

impl Place<'_> {
    fn refused(&self, what: &str, source: &str, refusal: Refusal) -> ConfigError {
        let reason = match refusal {
            Refusal::Wrong(reason) => format!("an expression that the host takes: {reason}"),
            Refusal::Unsupported => {
                "nothing that needs CEL, which this host does not have".to_owned()
            }
        };
        ConfigError::invalid(
            format!("{}.{what} of {:?}", self.field, self.attribute),
            source,
            reason,
        )
    }
}

fn flush<H: Host>(
    host: &H,
    row: &mut Vec<(String, HostMatch<H::Expression>)>,
    steps: &mut Vec<Step<H::Expression>>,
) {
    for row in fold::rows(std::mem::take(row)) {
        let (sources, matches): (Vec<_>, Vec<_>) = row.into_iter().unzip();
        steps.push(Step::Host {
            folded: Folded::new(host, &sources),
            matches,
        });
    }
}

/// An expression in the words that Envoy has today.
fn modern(source: &str) -> String {
    vocabulary::with_peers(&vocabulary::modern(source))
}

fn compile_match<H: Host>(
    host: &H,
    phase: Phase,
    index: usize,
    written: &Match,
    place: &Place<'_>,
) -> Result<Compiled<H::Expression>, ConfigError> {
    let give = compile_value(host, phase, &written.value, place)?;
    let Some(source) = &written.condition else {
        return Ok(Compiled::Guest(Step::Guest {
            index,
            condition: Condition::Always(true),
            instead: None,
            give,
        }));
    };
    let modern = modern(source);
    // The host has the last word on what is right, whoever evaluates it.
    let parsed_by_host = host.parse(&modern);
    let own = Condition::parse(&modern, phase);
    match (parsed_by_host, own) {
        (Err(refusal @ Refusal::Wrong(_)), _) | (Err(refusal), None) => {
            Err(place.refused("condition", source, refusal))
        }
        (by_host, Some(condition)) => {
            let instead = by_host.ok();
            if instead.is_some() {
                check_patterns(host, "condition", source, place)?;
            }
            Ok(Compiled::Guest(Step::Guest {
                index,
                condition,
                instead,
                give,
            }))
        }
        (Ok(condition), None) => {
            check_patterns(host, "condition", source, place)?;
            let host_match = HostMatch {
                index,
                condition,
                give,
            };
            Ok(Compiled::Host(modern, host_match))
        }
    }
}

/// Lets the host try each regular expression: it may have limits that the guest does not know.
fn check_patterns<H: Host>(
    host: &H,
    what: &str,
    source: &str,
    place: &Place<'_>,
) -> Result<(), ConfigError> {
    for pattern in Condition::patterns(source) {
        let trial = host.parse(&format!("''.matches({pattern})"));
        let works = trial.is_ok_and(|trial| host.evaluate(&trial).is_some());
        if !works {
            let reason = format!("it does not compile the regular expression {pattern} (RE2)");
            return Err(place.refused(what, source, Refusal::Wrong(reason)));
        }
    }
    Ok(())
}

fn compile_value<H: Host>(
    host: &H,
    phase: Phase,
    value: &config::Value,
    place: &Place<'_>,
) -> Result<Give<H::Expression>, ConfigError> {
    let source = match value {
        config::Value::Constant(text) => return Ok(Give::Constant(text.clone().into_bytes())),
        config::Value::Expression(source) => source,
    };
    let modern = modern(source);
    // Numbers as text. What cannot be made text fails when it is evaluated.
    let parsed = host
        .parse(&format!("string({modern}\n)"))
        .map_err(|refusal| place.refused("value_expression", source, refusal));
    match Condition::parse_attribute(&modern, phase) {
        Some(attribute) => match parsed {
            Ok(instead) => Ok(Give::Attribute(attribute, Some(instead))),
            // The attribute is a valid expression: the host has none at all.
            Err(_) => Ok(Give::Attribute(attribute, None)),
        },
        None => {
            let expression = parsed?;
            check_patterns(host, "value_expression", source, place)?;
            Ok(Give::Expression(expression))
        }
    }
}
