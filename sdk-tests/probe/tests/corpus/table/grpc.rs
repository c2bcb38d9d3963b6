//! gRPC calls and streams. Each is cancelled or closed in the callback that has begun it: what comes
//! of those that go on is in the truth table of `sdk-tests`.

use super::everywhere;
use crate::case::Case;

pub(super) fn add(cases: &mut Vec<Case>) {
    everywhere(cases, OPERATIONS);
}

const OPERATIONS: &[&str] = &[
    "get_status",
    "grpc_call unknown svc method '' message 1000",
    "grpc_stream unknown svc method ''",
    "grpc_call grpc-waits svc method map:x-a=1 message 1000; grpc_cancel token; grpc_cancel token",
    "grpc_call grpc-waits svc method '' '' 1000; grpc_send token more 0; grpc_close token",
    "grpc_call grpc-waits svc method wild:32 message 1000",
    "grpc_call@ grpc-waits svc method '' message 1000",
    "grpc_call wild:32 svc method '' message 1000",
    "grpc_stream grpc-waits svc method map:x-a=1; grpc_send token one 0; grpc_send token two 1; \
     grpc_cancel token; grpc_send token three 0",
    "grpc_stream grpc-waits svc method ''; grpc_close token; grpc_send token one 0; grpc_cancel token",
    "grpc_stream wild:32 svc method ''",
    "grpc_send 99999999 message 0",
    "grpc_cancel 99999999",
    "grpc_close 99999999",
];
