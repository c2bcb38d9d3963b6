//! What the host knows about a stream.
//!
//! At its end one expression gives nearly all of it in a list. That costs as much as two calls that
//! return a property, and a quarter of one more for each name in it: to ask whether something is there
//! costs as much as to ask for it, and as much as a call that finds nothing. Where the host knows no
//! expressions, and while a stream is open, each is a call of its own.

use std::cell::Cell;

use extension_common::{expression::Expression, headers::HeaderView, hostcalls};
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

/// In place of a status: the stream is a connection.
const NO_REQUEST: i64 = -1;

/// What the host is asked of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    Direction,
    Code,
    Flags,
    Duration,
    RequestSize,
    ResponseSize,
    Cluster,
    Host,
    Connection,
    Certificates,
}

impl Field {
    const ALL: [Self; 10] = [
        Self::Direction,
        Self::Code,
        Self::Flags,
        Self::Duration,
        Self::RequestSize,
        Self::ResponseSize,
        Self::Cluster,
        Self::Host,
        Self::Connection,
        Self::Certificates,
    ];

    /// For a list, where an error in one element is the error of all. What every answered request
    /// has is there where `is_answered`.
    fn expression(self, is_answered: bool) -> &'static str {
        match self {
            Self::Direction => "xds.listener_direction",
            Self::Code if is_answered => "response.code",
            Self::Code => "has(request.protocol) ? (has(response.code) ? response.code : 0) : -1",
            Self::Flags => "response.flags",
            Self::Duration if is_answered => "request.duration",
            Self::Duration => "has(request.duration) ? request.duration : 0",
            Self::RequestSize => "request.total_size",
            Self::ResponseSize => "response.total_size",
            Self::Cluster => "has(xds.cluster_name) ? xds.cluster_name : ''",
            Self::Host => "has(request.host) ? request.host : ''",
            Self::Connection => "connection_id",
            Self::Certificates => {
                "has(upstream.tls_version) ? [\
                 has(upstream.uri_san_peer_certificate) ? upstream.uri_san_peer_certificate : '', \
                 has(upstream.uri_san_local_certificate) ? upstream.uri_san_local_certificate : ''\
                 ] : []"
            }
        }
    }
}

/// What the host has answered.
#[derive(Debug, Default)]
struct Basics {
    direction: i64,
    code: i64,
    flags: i64,
    sizes: Sizes,
    cluster: Vec<u8>,
    /// `None` where it was not asked for.
    host: Option<Vec<u8>>,
    /// The number of the client's connection.
    connection: Vec<u8>,
    upstream: Principals,
}

impl Basics {
    /// Takes what the expression of `field` gives.
    fn set(&mut self, field: Field, value: &[u8]) -> Option<()> {
        match field {
            Field::Direction => self.direction = number(value)?,
            Field::Code => self.code = number(value)?,
            Field::Flags => self.flags = number(value)?,
            Field::Duration => self.sizes.duration = number(value)?,
            Field::RequestSize => self.sizes.request = number(value)?,
            Field::ResponseSize => self.sizes.response = number(value)?,
            Field::Cluster => self.cluster = value.to_vec(),
            Field::Host => self.host = Some(value.to_vec()),
            Field::Connection => self.connection = value.to_vec(),
            Field::Certificates => {
                let both = HeaderView::parse(value.to_vec())?;
                let mut both = both.iter().map(|(certificate, _)| certificate.to_vec());
                self.upstream.peer = both.next().unwrap_or_default();
                self.upstream.local = both.next().unwrap_or_default();
            }
        }
        Some(())
    }

    /// The same by a call each. Headers cannot be read while a stream is open, and who reports was
    /// asked before.
    fn read_one_by_one(reporter: Reporter) -> Self {
        let is_source = reporter == Reporter::Source;
        let asks_upstream = reporter != Reporter::Destination;
        let text = |path: &[&str]| get(path).unwrap_or_default();
        let count = |path: &[&str]| get_number(path).unwrap_or_default();
        Self {
            direction: 0,
            code: match is_request() {
                true => count(&["response", "code"]),
                false => NO_REQUEST,
            },
            flags: count(&["response", "flags"]),
            sizes: Sizes {
                duration: count(&["request", "duration"]),
                request: count(&["request", "total_size"]),
                response: count(&["response", "total_size"]),
            },
            cluster: text(&["xds", "cluster_name"]),
            host: None,
            connection: match is_source {
                true => Vec::new(),
                false => text(&["connection_id"]),
            },
            upstream: match asks_upstream {
                true => Principals {
                    peer: text(&["upstream", "uri_san_peer_certificate"]),
                    local: text(&["upstream", "uri_san_local_certificate"]),
                    mutual: false,
                },
                false => Principals::default(),
            },
        }
    }
}

/// What a stream most likely is: what the last one was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Guess {
    reporter: Reporter,
    /// A request with a status.
    is_answered: bool,
    /// Only its `Host` header says which service it was meant for.
    uses_host: bool,
}

impl Guess {
    /// Right whatever the stream is, if the reporter is right.
    fn any(reporter: Reporter) -> Self {
        Self {
            reporter,
            is_answered: false,
            uses_host: false,
        }
    }
}

/// An expression, and what the elements of its list are.
#[derive(Debug)]
struct Questions {
    fields: Vec<Field>,
    list: Expression,
}

