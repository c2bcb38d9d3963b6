//! What `proxy_get_property` answers.
//!
//! One file a subject: what Envoy 1.40 has below each name at the top. What the documentation calls
//! `node`, `route_name`, `cluster_name` and so on at the top is not there any more: it is below
//! `xds`.

use super::{HeaderMap, HostState, PluginSettings, Status, StreamInfo};

mod connection;
mod exchange;
mod overrides;
mod value;
mod xds;

pub use overrides::Properties;
pub(crate) use value::{Value, joined};

/// What a context sees of its stream.
#[derive(Clone, Copy)]
struct Seen<'a> {
    info: &'a StreamInfo,
    request: Option<&'a HeaderMap>,
    response: Option<&'a HeaderMap>,
    trailers: Option<&'a HeaderMap>,
}

impl<'a> Seen<'a> {
    fn by(host: &'a HostState, context: u32) -> Option<Self> {
        let id = host.contexts.get(&(host.vm, context))?;
        if let Some(link) = host.links.get(id) {
            return Some(Self {
                info: &link.info,
                request: None,
                response: None,
                trailers: None,
            });
        }
        let stream = host.streams.get(id)?;
        let view = stream.views.get(host.vm.plugin)?;
        let seen = |open: bool, map: &'a HeaderMap| {
            let logged = view.logging && !map.is_empty();
            (open || logged).then_some(map)
        };
        Some(Self {
            info: &stream.info,
            request: seen(view.request.headers_open, &stream.request.headers),
            response: seen(view.response.headers_open, &stream.response.headers),
            trailers: seen(view.response.trailers_open, &stream.response.trailers),
        })
    }
}

/// What a plugin can read of its own settings.
fn of_plugin(plugin: &PluginSettings, name: &str) -> Option<Value> {
    match name {
        "plugin_name" => Some(Value::text(&plugin.name)),
        "plugin_root_id" => Some(Value::text(&plugin.root_id)),
        "plugin_vm_id" => Some(Value::text("")),
        _ => None,
    }
}

/// The value of a name at the top for an expression, with what the scenario has set.
pub(super) fn variable(host: &HostState, context: u32, name: &str) -> Option<Value> {
    host.properties.over(name, top(host, context, name, false))
}

/// The value of a name at the top. `whole`: nobody will look into it.
fn top(host: &HostState, context: u32, name: &str, whole: bool) -> Option<Value> {
    let seen = Seen::by(host, context);
    if name == "xds" {
        return Some(xds::xds(seen));
    }
    if let Some(value) = host.plugin().and_then(|plugin| of_plugin(plugin, name)) {
        return Some(value);
    }
    let seen = seen?;
    let info = seen.info;
    Some(match name {
        "request" => exchange::request(seen),
        "response" => exchange::response(seen),
        "connection" => connection::connection(info),
        "connection_id" => Value::Uint(info.connection_id),
        "source" => connection::peer(info.source),
        "destination" => connection::peer(info.destination),
        "upstream" => xds::upstream(info),
        "metadata" => xds::no_metadata(),
        "filter_state" => {
            let objects = info.filter_state.all().into_iter();
            Value::Fields(objects.map(|(key, value)| (key.into(), value)).collect())
        }
        "upstream_filter_state" => {
            info.upstream.as_ref()?.local_address?;
            Value::Fields(Vec::new())
        }
        _ => return info.filter_state.property(name.as_bytes(), whole),
    })
}

/// Reads a property: what a scenario set first, then what Envoy knows, then what plugins wrote.
///
/// # Errors
///
/// `NotFound`, or `SerializationFailure` for what has no bytes, and for the empty path.
pub(super) fn get(host: &HostState, path: &[u8]) -> Result<Value, Status> {
    if let Some(value) = host.properties.get(path) {
        return Ok(Value::Bytes(value.to_vec()));
    }
    let below = || match host.properties.has_below(path) {
        true => Ok(Value::Null),
        false => Err(Status::NotFound),
    };
    // A zero byte at the end begins no segment.
    let path = path.strip_suffix(&[0]).unwrap_or(path);
    if path.is_empty() {
        return Ok(Value::Null);
    }
    let mut segments = path.split(|byte| *byte == 0);
    let name = String::from_utf8_lossy(segments.next().unwrap_or_default());
    let mut value = match top(host, host.context, &name, !path.contains(&0)) {
        Some(value) => value,
        None => return below(),
    };
    for segment in segments {
        value = match value.child(segment) {
            Some(value) => value,
            None => return below(),
        };
    }
    Ok(value)
}

/// Writes a property of the stream.
///
/// # Errors
///
/// `NotFound`: there is no stream here. `BadArgument`: it was declared read-only, and has a value.
pub(super) fn set(host: &mut HostState, path: &[u8], value: Vec<u8>) -> Result<(), Status> {
    let root = host.root_of(host.context);
    let declaration = host.foreign.declaration((host.vm, root), path);
    let declaration = declaration.unwrap_or_default();
    let info = match host.link_mut() {
        Some(link) => &mut link.info,
        None => &mut host.stream_mut().ok_or(Status::NotFound)?.info,
    };
    info.filter_state.set_property(path, declaration, value)
}
