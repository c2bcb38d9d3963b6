//! gRPC calls and streams. They belong to the root context, whichever context is meant.

use std::time::Duration;

use super::{Call, Status};
use crate::host::HeaderMap;
use crate::host::grpc::Opening;

/// What a call and a stream have in common: their first arguments.
fn opening(call: &mut Call<'_>) -> Result<Opening, Status> {
    let service = call.bytes(0)?;
    let path = format!("/{}/{}", call.text(2)?, call.text(4)?);
    let mut metadata = HeaderMap::request();
    metadata.set_all(&HeaderMap::deserialize(&call.bytes(6)?).ok_or(Status::BadArgument)?);
    Ok(Opening {
        service,
        path,
        metadata,
        call: None,
    })
}

fn begin(call: &mut Call<'_>, opening: Opening) -> Result<u32, Status> {
    call.with(|host| {
        if let Some(warning) = opening.warning() {
            host.violation(&warning);
        }
        if opening
            .cluster()
            .is_some_and(|cluster| host.callouts.serves(&cluster))
        {
            host.violation("gRPC calls to a cluster that serves HTTP are not supported here");
        }
        let (root, caller, now) = (host.root(), host.caller, host.clock.now());
        host.grpc.begin(root, caller, opening, now)
    })?
}

pub(super) fn grpc_call(call: &mut Call<'_>) -> Result<(), Status> {
    let mut opening = opening(call)?;
    let message = call.bytes(8)?;
    let timeout = Duration::from_millis(u64::from(call.word(10)));
    opening.call = Some((message, timeout));
    let token = begin(call, opening)?;
    call.put(11, &token.to_le_bytes())
}

pub(super) fn grpc_stream(call: &mut Call<'_>) -> Result<(), Status> {
    let opening = opening(call)?;
    let token = begin(call, opening)?;
    call.put(8, &token.to_le_bytes())
}

pub(super) fn grpc_send(call: &mut Call<'_>) -> Result<(), Status> {
    let (token, message, end) = (call.word(0), call.bytes(1)?, call.word(3) != 0);
    call.with(|host| {
        let root = host.root();
        if let Some(lost) = host.grpc.send_message(root, token, message, end)? {
            host.violation(&lost);
        }
        Ok(())
    })?
}

pub(super) fn grpc_cancel(call: &mut Call<'_>) -> Result<(), Status> {
    let token = call.word(0);
    call.with(|host| host.grpc.cancel_one(host.root(), token))?
}

pub(super) fn grpc_close(call: &mut Call<'_>) -> Result<(), Status> {
    let token = call.word(0);
    call.with(|host| host.grpc.close(host.root(), token))?
}

pub(super) fn get_status(call: &mut Call<'_>) -> Result<(), Status> {
    let (code, message) = call.with(|host| {
        let (code, message) = host.grpc.status(host.root());
        (code, message.to_vec())
    })?;
    call.put(0, &code.to_le_bytes())?;
    call.give(1, &message)
}
