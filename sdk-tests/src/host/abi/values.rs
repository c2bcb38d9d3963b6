//! Everything but headers.

use std::time::Duration;

use super::{Call, Status};
use crate::host::network::calls as network;
use crate::host::{Callback, HeaderMap, HostState, Level, LocalReply, Timer, buffers};

pub(super) fn log(call: &mut Call<'_>) -> Result<(), Status> {
    let level = Level::from_abi(call.word(0)).ok_or(Status::BadArgument)?;
    let message = call.text(1)?;
    call.with(|host| host.log(level, message))
}

pub(super) fn get_log_level(call: &mut Call<'_>) -> Result<(), Status> {
    let level = call.with(|host| host.log_level as u32)?;
    call.put(0, &level.to_le_bytes())
}

pub(super) fn get_current_time(call: &mut Call<'_>) -> Result<(), Status> {
    let now = call.with(|host| host.clock.now())?;
    call.put(0, &now.to_le_bytes())
}

pub(super) fn set_tick_period(call: &mut Call<'_>) -> Result<(), Status> {
    let period = Duration::from_millis(u64::from(call.word(0)));
    call.with(|host| {
        let root = (host.vm, host.context);
        if period.is_zero() {
            host.timers.remove(&root);
        } else {
            let due = host.clock.after(period);
            host.timers.insert(root, Timer { period, due });
        }
    })
}

/// The number of the buffer that holds a gRPC message.
const GRPC_MESSAGE: u32 = 5;

/// The buffer with this number, if it is open in this phase.
fn buffer(host: &HostState, number: u32) -> Option<Vec<u8>> {
    let body = |open: bool, body: &Vec<u8>| open.then(|| body.clone());
    match number {
        0 => host
            .view()
            .and_then(|view| body(view.request.body_open, &view.request.body)),
        1 => host
            .view()
            .and_then(|view| body(view.response.body_open, &view.response.body)),
        4 => host.callouts.body(host.root().1).map(<[u8]>::to_vec),
        GRPC_MESSAGE => host.grpc.message(host.root()).map(<[u8]>::to_vec),
        6 => host.plugin().map(|plugin| plugin.vm_configuration.clone()),
        7 => {
            (host.plugin_configuration.clone()).filter(|_| host.phase == Some(Callback::Configure))
        }
        _ => None,
    }
}

/// What Envoy gives for a number that is no buffer's: the one that the callback is about.
fn any_buffer(host: &HostState) -> Vec<u8> {
    [0, 1, 7]
        .into_iter()
        .find_map(|number| buffer(host, number))
        .unwrap_or_default()
}

/// The buffer, to read. In Envoy some are empty in phases where they are closed, others are not
/// there.
fn readable(host: &mut HostState, number: u32) -> Result<Vec<u8>, Status> {
    if network::is_buffer(number) {
        return Ok(network::buffer(host, number));
    }
    if let Some(bytes) = buffer(host, number) {
        return Ok(bytes);
    }
    // While gRPC is being answered, no message is an empty one.
    if number == GRPC_MESSAGE && host.grpc.is_being_read(host.root()) {
        return Ok(Vec::new());
    }
    host.violation(&format!("buffer {number} is closed in this phase"));
    match number {
        0..=3 | 5 => Ok(Vec::new()),
        8 => Ok(any_buffer(host)),
        4 | 7 => Err(Status::NotFound),
        _ => Err(Status::BadArgument),
    }
}

pub(super) fn get_buffer(call: &mut Call<'_>) -> Result<(), Status> {
    let (number, start, length) = (call.word(0), call.long(1), call.long(2));
    let bytes = call.with(|host| {
        readable(host, number).map(|bytes| buffers::slice(&bytes, start, length).to_vec())
    })??;
    call.give(3, &bytes)
}

pub(super) fn get_buffer_status(call: &mut Call<'_>) -> Result<(), Status> {
    let number = call.word(0);
    let length = call.with(|host| readable(host, number).map(|bytes| bytes.len()))??;
    call.put(1, &u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes())?;
    call.put(2, &0_u32.to_le_bytes())
}

pub(super) fn set_buffer(call: &mut Call<'_>) -> Result<(), Status> {
    let (number, start, length) = (call.word(0), call.long(1), call.long(2));
    let bytes = call.bytes(3)?;
    call.with(|host| {
        if network::is_buffer(number) {
            return network::set_buffer(host, number, (start, length), &bytes);
        }
        if number == GRPC_MESSAGE {
            let root = host.root();
            let message = host.grpc.message_mut(root).ok_or(Status::BadArgument)?;
            return buffers::splice(message, start, length, &bytes);
        }
        readable(host, number)?;
        let is_open = buffer(host, number).is_some();
        let view = host.view_mut().ok_or(Status::BadArgument)?;
        match number {
            0 if is_open => buffers::splice(&mut view.request.body, start, length, &bytes),
            1 if is_open => buffers::splice(&mut view.response.body, start, length, &bytes),
            _ => Err(Status::BadArgument),
        }
    })?
}

