//! gRPC callbacks, passed on as the SDK's dispatcher does.

use log::trace;
use proxy_wasm::hostcalls;
use proxy_wasm::traits::Context;

use super::driver::NativeGuest;
use crate::host::Callback;

/// The kind of a token: its two lowest bits.
const KIND: u32 = 3;
const CALL: u32 = 1;

impl NativeGuest {
    /// Passes a callback on to the context that made the call or stream. One that is gone hears
    /// nothing; over a token that the SDK never got it logs a line.
    pub(super) fn grpc(&mut self, callback: Callback, token: u32, argument: u32) {
        let Some(caller) = self.grpc_caller() else {
            match callback {
                Callback::GrpcTrailingMetadata => {
                    trace!("on_grpc_receive_trailing_metadata: invalid token_id");
                }
                Callback::GrpcClose => {
                    trace!("on_grpc_close: invalid token_id, a non-connected stream has closed")
                }
                _ => trace!("on_grpc_receive_initial_metadata: invalid token_id"),
            }
            return;
        };
        self.with_context(caller, |context| {
            // As in the SDK, which panics if the host does not know its context.
            hostcalls::set_effective_context(caller).unwrap();
            dispatch(context, callback, token, argument);
        });
    }
}

fn dispatch(context: &mut dyn Context, callback: Callback, token: u32, argument: u32) {
    let size = argument as usize;
    match (callback, token & KIND) {
        (Callback::GrpcMessage, CALL) => context.on_grpc_call_response(token, 0, size),
        (Callback::GrpcClose, CALL) => context.on_grpc_call_response(token, argument, 0),
        (Callback::GrpcInitialMetadata, _) => {
            context.on_grpc_stream_initial_metadata(token, argument);
        }
        (Callback::GrpcMessage, _) => context.on_grpc_stream_message(token, size),
        (Callback::GrpcTrailingMetadata, _) => {
            context.on_grpc_stream_trailing_metadata(token, argument);
        }
        _ => context.on_grpc_stream_close(token, argument),
    }
}
