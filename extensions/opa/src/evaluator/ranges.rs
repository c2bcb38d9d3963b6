//! `numbers.range` and `numbers.range_step`: the functions that make much of little, and so within the
//! memory that an evaluation may take.

use anyhow::{Result, bail};
use regorus::Value;

use super::memory;

/// A function, by name and number of arguments.
type Function = (&'static str, u8, fn(&[Value]) -> Result<Value>);

/// Both of them.
pub(super) const TABLE: [Function; 2] = [
    ("numbers.range", 2, |arguments| match integers(arguments) {
        Some([from, to]) => range(from, to, 1),
        None => Ok(Value::Undefined),
    }),
    ("numbers.range_step", 3, |arguments| {
        match integers(arguments) {
            Some([from, to, step]) if step > 0 => range(from, to, step.unsigned_abs()),
            _ => Ok(Value::Undefined),
        }
    }),
];

fn integers<const N: usize>(arguments: &[Value]) -> Option<[i64; N]> {
    let numbers: Option<Vec<i64>> = arguments.iter().map(|value| value.as_i64().ok()).collect();
    numbers?.try_into().ok()
}

/// Up or down, with both ends.
fn range(from: i64, to: i64, step: u64) -> Result<Value> {
    let steps = from.abs_diff(to).checked_div(step).unwrap_or_default();
    let size = usize::try_from(steps)
        .unwrap_or(usize::MAX)
        .saturating_mul(size_of::<Value>());
    if !memory::may_take(size) {
        bail!("so many numbers take more memory than an evaluation may");
    }
    let number = |index: u64| {
        let distance = index.saturating_mul(step);
        Value::from(match from <= to {
            true => from.saturating_add_unsigned(distance),
            false => from.saturating_sub_unsigned(distance),
        })
    };
    Ok(Value::from((0..=steps).map(number).collect::<Vec<_>>()))
}
