//! Bodies, configurations and what else is in buffers.

use super::phases::*;
use super::{cross, everywhere, with_numbers};
use crate::case::Case;

const READS: &[&str] = &["get_buffer_bytes # 0 100", "get_buffer_status #"];

const EDGES: &[&str] = &[
    "get_buffer_bytes # 0 0",
    "get_buffer_bytes # 1 2",
    "get_buffer_bytes # 0 4294967295",
    "get_buffer_bytes # 1 4294967295",
    "get_buffer_bytes # 1 4294967294",
    "get_buffer_bytes # 4294967295 1",
    "get_buffer_bytes # 4294967295 0",
    "get_buffer_bytes # 1000 1",
    "get_buffer_bytes # 12 1",
    "get_buffer_bytes # 6 1",
    "get_buffer_bytes # 2 1000",
    "get_buffer_bytes@ # 0 100",
    "get_buffer_status@ #",
    "set_buffer_bytes # 0 0 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 0 4294967295 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 0 4294967295 ''; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 0 12 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 0 6 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 0 3 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 1 2 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 6 0 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 12 0 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 12 5 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 1000 0 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 4294967295 0 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 4294967295 1 new; get_buffer_bytes # 0 100",
    "set_buffer_bytes # 0 100 repeat:a:20000; get_buffer_status #",
    "set_buffer_bytes # 0 100 ''; get_buffer_status #",
    "set_buffer_bytes # 0 100 null:0; get_buffer_status #",
    "set_buffer_bytes # 0 100 wild:32; get_buffer_status #",
];

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, &with_numbers(0..10, READS));
    // Not 8: that is whatever buffer Envoy used last, which may be gone by now.
    let writable = (0..10).filter(|buffer| *buffer != 8);
    everywhere(
        cases,
        &with_numbers(writable, &["set_buffer_bytes # 0 100 new"]),
    );
    cross(
        cases,
        &[REQUEST_HEADERS],
        &with_numbers([100, u32::MAX].into_iter(), READS),
    );
    let open = [
        (REQUEST_BODY, 0),
        (REQUEST_END, 0),
        (RESPONSE_BODY, 1),
        (RESPONSE_END, 1),
        (LOCAL_BODY, 1),
        (ANSWER, 4),
        (CONFIGURE, 7),
        (CONFIGURE, 6),
    ];
    for (phase, buffer) in open {
        cross(
            cases,
            &[phase],
            &with_numbers(std::iter::once(buffer), EDGES),
        );
    }
}
