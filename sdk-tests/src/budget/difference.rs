//! How a request's costs differ from its budget.

use std::collections::BTreeSet;
use std::fmt;

use super::CallbackBudget;
use crate::HostKind;

/// Instructions may differ by one in so many, or 2 %: other code in the module can move them by 1 %.
const TOLERATED_PART: u64 = 50;
/// They may always differ by so many: a hash map that finds a key elsewhere moves them by forty.
const TOLERATED: u64 = 50;

/// What is different, a line each.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Whether anything costs more; otherwise it all costs less.
    pub(super) grown: bool,
    lines: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|line| writeln!(formatter, "  {line}"))
    }
}

/// `None`: the costs are those of the budget, as far as this host can tell.
pub(super) fn between(
    budget: &[CallbackBudget],
    spent: &[CallbackBudget],
    host: HostKind,
) -> Option<Difference> {
    let mut difference = Difference::default();
    let new = |callback: &&CallbackBudget| of(budget, &callback.callback).is_none();
    for callback in budget.iter().chain(spent.iter().filter(new)) {
        let name = &callback.callback;
        let nothing = CallbackBudget::nothing(name);
        let budget = of(budget, name).unwrap_or(&nothing);
        let spent = of(spent, name).unwrap_or(&nothing);
        if host == HostKind::Wasm {
            difference.instructions(name, budget.instructions, spent.instructions);
        }
        difference.host_calls(budget, spent, host);
        if host == HostKind::Wasm {
            difference.note(name, "bytes in", budget.bytes_in, spent.bytes_in);
            difference.note(name, "bytes out", budget.bytes_out, spent.bytes_out);
        }
    }
    (!difference.lines.is_empty()).then_some(difference)
}

fn of<'a>(budgets: &'a [CallbackBudget], callback: &str) -> Option<&'a CallbackBudget> {
    budgets.iter().find(|budget| budget.callback == callback)
}

impl Difference {
    fn instructions(&mut self, callback: &str, budget: u64, spent: u64) {
        if budget.abs_diff(spent) > TOLERATED.max(budget / TOLERATED_PART) {
            self.note(callback, "instructions", budget, spent);
        }
    }

    fn host_calls(&mut self, budget: &CallbackBudget, spent: &CallbackBudget, host: HostKind) {
        let names: BTreeSet<_> = budget
            .host_calls
            .keys()
            .chain(spent.host_calls.keys())
            .collect();
        for name in names {
            if host == HostKind::Native && name == "log" {
                continue;
            }
            let count = |of: &CallbackBudget| of.host_calls.get(name).copied().unwrap_or_default();
            let what = format!("× proxy_{name}");
            self.note(&budget.callback, &what, count(budget), count(spent));
        }
    }

    fn note(&mut self, callback: &str, what: &str, budget: u64, spent: u64) {
        if budget == spent {
            return;
        }
        self.grown |= spent > budget;
        let percent = match budget {
            0 => String::new(),
            _ => format!(" ({:+.1} %)", (spent as f64 / budget as f64 - 1.0) * 100.0),
        };
        self.lines.push(format!(
            "{callback}: {spent} {what}, the budget is {budget}{percent}"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(instructions: u64, calls: &[(&str, u64)], bytes_out: u64) -> CallbackBudget {
        CallbackBudget {
            callback: "request_headers".to_owned(),
            instructions,
            host_calls: calls
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
            bytes_in: 0,
            bytes_out,
        }
    }

    fn told(budget: CallbackBudget, spent: CallbackBudget, host: HostKind) -> Option<String> {
        between(&[budget], &[spent], host).map(|difference| difference.to_string())
    }

    #[test]
    fn growth_names_the_callback_the_number_and_the_percentage() {
        let budget = headers(5000, &[("get_header_map_value", 1)], 186);
        let spent = headers(
            6000,
            &[("get_header_map_value", 2), ("increment_metric", 1)],
            190,
        );
        let difference = between(&[budget], &[spent], HostKind::Wasm).unwrap();
        assert!(difference.grown);
        assert_eq!(
            difference.to_string(),
            "  request_headers: 6000 instructions, the budget is 5000 (+20.0 %)
  request_headers: 2 × proxy_get_header_map_value, the budget is 1 (+100.0 %)
  request_headers: 1 × proxy_increment_metric, the budget is 0
  request_headers: 190 bytes out, the budget is 186 (+2.2 %)
"
        );
    }

    #[test]
    fn instructions_may_move_by_two_percent_or_by_fifty() {
        for (budget, spent, fits) in [
            (5000, 5100, true),
            (5000, 5101, false),
            (5000, 4900, true),
            (5000, 4899, false),
            (300, 350, true),
            (300, 351, false),
        ] {
            let told = told(
                headers(budget, &[], 0),
                headers(spent, &[], 0),
                HostKind::Wasm,
            );
            assert_eq!(told.is_none(), fits, "{budget} {spent}: {told:?}");
        }
    }

    #[test]
    fn what_costs_less_is_different_but_has_not_grown() {
        let budget = headers(5000, &[("get_property", 3)], 0);
        let spent = headers(5000, &[("get_property", 2)], 0);
        let difference = between(&[budget], &[spent], HostKind::Wasm).unwrap();
        assert!(!difference.grown);
        assert!(difference.to_string().ends_with("is 3 (-33.3 %)\n"));
    }

    #[test]
    fn a_callback_that_comes_or_goes_is_a_difference() {
        let budget = headers(5000, &[], 0);
        let gone = between(std::slice::from_ref(&budget), &[], HostKind::Wasm).unwrap();
        assert!(!gone.grown);
        let come = between(&[], &[budget], HostKind::Wasm).unwrap();
        assert!(come.grown);
    }

    #[test]
    fn natively_only_host_calls_count_and_not_the_log() {
        let budget = headers(5000, &[("get_property", 1), ("log", 1)], 10);
        let spent = headers(0, &[("get_property", 1)], 20);
        assert_eq!(told(budget.clone(), spent, HostKind::Native), None);
        let spent = headers(0, &[("get_property", 2)], 20);
        assert!(told(budget, spent, HostKind::Native).is_some());
    }
}
