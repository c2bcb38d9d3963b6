//! Host functions that the mock does not have yet. Each group is switched on by its constant.

use super::cross;
use super::everywhere;
use super::phases::{CONFIGURE, REQUEST_HEADERS};
use crate::case::Case;

/// Whether the mock has shared queues.
const QUEUES: bool = false;
/// Whether the mock has gRPC callouts.
const GRPC: bool = false;
/// Whether the mock has Envoy's foreign functions.
const FOREIGN_FUNCTIONS: bool = false;
/// Whether the mock has Envoy's properties.
const PROPERTIES: bool = false;

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
    if QUEUES {
        everywhere(cases, QUEUE_OPERATIONS);
    }
    if GRPC {
        everywhere(cases, GRPC_OPERATIONS);
    }
    if FOREIGN_FUNCTIONS {
        everywhere(cases, FOREIGN_OPERATIONS);
    }
    if PROPERTIES {
        let reads: Vec<_> = PROPERTY_PATHS
            .iter()
            .map(|path| format!("get_property {path}"))
            .collect();
        everywhere(cases, &reads);
        everywhere(cases, PROPERTY_OPERATIONS);
    }
}

const QUEUE_OPERATIONS: &[&str] = &[
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

const GRPC_OPERATIONS: &[&str] = &[
    "get_status",
    "grpc_call unknown svc method '' message 1000",
    "grpc_stream unknown svc method ''",
    "grpc_send 99999999 message 0",
    "grpc_cancel 99999999",
    "grpc_close 99999999",
];

const FOREIGN_OPERATIONS: &[&str] = &[
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

const PROPERTY_OPERATIONS: &[&str] = &[
    "get_property ''",
    "get_property wild:32",
    "get_property@ plugin_name",
    "set_property $p one; get_property $p",
    "set_property $p one; set_property $p two; get_property $p",
    "set_property $p ''; get_property $p",
    "set_property $p%00q one; get_property $p%00q",
    "set_property '' one; get_property ''",
    "set_property request%00path /new; get_property request%00path",
    "set_property plugin_name new; get_property plugin_name",
];

/// `%00` parts the segments.
const PROPERTY_PATHS: &[&str] = &[
    "plugin_name",
    "plugin_root_id",
    "plugin_vm_id",
    "node",
    "node%00id",
    "node%00cluster",
    "cluster_name",
    "cluster_metadata",
    "route_name",
    "route_metadata",
    "listener_direction",
    "listener_metadata",
    "upstream_host_metadata",
    "request",
    "request%00path",
    "request%00url_path",
    "request%00query",
    "request%00host",
    "request%00scheme",
    "request%00method",
    "request%00headers",
    "request%00headers%00x-a",
    "request%00headers%00x-none",
    "request%00referer",
    "request%00useragent",
    "request%00id",
    "request%00protocol",
    "request%00size",
    "request%00total_size",
    "request%00none",
    "response",
    "response%00code",
    "response%00code_details",
    "response%00flags",
    "response%00grpc_status",
    "response%00headers%00x-a",
    "response%00trailers%00x-a",
    "response%00size",
    "response%00total_size",
    "connection",
    "connection%00mtls",
    "connection%00requested_server_name",
    "connection%00tls_version",
    "connection%00subject_local_certificate",
    "connection%00termination_details",
    "source",
    "destination",
    "upstream",
    "upstream%00transport_failure_reason",
    "upstream%00local_address",
    "metadata",
    "filter_state",
    "xds",
    "xds%00cluster_name",
    "xds%00route_name",
    "xds%00filter_chain_name",
    "xds%00listener_direction",
    "none",
    "none%00none",
];
