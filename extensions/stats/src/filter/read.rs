//! What the host knows about a stream.
//!
//! At its end one expression gives nearly all of it in a list: a call that returns data costs half a
//! microsecond or more, one more element in a list a quarter. Where the host knows no expressions, and
//! while a stream is open, each is a call of its own.

use extension_common::{expression::Expression, hostcalls};
use proxy_wasm::types::MapType;

use super::active::Active;
use crate::{
    destination::needs_host,
    observation::{Observation, Principals, Protocol, Reporter},
    peer::RawPeer,
};

/// A property, where it is there.
pub(super) fn get(path: &[&str]) -> Option<Vec<u8>> {
    hostcalls::get_property(path).ok().flatten()
}

fn number(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_le_bytes)
}

fn get_number(path: &[&str]) -> Option<i64> {
    number(&get(path)?)
}

/// What histograms are told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sizes {
    /// Nanoseconds.
    pub(super) duration: i64,
    pub(super) request: i64,
    pub(super) response: i64,
}

/// What every list has, behind the direction.
const COMMON: [&str; 6] = [
    // -1 is a connection: only requests have a protocol.
    "has(request.protocol) ? (has(response.code) ? response.code : 0) : -1",
    "response.flags",
    "has(request.duration) ? request.duration : 0",
    "request.total_size",
    "response.total_size",
    "has(xds.cluster_name) ? xds.cluster_name : ''",
];

const CONNECTION: &str = "connection.id";

const CERTIFICATES: [&str; 2] = [
    "has(upstream.uri_san_peer_certificate) ? upstream.uri_san_peer_certificate : ''",
    "has(upstream.uri_san_local_certificate) ? upstream.uri_san_local_certificate : ''",
];

/// What the list begins with.
struct Basics {
    direction: i64,
    code: i64,
    flags: i64,
    sizes: Sizes,
    cluster: Vec<u8>,
    /// The number of the client's connection, for those who look at it.
    connection: Vec<u8>,
    upstream: Principals,
}

/// The expressions for each reporter; none where the host knows no expressions.
#[derive(Default)]
pub(super) struct EndReader([Option<Expression>; 3]);

impl EndReader {
    /// The lists for `reporter`, or for those that a listener can make one.
    pub(super) fn new(reporter: Option<Reporter>) -> Self {
        let list = |of: Reporter| {
            let direction = match reporter {
                Some(decided) if decided != of => return None,
                Some(_) => "0",
                None if of == Reporter::Waypoint => return None,
                None => "xds.listener_direction",
            };
            let mut elements = vec![direction];
            elements.extend(COMMON);
            if of != Reporter::Source {
                elements.push(CONNECTION);
            }
            if of != Reporter::Destination {
                elements.extend(CERTIFICATES);
            }
            Expression::create(&format!("[{}]", elements.join(", "))).ok()
        };
        Self([
            list(Reporter::Source),
            list(Reporter::Destination),
            list(Reporter::Waypoint),
        ])
    }

    fn read(&self, reporter: Reporter) -> Option<Basics> {
        let [source, destination, waypoint] = &self.0;
        let expression = match reporter {
            Reporter::Source => source,
            Reporter::Destination => destination,
            Reporter::Waypoint => waypoint,
        };
        let list = expression.as_ref()?.evaluate_list()?;
        let mut elements = list.iter().map(|(element, _)| element);
        let mut numbers = [0; 6];
        for slot in &mut numbers {
            *slot = number(elements.next()?)?;
        }
        let [direction, code, flags, duration, request, response] = numbers;
        let cluster = elements.next()?.to_vec();
        let connection = match reporter {
            Reporter::Source => Vec::new(),
            _ => elements.next()?.to_vec(),
        };
        let upstream = match reporter {
            Reporter::Destination => Principals::default(),
            _ => Principals {
                peer: elements.next()?.to_vec(),
                local: elements.next()?.to_vec(),
                mutual: false,
            },
        };
        Some(Basics {
            direction,
            code,
            flags,
            sizes: Sizes {
                duration,
                request,
                response,
            },
            cluster,
            connection,
            upstream,
        })
    }
}

/// The same, one by one.
fn read_singly(direction: i64, reporter: Reporter) -> Basics {
    let san = |name| get(&["upstream", name]).unwrap_or_default();
    let is_request = get(&["request", "protocol"]).is_some();
    let code = match is_request {
        true => get_number(&["response", "code"]).unwrap_or_default(),
        false => -1,
    };
    Basics {
        direction,
        code,
        flags: get_number(&["response", "flags"]).unwrap_or_default(),
        sizes: Sizes {
            duration: get_number(&["request", "duration"]).unwrap_or_default(),
            request: get_number(&["request", "total_size"]).unwrap_or_default(),
            response: get_number(&["response", "total_size"]).unwrap_or_default(),
        },
        cluster: get(&["xds", "cluster_name"]).unwrap_or_default(),
        connection: match reporter {
            Reporter::Source => Vec::new(),
            _ => get(&["connection", "id"]).unwrap_or_default(),
        },
        upstream: match reporter {
            Reporter::Destination => Principals::default(),
            _ => Principals {
                peer: san("uri_san_peer_certificate"),
                local: san("uri_san_local_certificate"),
                mutual: false,
            },
        },
    }
}

/// Who reports at a listener of this direction: 1 is inbound.
fn reporter_at(direction: i64) -> Reporter {
    match direction {
        1 => Reporter::Destination,
        _ => Reporter::Source,
    }
}

