//! `connection`, `source` and `destination`.

use std::net::SocketAddr;

use super::Value;
use crate::host::StreamInfo;

/// A connection without TLS.
pub(super) fn connection(info: &StreamInfo) -> Value {
    Value::Fields(vec![
        ("mtls".into(), Value::Bool(false)),
        ("requested_server_name".into(), Value::text("")),
        ("id".into(), Value::Uint(info.connection_id)),
    ])
}

pub(super) fn peer(address: SocketAddr) -> Value {
    Value::Fields(vec![
        ("address".into(), Value::text(address.to_string())),
        ("port".into(), Value::Int(address.port().into())),
    ])
}
