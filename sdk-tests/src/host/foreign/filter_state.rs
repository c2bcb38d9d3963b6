//! `declare_property` and `set_envoy_filter_state`.

use prost::Message;

use super::Given;
use super::messages::{self, DeclarePropertyArguments, SetEnvoyFilterStateArguments, WasmType};
use crate::host::filter_state::{Declaration, LifeSpan, PropertyKind, envoys};
use crate::host::{HostState, Status};

/// A number that means nothing is the first one.
fn span(number: i32) -> LifeSpan {
    match messages::LifeSpan::try_from(number) {
        Ok(messages::LifeSpan::DownstreamRequest) => LifeSpan::DownstreamRequest,
        Ok(messages::LifeSpan::DownstreamConnection) => LifeSpan::DownstreamConnection,
        _ => LifeSpan::FilterChain,
    }
}

fn kind(number: i32) -> PropertyKind {
    match WasmType::try_from(number) {
        Ok(WasmType::String) => PropertyKind::String,
        Ok(WasmType::FlatBuffers) => PropertyKind::FlatBuffers,
        Ok(WasmType::Protobuf) => PropertyKind::Protobuf,
        _ => PropertyKind::Bytes,
    }
}

/// Declares a property for the context that runs. Only what a root context declares counts: for all
/// of its streams.
pub(super) fn declare(host: &mut HostState, arguments: &[u8]) -> Given {
    let arguments = DeclarePropertyArguments::decode(arguments).map_err(|_| Status::BadArgument)?;
    let declaration = Declaration {
        read_only: arguments.readonly,
        kind: kind(arguments.r#type),
        span: span(arguments.span),
    };
    let context = (host.vm, host.called);
    let declared = host.foreign.declarations.entry(context).or_default();
    let name = arguments.name.into_bytes();
    if declared.contains_key(&name) {
        return Err(Status::BadArgument);
    }
    declared.insert(name, declaration);
    Ok(None)
}

/// Puts one of Envoy's own objects into the filter state of the stream.
pub(super) fn set(host: &mut HostState, arguments: &[u8]) -> Given {
    let arguments =
        SetEnvoyFilterStateArguments::decode(arguments).map_err(|_| Status::BadArgument)?;
    let (name, value) = (arguments.path.as_bytes(), arguments.value.as_bytes());
    let span = span(arguments.span);
    let object = envoys(name, value)?;
    let stream = host.stream_mut().ok_or(Status::NotFound)?;
    stream.info.filter_state.insert(name, object, span);
    Ok(None)
}
