//! Objects that filters leave on a stream for each other and for the proxy.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::Status;
use super::properties::Value;

/// How long an object lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LifeSpan {
    /// As long as the filter chain: one stream.
    #[default]
    FilterChain,
    /// As long as the client's request.
    DownstreamRequest,
    /// As long as the client's connection.
    DownstreamConnection,
}

/// How the value of a declared property is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PropertyKind {
    /// Bytes, as of all properties that nobody declared.
    #[default]
    Bytes,
    /// Text.
    String,
    /// A table of FlatBuffers.
    FlatBuffers,
    /// A message of Protobuf.
    Protobuf,
}

/// What `declare_property` says about a property.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declaration {
    /// Whether it can be written only once.
    pub read_only: bool,
    /// How its value is to be read.
    pub kind: PropertyKind,
    /// How long its value lives.
    pub span: LifeSpan,
}

/// What is behind a key.
#[derive(Clone, Debug)]
pub(super) enum Object {
    /// A property that a plugin wrote.
    Property(Declaration, Vec<u8>),
    /// An object of Envoy's that shows itself as bytes.
    Bytes(Vec<u8>),
    /// One that has the fields `ip` and `port`.
    Address(SocketAddr),
    /// One that does not show itself.
    Hidden,
}

/// The filter state of a stream, by key.
#[derive(Clone, Debug, Default)]
pub struct FilterState {
    objects: BTreeMap<Vec<u8>, (LifeSpan, Object)>,
}

/// Where Envoy keeps the properties that plugins write.
const PROPERTIES: &[u8] = b"wasm.";

impl FilterState {
    /// Writes a property. The declaration counts only for the first write.
    ///
    /// # Errors
    ///
    /// `BadArgument`: it is read-only, and has a value.
    pub(super) fn set_property(
        &mut self,
        name: &[u8],
        declaration: Declaration,
        value: Vec<u8>,
    ) -> Result<(), Status> {
        let key = [PROPERTIES, name].concat();
        match self.objects.get_mut(&key) {
            Some((_, Object::Property(declaration, _))) if declaration.read_only => {
                Err(Status::BadArgument)
            }
            Some((_, Object::Property(_, old))) => {
                *old = value;
                Ok(())
            }
            _ => {
                let object = Object::Property(declaration, value);
                self.objects.insert(key, (declaration.span, object));
                Ok(())
            }
        }
    }

    /// A property that a plugin wrote. `whole`: nobody looks into it.
    pub(super) fn property(&self, name: &[u8], whole: bool) -> Option<Value> {
        match self.objects.get(&[PROPERTIES, name].concat()) {
            Some((_, Object::Property(declaration, value))) => {
                Some(property(declaration.kind, value, whole))
            }
            _ => None,
        }
    }

    /// Puts one of Envoy's own objects in.
    pub(super) fn insert(&mut self, name: &[u8], object: Object, span: LifeSpan) {
        self.objects.insert(name.to_vec(), (span, object));
    }

    /// All objects, as the property `filter_state` shows them.
    pub(super) fn all(&self) -> Vec<(String, Value)> {
        let shown = |(key, (_, object)): (&Vec<u8>, &(LifeSpan, Object))| {
            let value = match object {
                Object::Property(declaration, value) => property(declaration.kind, value, false),
                Object::Bytes(bytes) => Value::Bytes(bytes.clone()),
                Object::Address(address) => Value::Object(vec![
                    ("ip".into(), Value::text(address.ip().to_string())),
                    ("port".into(), Value::Int(address.port().into())),
                ]),
                Object::Hidden => return None,
            };
            Some((String::from_utf8(key.clone()).ok()?, value))
        };
        self.objects.iter().filter_map(shown).collect()
    }
}

fn property(kind: PropertyKind, value: &[u8], whole: bool) -> Value {
    match kind {
        PropertyKind::String => Value::String(value.to_vec()),
        PropertyKind::Bytes => Value::Bytes(value.to_vec()),
        _ if whole => Value::Bytes(value.to_vec()),
        PropertyKind::FlatBuffers | PropertyKind::Protobuf => Value::Opaque,
    }
}

/// One of Envoy's own objects, by the name of its factory, which is its key too.
///
/// # Errors
///
/// `NotFound`: Envoy 1.40 has no object of this name. `BadArgument`: not from these bytes.
pub(super) fn envoys(name: &[u8], value: &[u8]) -> Result<Object, Status> {
    let text = std::str::from_utf8(value).map_err(|_| Status::BadArgument);
    let shown = |text: String| Ok(Object::Bytes(text.into_bytes()));
    match name {
        b"envoy.hashable_string"
        | b"envoy.network.network_namespace"
        | b"envoy.network.upstream_server_name"
        | b"envoy.network.upstream_subject_alt_names"
        | b"envoy.string"
        | b"envoy.tcp_proxy.cluster"
        | b"envoy.upstream.dynamic_host" => Ok(Object::Bytes(value.to_vec())),
        b"envoy.ai.model.request" if !value.is_empty() => Ok(Object::Bytes(value.to_vec())),
        b"envoy.network.application_protocols" | b"envoy.router.debug_config" => Ok(Object::Hidden),
        b"envoy.ratelimit.hits_addend" | b"envoy.upstream.dynamic_port" => {
            shown(number::<u32>(text?)?.to_string())
        }
        b"envoy.tcp_proxy.per_connection_idle_timeout_ms" => {
            shown(number::<u64>(text?)?.to_string())
        }
        b"envoy.tcp_proxy.disable_tunneling" => shown((value == b"true").to_string()),
        b"envoy.network.ip" => {
            let ip: IpAddr = text?.parse().map_err(|_| Status::BadArgument)?;
            shown(SocketAddr::new(ip, 0).to_string())
        }
        b"envoy.filters.listener.original_dst.local_ip"
        | b"envoy.filters.listener.original_dst.remote_ip"
        | b"envoy.network.transport_socket.original_dst_address" => {
            let address = text?.parse().map_err(|_| Status::BadArgument)?;
            Ok(Object::Address(address))
        }
        // A host, a comma, and the proxy's address.
        b"envoy.network.transport_socket.http_11_proxy.info" => {
            let proxy = text?.split_once(',').map(|(_, proxy)| proxy.parse());
            match proxy {
                Some(Ok::<SocketAddr, _>(_)) => Ok(Object::Hidden),
                _ => Err(Status::BadArgument),
            }
        }
        // Nothing was found yet that Envoy would make the second one from.
        b"envoy.ai.model.request" | b"envoy.ai.llm_protocol.request" => Err(Status::BadArgument),
        _ => Err(Status::NotFound),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Status> {
    text.trim_ascii().parse().map_err(|_| Status::BadArgument)
}
