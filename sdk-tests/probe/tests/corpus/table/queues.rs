//! Shared queues.

use super::everywhere;
use crate::case::Case;

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, OPERATIONS);
}

const OPERATIONS: &[&str] = &[
    "register_shared_queue $q",
    "register_shared_queue $q; register_shared_queue $q",
    "register_shared_queue ''",
    "register_shared_queue wild:32",
    "resolve_shared_queue '' $unknown",
    "register_shared_queue $q; resolve_shared_queue '' $q",
    "register_shared_queue $q; resolve_shared_queue other $q",
    "register_shared_queue $q; enqueue_shared_queue queue one; dequeue_shared_queue queue; \
     dequeue_shared_queue queue",
    "register_shared_queue $q; enqueue_shared_queue queue ''; dequeue_shared_queue queue",
    "register_shared_queue $q; dequeue_shared_queue queue",
    "dequeue_shared_queue 99999999",
    "enqueue_shared_queue 99999999 one",
];
