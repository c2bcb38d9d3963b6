//! Foreign functions: Envoy's, and one that nobody has.

use super::phases::{CONFIGURE, REQUEST_HEADERS};
use super::{cross, everywhere};
use crate::case::Case;

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, &["call_foreign_function unknown argument"]);
    cross(
        cases,
        &[REQUEST_HEADERS, CONFIGURE],
        &[
            "call_foreign_function '' ''",
            "call_foreign_function %ff argument",
            "call_foreign_function wild:32 argument",
            "call_foreign_function unknown wild:32",
        ],
    );
    everywhere(cases, OPERATIONS);
}

const OPERATIONS: &[&str] = &[
    "call_foreign_function clear_route_cache ''",
    "call_foreign_function expr_create 1%20+%201",
    "call_foreign_function expr_create nonsense(",
    "call_foreign_function expr_evaluate %00%00%00%00",
    "call_foreign_function expr_delete %00%00%00%00",
    "call_foreign_function declare_property ''",
    "call_foreign_function set_envoy_filter_state ''",
    "call_foreign_function compress text",
    "call_foreign_function uncompress text",
    "call_foreign_function verify_signature ''",
    "call_foreign_function sign ''",
];
