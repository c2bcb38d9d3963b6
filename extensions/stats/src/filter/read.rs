//! What is known about a stream, of what the host answers.

use extension_common::hostcalls;
use proxy_wasm::types::MapType;

use super::{
    active::Active,
    ask::{Basics, NO_REQUEST, Sizes, get, get_number},
    facts::Facts,
};
use crate::{
    destination::needs_host,
    observation::{Observation, Protocol, Reporter},
    peer::RawPeer,
};

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
        self.reader.learn(reporter, facts(&seen, uses_host));
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
            seen.upstream_peer = upstream_peer(basics.workload);
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

/// What the next streams may have in common with this one.
fn facts(seen: &Observation, uses_host: bool) -> Facts {
    let has_certificates = !seen.upstream.peer.is_empty() && !seen.upstream.local.is_empty();
    Facts::ANSWERED.when(seen.code > 0)
        | Facts::ROUTED.when(!seen.cluster.is_empty())
        | Facts::HOST.when(uses_host && !seen.host.is_empty())
        | Facts::WORKLOAD.when(matches!(seen.upstream_peer, RawPeer::Workload(_)))
        | Facts::CERTIFICATES.when(has_certificates)
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

/// Who is asked; an endpoint may say it too: `workload`, where the host was asked for it.
fn upstream_peer(workload: Option<Vec<u8>>) -> RawPeer {
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
    match workload.or_else(|| get(&path)) {
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
