//! What `proxy_get_property` answers.

use std::collections::BTreeMap;

use super::network::calls as network;
use super::{HeaderMap, HostState, PluginSettings, Status};

/// Properties that hold for every stream, by path joined with zero bytes.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Properties {
    /// Sets a property that every stream sees.
    pub fn set(&mut self, path: &[&str], value: impl Into<Vec<u8>>) {
        self.values
            .insert(path.join("\0").into_bytes(), value.into());
    }

    fn get(&self, path: &[u8]) -> Option<&[u8]> {
        self.values.get(path).map(Vec::as_slice)
    }

    fn has_below(&self, path: &[u8]) -> bool {
        let prefix = [path, b"\0"].concat();
        self.values.keys().any(|key| key.starts_with(&prefix))
    }
}

/// Paths that name a whole message: there is something, but no bytes for it.
const MESSAGES: &[&[u8]] = &[
    b"request",
    b"response",
    b"source",
    b"destination",
    b"connection",
    b"upstream",
    b"node",
    b"xds",
];

/// Reads a property: what a scenario set first, then what the plugin wrote, then the stream.
///
/// # Errors
///
/// `NotFound`, or `SerializationFailure` for a whole message and for the empty path.
pub(super) fn get(host: &HostState, path: &[u8]) -> Result<Vec<u8>, Status> {
    if path.is_empty() {
        return Err(Status::SerializationFailure);
    }
    if let Some(value) = host.properties.get(path) {
        return Ok(value.to_vec());
    }
    if let Some(value) = host.plugin().and_then(|plugin| of_plugin(plugin, path)) {
        return Ok(value.as_bytes().to_vec());
    }
    if MESSAGES.contains(&path) || host.properties.has_below(path) {
        return Err(Status::SerializationFailure);
    }
    if let Some(value) = network::property(host, path) {
        return value;
    }
    let stream = host.stream().ok_or(Status::NotFound)?;
    if !path.contains(&0)
        && let Some(value) = stream.properties.get(path)
    {
        return Ok(value.clone());
    }
    let path = String::from_utf8_lossy(path).into_owned();
    let mut segments = path.split('\0');
    let value = match (segments.next(), segments.next(), segments.next()) {
        (Some("request"), Some(field), key) => {
            let size = stream.request.size;
            from_request(&stream.request.headers, field, key, size)
        }
        (Some("response"), Some(field), key) => from_response(&stream.response.headers, field, key),
        _ => None,
    };
    value.ok_or(Status::NotFound)
}

/// Writes a property of the stream. A path of several segments can be written but never read.
///
/// # Errors
///
/// `NotFound`: there is no stream here.
pub(super) fn set(host: &mut HostState, path: &[u8], value: Vec<u8>) -> Result<(), Status> {
    if network::set_property(host, path, &value) {
        return Ok(());
    }
    let stream = host.stream_mut().ok_or(Status::NotFound)?;
    stream.properties.insert(path.to_vec(), value);
    Ok(())
}

/// What a plugin can read of its own settings.
fn of_plugin<'a>(plugin: &'a PluginSettings, path: &[u8]) -> Option<&'a str> {
    match path {
        b"plugin_name" => Some(&plugin.name),
        b"plugin_root_id" => Some(&plugin.root_id),
        b"plugin_vm_id" => Some(""),
        _ => None,
    }
}

fn from_request(
    headers: &HeaderMap,
    field: &str,
    key: Option<&str>,
    size: usize,
) -> Option<Vec<u8>> {
    let header = |name: &str| headers.get(name).map(<[u8]>::to_vec);
    let path = || headers.get(":path");
    match field {
        "path" => header(":path"),
        "url_path" => path().map(|path| split_query(path).0.to_vec()),
        "query" => path().map(|path| split_query(path).1.to_vec()),
        "host" => header(":authority"),
        "scheme" => header(":scheme"),
        "method" => header(":method"),
        "referer" => header("referer"),
        "useragent" => header("user-agent"),
        "id" => header("x-request-id"),
        "protocol" => Some(b"HTTP/1.1".to_vec()),
        "size" => Some((size as u64).to_le_bytes().to_vec()),
        "headers" => key.and_then(header),
        _ => None,
    }
}

fn from_response(headers: &HeaderMap, field: &str, key: Option<&str>) -> Option<Vec<u8>> {
    match field {
        "code" => {
            let status = String::from_utf8_lossy(headers.get(":status")?)
                .parse::<u64>()
                .ok()?;
            Some(status.to_le_bytes().to_vec())
        }
        "headers" => key.and_then(|key| headers.get(key)).map(<[u8]>::to_vec),
        _ => None,
    }
}

fn split_query(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().position(|byte| *byte == b'?') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (path, &[]),
    }
}
