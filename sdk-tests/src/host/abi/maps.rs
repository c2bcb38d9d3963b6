//! Headers and trailers.

use super::{Call, Status};
use crate::host::{HeaderMap, HostState, MapKind};

/// The last map that there is.
const LAST: u32 = 7;

/// The map with this number, to read.
fn map(host: &HostState, number: u32) -> Result<&HeaderMap, Status> {
    let root = host.root();
    let map = match number {
        4 => host.grpc.initial_metadata(root),
        5 => host.grpc.trailing_metadata(root),
        6 => host.callouts.headers(root.1),
        7 => host.callouts.trailers(root.1),
        _ => kind(number).and_then(|kind| host.map(kind)),
    };
    // A stream that is being logged lacks a map; it does not refuse one.
    let logging = number <= LAST && host.view().is_some_and(|view| view.logging);
    map.map_err(|status| if logging { Status::NotFound } else { status })
}

/// The map with this number, to write. The answers of callouts can only be read.
fn map_mut(host: &mut HostState, number: u32) -> Result<&mut HeaderMap, Status> {
    host.map_mut(kind(number)?)
}

fn kind(number: u32) -> Result<MapKind, Status> {
    match number {
        0 => Ok(MapKind::RequestHeaders),
        1 => Ok(MapKind::RequestTrailers),
        2 => Ok(MapKind::ResponseHeaders),
        3 => Ok(MapKind::ResponseTrailers),
        _ => Err(Status::BadArgument),
    }
}

/// Notes the use of a map in a phase where it is closed.
fn checked<T>(
    host: &mut HostState,
    what: &str,
    map: u32,
    result: Result<T, Status>,
) -> Result<T, Status> {
    if matches!(result, Err(Status::BadArgument)) {
        let map = match map {
            4 => "GrpcReceiveInitialMetadata".to_owned(),
            5 => "GrpcReceiveTrailingMetadata".to_owned(),
            6 => "HttpCallResponseHeaders".to_owned(),
            7 => "HttpCallResponseTrailers".to_owned(),
            _ => kind(map).map_or_else(|_| format!("map {map}"), |kind| format!("{kind:?}")),
        };
        host.violation(&format!("{what} of {map}, which is closed in this phase"));
    }
    result
}

pub(super) fn get_pairs(call: &mut Call<'_>) -> Result<(), Status> {
    let number = call.word(0);
    if number > LAST {
        return Err(Status::BadArgument);
    }
    let pairs = call.with(|host| {
        let pairs = map(host, number).map(HeaderMap::serialize);
        checked(host, "get_pairs", number, pairs)
    })?;
    // A closed map and an empty one look the same to the guest: no bytes.
    let pairs = pairs
        .ok()
        .filter(|pairs| pairs.len() > 4)
        .unwrap_or_default();
    call.give(1, &pairs)
}

pub(super) fn get_size(call: &mut Call<'_>) -> Result<(), Status> {
    let number = call.word(0);
    // Envoy counts only what could be written, too.
    let size = call.with(|host| {
        let size = map_mut(host, number).map(|map| map.byte_size());
        checked(host, "get_size", number, size)
    })??;
    call.put(1, &u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes())
}

pub(super) fn get_value(call: &mut Call<'_>) -> Result<(), Status> {
    let (number, name) = (call.word(0), call.text(1)?);
    let value = call.with(|host| {
        let value = map(host, number)
            .and_then(|map| map.get(&name).map(<[u8]>::to_vec).ok_or(Status::NotFound));
        checked(host, &format!("get \"{name}\""), number, value)
    })??;
    call.give(3, &value)
}

fn change(
    call: &mut Call<'_>,
    what: &str,
    change: impl FnOnce(&mut HeaderMap),
) -> Result<(), Status> {
    let number = call.word(0);
    call.with(|host| {
        let changed = map_mut(host, number).map(change);
        checked(host, what, number, changed)
    })?
}

pub(super) fn set_pairs(call: &mut Call<'_>) -> Result<(), Status> {
    let bytes = call.bytes(1)?;
    let pairs = HeaderMap::from_guest(&bytes);
    change(call, "set_pairs", |map| map.set_all(&pairs))
}

pub(super) fn add_value(call: &mut Call<'_>) -> Result<(), Status> {
    let (name, value) = (call.text(1)?, call.bytes(3)?);
    change(call, &format!("add \"{name}\""), |map| {
        map.add(&name, value)
    })
}

pub(super) fn replace_value(call: &mut Call<'_>) -> Result<(), Status> {
    let (name, value) = (call.text(1)?, call.bytes(3)?);
    change(call, &format!("replace \"{name}\""), |map| {
        map.replace(&name, value)
    })
}

pub(super) fn remove_value(call: &mut Call<'_>) -> Result<(), Status> {
    let name = call.text(1)?;
    change(call, &format!("remove \"{name}\""), |map| map.remove(&name))
}
