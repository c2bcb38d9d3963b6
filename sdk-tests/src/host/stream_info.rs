//! What the proxy notes about a stream on its way: sizes, times, the upstream, how it was answered.
//! Properties show it; the headers and bodies themselves are elsewhere.

use std::net::{Ipv4Addr, SocketAddr};

use super::{FilterState, HeaderMap};

/// Where the mock's client, listener and upstream are.
const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// The first client's port. Each connection has a port of its own.
const CLIENTS: u16 = 40_000;

/// The listener of the mock.
const LISTENER: SocketAddr = local(10_000);

/// The endpoint of the cluster `upstream`.
const UPSTREAM: SocketAddr = local(20_000);

/// Where the mock connects to its upstream from.
const TOWARDS_UPSTREAM: SocketAddr = local(30_000);

/// Response flags, by their bits.
const DOWNSTREAM_CONNECTION_TERMINATION: u64 = 1 << 14;
const DOWNSTREAM_PROTOCOL_ERROR: u64 = 1 << 18;

/// The upstream that the router has chosen.
#[derive(Clone, Debug)]
pub struct UpstreamInfo {
    /// The endpoint.
    pub address: SocketAddr,
    /// The near end of the connection, once there is one.
    pub local_address: Option<SocketAddr>,
    /// Nanoseconds from the first byte that went there to the last that came back, once it came.
    pub latency: Option<u64>,
    sent: u64,
}

/// What the proxy notes about a stream.
#[derive(Clone, Debug)]
pub struct StreamInfo {
    /// Whether it is a request, or else a whole connection.
    pub is_request: bool,
    /// Counts connections, from 1.
    pub connection_id: u64,
    /// The client.
    pub source: SocketAddr,
    /// The listener.
    pub destination: SocketAddr,
    /// When the request began, in nanoseconds since the Unix epoch.
    pub start_time: u64,
    /// Nanoseconds that the stream took, once it is over.
    pub duration: Option<u64>,
    /// Bytes of the request's body that arrived.
    pub bytes_received: u64,
    /// Bytes of the response's body that went to the client.
    pub bytes_sent: u64,
    /// The status, once there is one.
    pub response_code: Option<u32>,
    /// Who answered and why, once somebody did: `via_upstream`, or what a local reply says.
    pub code_details: Option<String>,
    /// What went wrong, as the bits of Envoy's response flags.
    pub flags: u64,
    /// Whether a virtual host has been found.
    pub has_virtual_host: bool,
    /// Whether it is known which cluster it goes to; for a request that is its route's.
    pub has_route: bool,
    was_reset: bool,
    /// The chosen upstream.
    pub upstream: Option<UpstreamInfo>,
    /// Objects that filters leave for each other.
    pub filter_state: FilterState,
}

impl Default for StreamInfo {
    fn default() -> Self {
        Self::begin(1, 0)
    }
}

impl StreamInfo {
    /// A request that arrives now, on the connection with this number.
    pub fn begin(connection_id: u64, now: u64) -> Self {
        let client = u16::try_from(connection_id % 10_000).unwrap_or_default();
        Self {
            is_request: true,
            connection_id,
            source: local(CLIENTS + client),
            destination: LISTENER,
            start_time: now,
            duration: None,
            bytes_received: 0,
            bytes_sent: 0,
            response_code: None,
            code_details: None,
            flags: 0,
            has_virtual_host: true,
            has_route: true,
            was_reset: false,
            upstream: None,
            filter_state: FilterState::default(),
        }
    }

    /// A connection, for network filters, that is opened now.
    pub fn connection(id: u64, now: u64) -> Self {
        Self {
            is_request: false,
            has_virtual_host: false,
            has_route: false,
            ..Self::begin(id, now)
        }
    }

    /// The proxy has connected to the upstream, for the bytes of a connection.
    pub fn connected(&mut self, now: u64) {
        self.has_route = true;
        self.routed(now);
        self.has_near_end();
    }

    fn has_near_end(&mut self) {
        if let Some(upstream) = &mut self.upstream {
            upstream.local_address = Some(TOWARDS_UPSTREAM);
        }
    }

    /// The proxy refuses the request before any filter sees it.
    pub fn refused(&mut self, details: &str) {
        self.has_route = false;
        if details == "http1.codec_error" {
            self.has_virtual_host = false;
            self.flags |= DOWNSTREAM_PROTOCOL_ERROR;
        }
    }

    /// The request's headers have passed all filters, and the router has chosen its upstream.
    pub fn routed(&mut self, now: u64) {
        self.upstream.get_or_insert(UpstreamInfo {
            address: UPSTREAM,
            local_address: None,
            latency: None,
            sent: now,
        });
    }

    /// The upstream's headers are here.
    pub fn answered(&mut self, code: u32) {
        self.response_code = Some(code);
        self.code_details = Some("via_upstream".to_owned());
        self.has_near_end();
    }

    /// The upstream's last byte is here.
    pub fn upstream_ended(&mut self, now: u64) {
        if let Some(upstream) = &mut self.upstream {
            upstream.latency = Some(now.saturating_sub(upstream.sent));
        }
    }

    /// The proxy, or a plugin, answers instead of the upstream.
    pub fn replied_locally(&mut self, headers: &HeaderMap, details: &str) {
        let code = headers.get(":status").map(String::from_utf8_lossy);
        self.response_code = code.and_then(|code| code.parse().ok());
        self.code_details = Some(details.to_owned());
    }

    /// The stream ends without an answer to its end. The first reason counts.
    pub fn reset(&mut self, details: &str) {
        if !self.was_reset {
            self.was_reset = true;
            if details == "downstream_remote_disconnect" {
                self.flags |= DOWNSTREAM_CONNECTION_TERMINATION;
            }
            self.code_details = Some(details.to_owned());
        }
    }

    /// The stream is over.
    pub fn ended(&mut self, now: u64) {
        self.duration = Some(now.saturating_sub(self.start_time));
    }
}
