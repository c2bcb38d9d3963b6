//! What the host is asked about a stream.

use extension_common::{headers::HeaderView, hostcalls};

use super::facts::Facts;
use crate::observation::{Principals, Reporter};

/// A property, where it is there.
pub(super) fn get(path: &[&str]) -> Option<Vec<u8>> {
    hostcalls::get_property(path).ok().flatten()
}

fn number(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_le_bytes)
}

pub(super) fn get_number(path: &[&str]) -> Option<i64> {
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
pub(super) const NO_REQUEST: i64 = -1;

/// What the host is asked of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
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
    Workload,
}

impl Field {
    pub(super) const ALL: [Self; 11] = [
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
        Self::Workload,
    ];

    /// For a list, where an error in one element is the error of all: what is known to be there is
    /// not asked whether it is.
    pub(super) fn expression(self, known: Facts) -> &'static str {
        match self {
            Self::Direction => "xds.listener_direction",
            Self::Code if known.include(Facts::ANSWERED) => "response.code",
            Self::Code => "has(request.protocol) ? (has(response.code) ? response.code : 0) : -1",
            Self::Flags => "response.flags",
            Self::Duration if known.include(Facts::ANSWERED) => "request.duration",
            Self::Duration => "has(request.duration) ? request.duration : 0",
            Self::RequestSize => "request.total_size",
            Self::ResponseSize => "response.total_size",
            Self::Cluster if known.include(Facts::ROUTED) => "xds.cluster_name",
            Self::Cluster => "has(xds.cluster_name) ? xds.cluster_name : ''",
            Self::Host => "request.host",
            Self::Connection => "connection_id",
            Self::Certificates if known.include(Facts::CERTIFICATES) => {
                "[upstream.uri_san_peer_certificate, upstream.uri_san_local_certificate]"
            }
            Self::Certificates => {
                "has(upstream.tls_version) ? [\
                 has(upstream.uri_san_peer_certificate) ? upstream.uri_san_peer_certificate : '', \
                 has(upstream.uri_san_local_certificate) ? upstream.uri_san_local_certificate : ''\
                 ] : ''"
            }
            Self::Workload => "xds.upstream_host_metadata.filter_metadata['istio'].workload",
        }
    }
}

/// What the host has answered.
#[derive(Debug, Default)]
pub(super) struct Basics {
    pub(super) direction: i64,
    pub(super) code: i64,
    pub(super) flags: i64,
    pub(super) sizes: Sizes,
    pub(super) cluster: Vec<u8>,
    /// `None` where it was not asked for.
    pub(super) host: Option<Vec<u8>>,
    /// The number of the client's connection.
    pub(super) connection: Vec<u8>,
    pub(super) upstream: Principals,
    /// Who the endpoint is, by its metadata; `None` where it was not asked for.
    pub(super) workload: Option<Vec<u8>>,
}

impl Basics {
    /// Takes what the expression of `field` gives.
    pub(super) fn set(&mut self, field: Field, value: &[u8]) -> Option<()> {
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
            Field::Workload => self.workload = Some(value.to_vec()),
            Field::Certificates if value.is_empty() => {}
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
    pub(super) fn read_one_by_one(reporter: Reporter) -> Self {
        let text = |path: &[&str]| get(path).unwrap_or_default();
        let count = |path: &[&str]| get_number(path).unwrap_or_default();
        Self {
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
            connection: match reporter {
                Reporter::Source => Vec::new(),
                _ => text(&["connection_id"]),
            },
            upstream: match reporter {
                Reporter::Destination => Principals::default(),
                _ => Principals {
                    peer: text(&["upstream", "uri_san_peer_certificate"]),
                    local: text(&["upstream", "uri_san_local_certificate"]),
                    mutual: false,
                },
            },
            ..Self::default()
        }
    }
}

/// Whether the stream is a request, and no connection.
pub(super) fn is_request() -> bool {
    get(&["request", "protocol"]).is_some()
}