impl Active {
    /// A stream that is over.
    pub(super) fn read_end(&self) -> (Observation, Sizes) {
        let guess = self.last_reporter.get();
        let mut reporter = guess;
        let mut basics = self.end_reader.read(guess);
        if self.reporter.is_none()
            && let Some(read) = &basics
            && reporter_at(read.direction) != guess
        {
            // Two listeners share this plugin.
            reporter = reporter_at(read.direction);
            basics = self.end_reader.read(reporter);
        }
        let basics = basics.unwrap_or_else(|| {
            let (direction, by_listener) = self.direction();
            reporter = by_listener;
            read_singly(direction, by_listener)
        });
        self.last_reporter.set(reporter);
        let sizes = basics.sizes;
        let mut seen = self.observe(reporter, basics);
        if seen.protocol != Protocol::Tcp {
            observe_protocol(&mut seen);
        }
        if self.needs_host(&seen) {
            if seen.cluster.is_empty() {
                seen.route = get(&["xds", "route_name"]).unwrap_or_default();
            }
            if self.may_use_host(reporter) {
                seen.host = get(&["request", "host"]).unwrap_or_default();
            }
        }
        (seen, sizes)
    }

    /// A stream that is still open. `None` where its labels would be others at its end: headers
    /// cannot be read now.
    pub(super) fn read_midway(&self) -> Option<Observation> {
        let (direction, reporter) = self.direction();
        let seen = self.observe(reporter, read_singly(direction, reporter));
        let waits = self.needs_host(&seen) && self.may_use_host(reporter);
        (!waits).then_some(seen)
    }

    fn direction(&self) -> (i64, Reporter) {
        match self.reporter {
            Some(reporter) => (0, reporter),
            None => {
                let direction = get_number(&["xds", "listener_direction"]).unwrap_or_default();
                (direction, reporter_at(direction))
            }
        }
    }

    fn observe(&self, reporter: Reporter, basics: Basics) -> Observation {
        let mut seen = Observation {
            reporter,
            protocol: match basics.code {
                -1 => Protocol::Tcp,
                _ => Protocol::Http,
            },
            code: u16::try_from(basics.code).unwrap_or_default(),
            flags: basics.flags.cast_unsigned(),
            upstream: basics.upstream,
            cluster: basics.cluster,
            ..Observation::default()
        };
        if reporter != Reporter::Source {
            if let Ok(mut connections) = self.connections.try_borrow_mut() {
                seen.downstream = connections.find(&basics.connection).as_ref().clone();
            }
            seen.downstream_peer = peer("downstream_peer");
        }
        if reporter != Reporter::Destination {
            seen.upstream_peer = upstream_peer();
        }
        seen
    }

    /// Whether only the request says which service it was meant for.
    fn needs_host(&self, seen: &Observation) -> bool {
        seen.protocol != Protocol::Tcp && {
            let service = self.service(&seen.cluster);
            needs_host(&seen.cluster, service.as_deref())
        }
    }

    fn may_use_host(&self, reporter: Reporter) -> bool {
        let by_default = reporter == Reporter::Source;
        self.host_fallback.unwrap_or(by_default)
    }
}

/// HTTP or gRPC, and how the latter ended.
fn observe_protocol(seen: &mut Observation) {
    let content_type = hostcalls::get_map_value(MapType::HttpRequestHeaders, "content-type");
    seen.protocol = Protocol::of_content_type(content_type.ok().flatten().as_deref());
    if seen.protocol == Protocol::Grpc {
        let status = get_number(&["response", "grpc_status"]);
        seen.grpc_status = status.filter(|status| *status >= 0);
    }
}

/// What another proxy tells of a peer: ours first, then Istio's own.
fn peer(name: &str) -> RawPeer {
    if let Some(bytes) = get(&[name]) {
        return RawPeer::Struct(bytes);
    }
    match get(&["filter_state", name]) {
        Some(bytes) => RawPeer::Pairs(bytes),
        None => RawPeer::Unknown,
    }
}

/// Who is asked; an endpoint may say it too.
fn upstream_peer() -> RawPeer {
    let peer = peer("upstream_peer");
    if peer.is_known() {
        return peer;
    }
    let path = [
        "xds",
        "upstream_host_metadata",
        "filter_metadata",
        "istio",
        "workload",
    ];
    match get(&path) {
        Some(bytes) => RawPeer::Workload(bytes),
        None => RawPeer::Unknown,
    }
}

/// The messages of a gRPC stream so far, from the client and to it, where Envoy's `grpc_stats` filter
/// counts them.
pub(super) fn messages() -> Option<(u64, u64)> {
    let text = get(&["filter_state", "envoy.filters.http.grpc_stats"])?;
    let text = std::str::from_utf8(&text).ok()?;
    let (requests, responses) = text.split_once(',')?;
    Some((requests.parse().ok()?, responses.parse().ok()?))
}

/// The bytes of a connection so far, from the client and to it.
pub(super) fn bytes() -> (u64, u64) {
    let size = |of| {
        let size = get_number(&[of, "size"]).unwrap_or_default();
        u64::try_from(size).unwrap_or_default()
    };
    (size("request"), size("response"))
}

/// Whether the stream is a request, and no connection.
pub(super) fn is_request() -> bool {
    get(&["request", "protocol"]).is_some()
}