pub(super) fn get_shared_data(call: &mut Call<'_>) -> Result<(), Status> {
    let key = call.bytes(0)?;
    let (value, cas) = call.with(|host| {
        host.shared_data
            .get(&key)
            .map(|(value, cas)| (value.to_vec(), cas))
    })??;
    call.give(2, &value)?;
    call.put(4, &cas.to_le_bytes())
}

pub(super) fn set_shared_data(call: &mut Call<'_>) -> Result<(), Status> {
    let (key, value, cas) = (call.bytes(0)?, call.bytes(2)?, call.word(4));
    call.with(|host| host.shared_data.set(&key, value, cas))?
}

pub(super) fn continue_stream(call: &mut Call<'_>) -> Result<(), Status> {
    let kind = call.word(0);
    call.with(|host| {
        if let Some(answer) = network::continue_stream(host, kind) {
            return answer;
        }
        let Some(view) = host.view_mut().filter(|_| kind <= 1) else {
            // There is nothing to continue, and Envoy does not mind.
            return match kind {
                0..=2 => Ok(()),
                3 => Err(Status::Unimplemented),
                _ => Err(Status::BadArgument),
            };
        };
        let access = match kind {
            0 => &mut view.request,
            _ => &mut view.response,
        };
        access.resumed = true;
        access.close();
        Ok(())
    })?
}

pub(super) fn close_stream(call: &mut Call<'_>) -> Result<(), Status> {
    let kind = call.word(0);
    call.with(|host| {
        if let Some(answer) = network::close_stream(host, kind) {
            return answer;
        }
        if kind > 3 {
            return Err(Status::BadArgument);
        }
        // Those of a network filter are nothing to a stream; a root context has none at all.
        if let Some(view) = host.view_mut().filter(|_| kind <= 1) {
            view.reset = true;
        }
        Ok(())
    })?
}

pub(super) fn send_local_response(call: &mut Call<'_>) -> Result<(), Status> {
    let status = call.word(0);
    let details = call.text(1)?;
    let body = call.bytes(3)?;
    let headers = HeaderMap::from_guest(&call.bytes(5)?);
    let grpc_status = call.word(7) as i32;
    call.with(|host| {
        if network::no_stream(host) {
            return;
        }
        // Without a stream there is nobody to reply to, and Envoy does not mind.
        if let Some(view) = host.view_mut()
            && view.local_reply.is_none()
        {
            view.local_reply = Some(LocalReply {
                status,
                headers,
                body,
                grpc_status,
                details,
            });
        }
    })
}

pub(super) fn set_effective_context(call: &mut Call<'_>) -> Result<(), Status> {
    let context = call.word(0);
    call.with(|host| {
        if context != 0 && !host.has_context(context) {
            return Err(Status::BadArgument);
        }
        // 0 is whatever context is being called.
        host.context = if context == 0 { host.called } else { context };
        Ok(())
    })?
}

pub(super) fn done(call: &mut Call<'_>) -> Result<(), Status> {
    call.with(|host| {
        // Envoy waits for root contexts only, and only after they said that they are not done yet.
        let root = (host.vm, host.context);
        match host.roots_pending.remove(&root) {
            true => {
                host.roots_done.push(root);
                Ok(())
            }
            false => Err(Status::NotFound),
        }
    })?
}

pub(super) fn define_metric(call: &mut Call<'_>) -> Result<(), Status> {
    let (kind, name) = (call.word(0), call.text(1)?);
    let id = call.with(|host| host.metrics.define(kind, &name))??;
    call.put(3, &id.to_le_bytes())
}

pub(super) fn get_metric(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.word(0);
    let value = call.with(|host| host.metrics.get(id))??;
    call.put(1, &value.to_le_bytes())
}

pub(super) fn record_metric(call: &mut Call<'_>) -> Result<(), Status> {
    let (id, value) = (call.word(0), call.long(1));
    call.with(|host| host.metrics.record(id, value))?
}

pub(super) fn increment_metric(call: &mut Call<'_>) -> Result<(), Status> {
    let (id, offset) = (call.word(0), call.long(1).cast_signed());
    call.with(|host| host.metrics.increment(id, offset))?
}
