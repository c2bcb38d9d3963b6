//! Which exports belong to which method of the SDK's traits.

use std::collections::BTreeSet;

use super::source::Scan;

/// The SDK's traits whose methods are callbacks.
pub(super) const TRAITS: [&str; 4] = ["Context", "RootContext", "StreamContext", "HttpContext"];

/// A method of one of the [`TRAITS`] that an extension overrides.
pub(super) type Method = String;

/// Callback methods and the exports through which the host calls them. A method with no export has
/// one that is always there.
const METHODS: [(&str, &[&str]); 24] = [
    // Context
    ("on_http_call_response", &["proxy_on_http_call_response"]),
    (
        "on_grpc_call_response",
        &["proxy_on_grpc_receive", "proxy_on_grpc_close"],
    ),
    (
        "on_grpc_stream_initial_metadata",
        &["proxy_on_grpc_receive_initial_metadata"],
    ),
    ("on_grpc_stream_message", &["proxy_on_grpc_receive"]),
    (
        "on_grpc_stream_trailing_metadata",
        &["proxy_on_grpc_receive_trailing_metadata"],
    ),
    ("on_grpc_stream_close", &["proxy_on_grpc_close"]),
    ("on_foreign_function", &["proxy_on_foreign_function"]),
    ("on_done", &["proxy_on_done"]),
    // RootContext
    ("on_vm_start", &[]),
    ("on_configure", &[]),
    ("on_tick", &["proxy_on_tick"]),
    ("on_queue_ready", &["proxy_on_queue_ready"]),
    // RootContext, StreamContext, HttpContext
    ("on_log", &["proxy_on_log"]),
    // StreamContext
    ("on_new_connection", &["proxy_on_new_connection"]),
    ("on_downstream_data", &["proxy_on_downstream_data"]),
    (
        "on_downstream_close",
        &["proxy_on_downstream_connection_close"],
    ),
    ("on_upstream_data", &["proxy_on_upstream_data"]),
    ("on_upstream_close", &["proxy_on_upstream_connection_close"]),
    // HttpContext
    ("on_http_request_headers", &["proxy_on_request_headers"]),
    ("on_http_request_body", &["proxy_on_request_body"]),
    ("on_http_request_trailers", &["proxy_on_request_trailers"]),
    ("on_http_response_headers", &["proxy_on_response_headers"]),
    ("on_http_response_body", &["proxy_on_response_body"]),
    ("on_http_response_trailers", &["proxy_on_response_trailers"]),
];

/// Exports that every module keeps. Without `proxy_on_delete` the SDK would never free a context.
pub(super) const ALWAYS: [&str; 8] = [
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
];

/// The SDK frees its record of a callout when the answer comes, so whoever starts callouts needs
/// the answers, implemented or not. They cost nothing on a stream that makes no callout.
const NEEDED_BY_CALL: [(&str, &[&str]); 3] = [
    ("dispatch_http_call", &["proxy_on_http_call_response"]),
    (
        "dispatch_grpc_call",
        &["proxy_on_grpc_receive", "proxy_on_grpc_close"],
    ),
    (
        "open_grpc_stream",
        &["proxy_on_grpc_receive", "proxy_on_grpc_close"],
    ),
];

/// Names in the sources that tell something: the calls above, and what holds a stream back.
pub(super) const TELLING: [&str; 4] = [
    "Pause",
    "dispatch_http_call",
    "dispatch_grpc_call",
    "open_grpc_stream",
];

/// Whether this tool knows the callback `method`.
pub(super) fn is_known(method: &str) -> bool {
    METHODS.iter().any(|(name, _)| *name == method)
}

/// The exports to keep, besides [`ALWAYS`].
pub(super) fn exports(scan: &Scan) -> BTreeSet<&'static str> {
    let implemented = METHODS
        .iter()
        .filter(|(method, _)| scan.methods.contains(*method));
    let needed = NEEDED_BY_CALL
        .iter()
        .filter(|(call, _)| scan.mentions.contains(*call));
    implemented
        .chain(needed)
        .flat_map(|(_, exports)| exports.iter().copied())
        .collect()
}

/// Whether this tool knows `export`.
pub(super) fn is_known_export(export: &str) -> bool {
    ALWAYS.contains(&export) || METHODS.iter().any(|(_, exports)| exports.contains(&export))
}

/// Whether `export` is called for each stream: an extension without one does nothing.
pub(super) fn is_for_streams(export: &str) -> bool {
    let of_root = ["proxy_on_tick", "proxy_on_queue_ready"];
    !of_root.contains(&export)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(methods: &[&str], mentions: &[&'static str]) -> BTreeSet<&'static str> {
        exports(&Scan {
            methods: methods.iter().map(ToString::to_string).collect(),
            mentions: mentions.iter().copied().collect(),
        })
    }

    #[test]
    fn every_export_of_an_implemented_callback_is_kept_and_no_other() {
        let expected = [
            "proxy_on_grpc_close",
            "proxy_on_grpc_receive",
            "proxy_on_request_headers",
        ];
        assert_eq!(
            kept(&["on_http_request_headers", "on_grpc_call_response"], &[]),
            expected.into()
        );
    }

    #[test]
    fn an_extension_that_starts_callouts_keeps_their_answers() {
        assert_eq!(
            kept(&[], &["dispatch_http_call"]),
            ["proxy_on_http_call_response"].into()
        );
    }
}
