//! The Proxy-Wasm callbacks: takes the two headers off, keeps what they say, adds our own.

mod metrics;

use std::{cell::RefCell, rc::Rc};

use extension_common::{
    config::{self, ConfigError},
    foreign,
    headers::is_valid_value,
    hostcalls::{self, HostError},
    metric,
};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType, MapType},
};

use crate::{
    ID_HEADER, METADATA_HEADER,
    config::ConfigJson,
    direction::Direction,
    node::OwnHeaders,
    peer::{Found, Peers},
};
use metrics::Metrics;

/// A node id of more bytes is not kept.
const MAX_ID_BYTES: usize = 1024;

/// The plugin, as the SDK wants it.
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root::default())
}

/// One per worker and configuration.
#[derive(Default)]
struct Root {
    /// Defined once: the host keeps every definition.
    metrics: Option<Metrics>,
    active: Option<Rc<Active>>,
}

/// A configuration in force, shared by the streams that began under it.
struct Active {
    own: OwnHeaders,
    peers: RefCell<Peers>,
    skip_external_clusters: bool,
    metrics: Metrics,
}

/// The properties that a peer is kept in: Envoy shows them as `wasm.<name>` in the filter state.
#[derive(Clone, Copy)]
struct Properties {
    peer: &'static str,
    id: &'static str,
}

const DOWNSTREAM: Properties = Properties {
    peer: "downstream_peer",
    id: "downstream_peer_id",
};

const UPSTREAM: Properties = Properties {
    peer: "upstream_peer",
    id: "upstream_peer_id",
};

/// Which headers there were.
#[derive(Clone, Copy, Default)]
struct Received {
    metadata: bool,
    id: bool,
}

impl Active {
    fn configure(metrics: Metrics) -> Result<Self, ConfigError> {
        let config = config::read::<ConfigJson>()?.validate()?;
        let mut own = OwnHeaders::build(&config, |path: &[&str]| {
            let path: Vec<_> = ["xds", "node"]
                .into_iter()
                .chain(path.iter().copied())
                .collect();
            // A value that the host cannot serialize is as good as none.
            hostcalls::get_property(&path).unwrap_or_default()
        });
        if !is_valid_value(&own.id) {
            log::warn!("the node id is no header value: peers are not told it");
            own.id.clear();
        }
        config.remarks.log();
        log::info!(
            "metadata-exchange is on: {} bytes about this workload",
            own.metadata.len()
        );
        Ok(Self {
            own,
            peers: RefCell::new(Peers::new(&config)),
            skip_external_clusters: config.skip_external_clusters,
            metrics,
        })
    }

    /// Takes a peer's headers off, always, and keeps what they say.
    fn receive(&self, map: MapType, properties: Properties) -> Result<Received, HostError> {
        let metadata = hostcalls::get_map_value(map, METADATA_HEADER)?;
        let id = hostcalls::get_map_value(map, ID_HEADER)?;
        let received = Received {
            metadata: metadata.is_some(),
            id: id.is_some(),
        };
        if let Some(metadata) = metadata {
            hostcalls::remove_map_value(map, METADATA_HEADER.as_bytes())?;
            self.keep(&metadata, properties)?;
        }
        if let Some(id) = id {
            hostcalls::remove_map_value(map, ID_HEADER.as_bytes())?;
            if !id.is_empty() && id.len() <= MAX_ID_BYTES {
                hostcalls::set_property(&[properties.id], &id)?;
            }
        }
        Ok(received)
    }

    fn keep(&self, header: &[u8], properties: Properties) -> Result<(), HostError> {
        // Never borrowed already: no callback runs inside another.
        let Ok(mut peers) = self.peers.try_borrow_mut() else {
            return Ok(());
        };
        match peers.find(header) {
            Ok((peer, found)) => {
                if found == Found::New {
                    self.metrics.new_peer();
                }
                hostcalls::set_property(&[properties.peer], &peer)
            }
            Err(error) => {
                self.metrics.invalid_peer();
                log::debug!("a peer's metadata is ignored: {error}");
                Ok(())
            }
        }
    }

