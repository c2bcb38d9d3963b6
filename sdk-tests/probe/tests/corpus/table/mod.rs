//! The table of cases: operations by subject, and the phases that each is tried in.

mod buffers;
mod callouts;
mod foreign;
mod grpc;
mod maps;
mod phases;
mod properties;
mod queues;
mod streams;
mod values;

use crate::case::Case;
use phases::Phase;

/// An operation that does nothing: what the phase is like without any.
pub(crate) const NOTHING: &str = "return";

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    everywhere(&mut cases, &[NOTHING]);
    for add in [
        maps::add,
        buffers::add,
        values::add,
        streams::add,
        callouts::add,
        foreign::add,
        queues::add,
        grpc::add,
        properties::add,
    ] {
        add(&mut cases);
    }
    for (index, case) in cases.iter_mut().enumerate() {
        case.tag = format!("c{index:05}x");
    }
    cases
}

/// Each operation in each phase.
fn cross(cases: &mut Vec<Case>, phases: &[Phase], operations: &[impl AsRef<str>]) {
    for phase in phases {
        for operation in operations {
            cases.push(phase.case(operation.as_ref()));
        }
    }
}

/// Each operation in each phase of a root context and of a stream.
fn everywhere(cases: &mut Vec<Case>, operations: &[impl AsRef<str>]) {
    cross(cases, phases::ROOT, operations);
    cross(cases, phases::STREAM, operations);
}

/// The operations with each number in the place of `#`.
fn with_numbers(numbers: impl Iterator<Item = u32>, operations: &[&str]) -> Vec<String> {
    numbers
        .flat_map(|number| {
            let number = number.to_string();
            operations
                .iter()
                .map(move |operation| operation.replace('#', &number))
        })
        .collect()
}
