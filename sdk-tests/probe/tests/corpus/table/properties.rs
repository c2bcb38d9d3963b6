//! Properties: each path that Envoy knows, and what plugins set themselves.

use super::everywhere;
use crate::case::Case;

pub(super) fn add(cases: &mut Vec<Case>) {
    let reads: Vec<_> = PATHS
        .iter()
        .map(|path| format!("get_property {path}"))
        .collect();
    everywhere(cases, &reads);
    everywhere(cases, OPERATIONS);
}

const OPERATIONS: &[&str] = &[
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
const PATHS: &[&str] = &[
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
