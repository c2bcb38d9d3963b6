//! Calls a network filter's stream contexts as the SDK's dispatcher would.

use proxy_wasm::traits::StreamContext;
use proxy_wasm::types::PeerType;

use crate::host::Callback;

/// Calls a stream context; the numbers are those after the context id.
///
/// # Panics
///
/// If the callback is none of a stream context's, as in the SDK.
pub(super) fn call(
    connection: &mut dyn StreamContext,
    callback: Callback,
    arguments: &[u32],
) -> u32 {
    let argument = |index: usize| arguments.get(index).copied().unwrap_or_default();
    let (size, end) = (argument(0) as usize, argument(1) != 0);
    match callback {
        Callback::NewConnection => connection.on_new_connection() as u32,
        Callback::DownstreamData => connection.on_downstream_data(size, end) as u32,
        Callback::UpstreamData => connection.on_upstream_data(size, end) as u32,
        Callback::DownstreamClose => {
            connection.on_downstream_close(peer(argument(0)));
            0
        }
        Callback::UpstreamClose => {
            connection.on_upstream_close(peer(argument(0)));
            0
        }
        Callback::Log => {
            connection.on_log();
            0
        }
        Callback::Done => u32::from(connection.on_done()),
        _ => panic!("invalid context_id"),
    }
}

fn peer(number: u32) -> PeerType {
    match number {
        1 => PeerType::Local,
        2 => PeerType::Remote,
        _ => PeerType::Unknown,
    }
}