    /// Puts our own headers on, in the place of any that are there.
    fn send(&self, map: MapType, which: Received) -> Result<(), HostError> {
        if which.metadata {
            let metadata = self.own.metadata.as_bytes();
            hostcalls::replace_map_value(map, METADATA_HEADER, metadata)?;
        }
        match self.own.id.as_slice() {
            _ if !which.id => Ok(()),
            // Nobody else's either.
            b"" => hostcalls::remove_map_value(map, ID_HEADER.as_bytes()),
            id => hostcalls::replace_map_value(map, ID_HEADER, id),
        }
    }

    /// Whether the request goes to someone who should be told nothing.
    fn is_withheld(&self) -> bool {
        let says = |name: &str| {
            let path = ["xds", "cluster_metadata", "filter_metadata", "istio", name];
            let value = hostcalls::get_property(&path).unwrap_or_default();
            value.is_some_and(|value| value == [1])
        };
        if says("disable_mx") {
            return true;
        }
        self.skip_external_clusters
            && (says("external") || {
                let cluster = hostcalls::get_property(&["xds", "cluster_name"]);
                cluster.is_ok_and(|name| name.as_deref() == Some(b"PassthroughCluster"))
            })
    }
}

/// Takes both headers off, whoever wrote them.
fn strip(map: MapType) -> Result<(), HostError> {
    hostcalls::remove_map_value(map, METADATA_HEADER.as_bytes())?;
    hostcalls::remove_map_value(map, ID_HEADER.as_bytes())
}

/// Lets expressions and access logs look into the peers. Another host than Envoy has neither, and a
/// second configuration finds them declared.
fn declare_properties() {
    for properties in [DOWNSTREAM, UPSTREAM] {
        let declared = foreign::declare_message_property(
            properties.peer,
            "type.googleapis.com/google.protobuf.Struct",
        );
        if let Err(error) = declared
            && error.status() != HostError::BAD_ARGUMENT
        {
            log::info!("{} is plain bytes here: {error}", properties.peer);
        }
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let metrics = match metric::defined_once(&mut self.metrics, Metrics::define) {
            Ok(metrics) => *metrics,
            Err(error) => {
                log::error!("metadata-exchange is not configured: {error}");
                return false;
            }
        };
        match Active::configure(metrics) {
            Ok(active) => {
                declare_properties();
                self.active = Some(Rc::new(active));
                true
            }
            Err(error) => {
                metrics.config_error();
                log::error!("metadata-exchange is not configured: {error}");
                false
            }
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter {
            active: self.active.clone(),
            direction: Direction::default(),
            asked: Received::default(),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One per request.
struct Filter {
    active: Option<Rc<Active>>,
    direction: Direction,
    /// What the client has sent, and so gets an answer to.
    asked: Received,
}

impl Filter {
    fn request(&mut self) -> Result<(), HostError> {
        const MAP: MapType = MapType::HttpRequestHeaders;
        let Some(active) = &self.active else {
            return strip(MAP);
        };
        let direction = hostcalls::get_property(&["xds", "listener_direction"])?;
        self.direction = Direction::of_property(direction.as_deref());
        if self.direction.serves_peers() {
            self.asked = active.receive(MAP, DOWNSTREAM)?;
        }
        if !self.direction.asks_peers() {
            return Ok(());
        }
        if active.is_withheld() {
            return strip(MAP);
        }
        let both = Received {
            metadata: true,
            id: true,
        };
        active.send(MAP, both)
    }

    fn response(&self) -> Result<(), HostError> {
        const MAP: MapType = MapType::HttpResponseHeaders;
        let Some(active) = &self.active else {
            return strip(MAP);
        };
        if self.direction.asks_peers() {
            active.receive(MAP, UPSTREAM)?;
        } else {
            strip(MAP)?;
        }
        active.send(MAP, self.asked)
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if let Err(error) = self.request() {
            log::warn!("metadata was not exchanged: {error}");
        }
        // Telemetry never stops a request.
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if let Err(error) = self.response() {
            log::warn!("metadata was not exchanged: {error}");
        }
        Action::Continue
    }
}