impl Questions {
    /// `None` where the host knows no expressions.
    fn new(fields: Vec<Field>, is_answered: bool) -> Option<Self> {
        let elements = fields.iter().map(|field| field.expression(is_answered));
        let elements: Vec<_> = elements.collect();
        let list = Expression::create(&format!("[{}]", elements.join(", "))).ok()?;
        Some(Self { fields, list })
    }

    fn ask(&self) -> Option<Basics> {
        let list = self.list.evaluate_list()?;
        let mut elements = list.iter();
        let mut basics = Basics::default();
        for field in &self.fields {
            let (element, _) = elements.next()?;
            basics.set(*field, element)?;
        }
        Some(basics)
    }
}

/// Asks the host.
pub(super) struct Reader {
    /// Who reports, where that does not depend on the listener.
    decided: Option<Reporter>,
    host_fallback: Option<bool>,
    questions: Vec<(Guess, Questions)>,
    last: Cell<Guess>,
}

impl Reader {
    /// For the reporter that is `decided`, or for those that a listener can make one.
    pub(super) fn new(decided: Option<Reporter>, host_fallback: Option<bool>) -> Self {
        let mut reader = Self {
            decided,
            host_fallback,
            questions: Vec::new(),
            last: Cell::new(Guess::any(decided.unwrap_or_default())),
        };
        let reporters = match decided {
            Some(reporter) => vec![reporter],
            None => vec![Reporter::Source, Reporter::Destination],
        };
        for reporter in reporters {
            for (is_answered, uses_host) in [(true, false), (true, true), (false, false)] {
                reader.prepare(Guess {
                    reporter,
                    is_answered,
                    uses_host,
                });
            }
        }
        reader
    }

    fn prepare(&mut self, guess: Guess) {
        let matters = |field: &Field| match field {
            Field::Direction => self.decided.is_none(),
            Field::Host => guess.uses_host,
            Field::Connection => guess.reporter != Reporter::Source,
            Field::Certificates => guess.reporter != Reporter::Destination,
            _ => true,
        };
        if guess.uses_host && !self.may_use_host(guess.reporter) {
            return;
        }
        let fields = Field::ALL.into_iter().filter(matters).collect();
        if let Some(questions) = Questions::new(fields, guess.is_answered) {
            self.questions.push((guess, questions));
        }
    }

    fn may_use_host(&self, reporter: Reporter) -> bool {
        let by_default = reporter == Reporter::Source;
        self.host_fallback.unwrap_or(by_default)
    }

    /// A stream that is over, and who reports it.
    fn read_end(&self) -> (Reporter, Basics) {
        let last = self.last.get();
        self.ask(last)
            .or_else(|| self.ask(Guess::any(last.reporter)))
            .unwrap_or_else(|| self.read_midway())
    }

    /// A stream that is still open, and who reports it.
    fn read_midway(&self) -> (Reporter, Basics) {
        let reporter = self.decided.unwrap_or_else(|| {
            let direction = get_number(&["xds", "listener_direction"]);
            reporter_at(direction.unwrap_or_default())
        });
        (reporter, Basics::read_one_by_one(reporter))
    }

    /// `None` where the guess is wrong, but for the reporter.
    fn ask(&self, guess: Guess) -> Option<(Reporter, Basics)> {
        let basics = self.of(guess)?.ask()?;
        let reporter = self
            .decided
            .unwrap_or_else(|| reporter_at(basics.direction));
        if reporter == guess.reporter {
            return Some((reporter, basics));
        }
        // Two listeners share this plugin.
        let basics = self.of(Guess { reporter, ..guess })?.ask()?;
        Some((reporter, basics))
    }

    fn of(&self, guess: Guess) -> Option<&Questions> {
        let found = |guess| self.questions.iter().find(|(known, _)| *known == guess);
        let found = found(guess).or_else(|| found(Guess::any(guess.reporter)));
        found.map(|(_, questions)| questions)
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
        let (reporter, mut basics) = self.reader.read_end();
        let sizes = basics.sizes;
        let host = basics.host.take();
        let mut seen = self.observe(reporter, basics);
        if seen.protocol != Protocol::Tcp {
            observe_protocol(&mut seen);
        }
        let needs_host = self.needs_host(&seen);
        let uses_host = needs_host && self.reader.may_use_host(reporter);
        if needs_host && seen.cluster.is_empty() {
            seen.route = get(&["xds", "route_name"]).unwrap_or_default();
        }
        if uses_host {
            let host = host.or_else(|| get(&["request", "host"]));
            seen.host = host.unwrap_or_default();
        }
        self.reader.last.set(Guess {
            reporter,
            is_answered: seen.code > 0,
            uses_host,
        });
        (seen, sizes)
    }

    /// A stream that is still open. `None` where its labels would be others at its end: headers
    /// cannot be read now.
    pub(super) fn read_midway(&self) -> Option<Observation> {
        let (reporter, basics) = self.reader.read_midway();
        let seen = self.observe(reporter, basics);
        let waits = self.needs_host(&seen) && self.reader.may_use_host(reporter);
        (!waits).then_some(seen)
    }

    fn observe(&self, reporter: Reporter, basics: Basics) -> Observation {
        let mut seen = Observation {
            reporter,
            protocol: match basics.code {
                NO_REQUEST => Protocol::Tcp,
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
        // Without a cluster nobody was asked.
        if reporter != Reporter::Destination && !seen.cluster.is_empty() {
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
