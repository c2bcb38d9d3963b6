//! One script at work in a context.

use std::collections::BTreeMap;

use crate::abi;
use crate::operations::{self, Results};
use crate::script::Script;

const INFO: u32 = 2;

/// A script, and how far it has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actor {
    script: Script,
    /// How often each phase has come.
    seen: BTreeMap<&'static str, u32>,
    results: Results,
}

impl Actor {
    /// `names` are numbers that the script may use.
    pub(crate) fn new(script: Script, names: &BTreeMap<&'static str, u32>) -> Self {
        Self {
            script,
            seen: BTreeMap::new(),
            results: Results {
                names: names.clone(),
                tokens: Vec::new(),
            },
        }
    }

    /// Its like in a stream, at the beginning of its script.
    pub(crate) fn again(&self, names: &BTreeMap<&'static str, u32>) -> Self {
        Self::new(self.script.clone(), names)
    }

    /// The tokens of the calls that it has made.
    pub(crate) fn tokens(&self) -> &[u32] {
        &self.results.tokens
    }

    /// Logs a callback and what its steps do. Returns what a step says that it returns, if any.
    pub(crate) fn act(&mut self, phase: &'static str, arguments: &[u32]) -> Option<u32> {
        let case = self.script.case.as_str();
        if case.is_empty() {
            return None;
        }
        let count = self.seen.entry(phase).or_default();
        *count += 1;
        let place = match count {
            1 => phase.to_owned(),
            count => format!("{phase}#{count}"),
        };
        let arguments: Vec<_> = arguments.iter().map(u32::to_string).collect();
        log(&format!("{case} {place}({})", arguments.join(", ")));
        let mut returns = None;
        for step in self.script.steps.iter().filter(|step| step.phase == place) {
            if step.operation == "return" {
                returns = step.arguments.first().and_then(|word| word.parse().ok());
                continue;
            }
            let outcome = operations::run(step, case, &mut self.results);
            log(&format!("{case} {place} {} = {outcome}", step.operation));
        }
        returns
    }
}

fn log(line: &str) {
    // SAFETY: the address and the length are those of a slice.
    unsafe { abi::proxy_log(INFO, line.as_ptr(), line.len()) };
}
