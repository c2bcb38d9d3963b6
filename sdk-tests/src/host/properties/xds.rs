//! `xds`, `upstream` and `metadata`: what the configuration says, and where the request goes.

use prost::Message;

use super::{Seen, Value};
use crate::host::StreamInfo;

/// As much of `envoy.config.core.v3.Node` as the mock has.
#[derive(Message)]
struct Node {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    cluster: String,
    #[prost(string, tag = "6")]
    user_agent_name: String,
}

/// The node of the scenarios, whose build version and extensions only a real Envoy has.
fn node() -> Value {
    let node = Node {
        id: "sdk-tests".to_owned(),
        cluster: "sdk-tests".to_owned(),
        user_agent_name: "envoy".to_owned(),
    };
    let bytes = node.encode_to_vec();
    let fields = vec![
        ("id".into(), Value::text(node.id)),
        ("cluster".into(), Value::text(node.cluster)),
        ("metadata".into(), Value::Map(Vec::new())),
        ("dynamic_parameters".into(), Value::Map(Vec::new())),
        ("locality".into(), locality()),
        ("user_agent_name".into(), Value::text(node.user_agent_name)),
        ("user_agent_version".into(), Value::text("")),
        ("extensions".into(), Value::List(Vec::new())),
        ("client_features".into(), Value::List(Vec::new())),
        ("listening_addresses".into(), Value::List(Vec::new())),
    ];
    Value::Message(bytes, fields)
}

fn locality() -> Value {
    let names = ["region", "zone", "sub_zone"];
    Value::empty_message(names.map(|name| (name.into(), Value::text(""))).to_vec())
}

/// Metadata in which nobody has written anything.
pub(super) fn no_metadata() -> Value {
    let names = ["filter_metadata", "typed_filter_metadata"];
    Value::empty_message(
        names
            .map(|name| (name.into(), Value::Map(Vec::new())))
            .to_vec(),
    )
}

/// Outside a stream there is only the node.
pub(super) fn xds(seen: Option<Seen<'_>>) -> Value {
    let mut fields = vec![("node".into(), node())];
    let Some(info) = seen.map(|seen| seen.info) else {
        return Value::Fields(fields);
    };
    fields.extend([
        ("filter_chain_name".into(), Value::text("")),
        ("listener_metadata".into(), no_metadata()),
        ("listener_direction".into(), Value::Int(0)),
    ]);
    if info.has_virtual_host {
        fields.push(("virtual_host_name".into(), Value::text("scenario")));
        fields.push(("virtual_host_metadata".into(), no_metadata()));
    }
    if info.has_route {
        fields.extend([
            ("cluster_name".into(), Value::text("upstream")),
            ("cluster_metadata".into(), no_metadata()),
        ]);
    }
    if info.has_route && info.is_request {
        fields.extend([
            ("route_name".into(), Value::text("")),
            ("route_metadata".into(), no_metadata()),
        ]);
    }
    if info.upstream.is_some() {
        // An endpoint without metadata has no message for it.
        fields.push(("upstream_host_metadata".into(), Value::Null));
        fields.push(("upstream_host_locality_metadata".into(), Value::Null));
    }
    Value::Fields(fields)
}

pub(super) fn upstream(info: &StreamInfo) -> Value {
    let attempts = u64::from(info.upstream.is_some());
    let mut fields = vec![("request_attempt_count".into(), Value::Uint(attempts))];
    if info.has_route {
        fields.push(("num_endpoints".into(), Value::Uint(1)));
    }
    if let Some(upstream) = &info.upstream {
        fields.extend([
            ("address".into(), Value::text(upstream.address.to_string())),
            ("port".into(), Value::Int(upstream.address.port().into())),
            ("locality".into(), locality()),
            ("transport_failure_reason".into(), Value::text("")),
        ]);
        if let Some(address) = upstream.local_address {
            fields.push(("local_address".into(), Value::text(address.to_string())));
            fields.push(("cx_pool_ready_duration".into(), Value::Duration(0)));
        }
    }
    Value::Fields(fields)
}
