//! The values of the standard labels for a stream.

use crate::{
    destination::{self, Service},
    flags,
    labels::{Label, NAMES, UNKNOWN, Values},
    observation::{Observation, Principals, Protocol, Reporter},
    peer::{Peer, namespace_of},
};

/// The labels of one end, in the order in which both ends have them.
struct End {
    workload: Label,
    namespace: Label,
    principal: Label,
    app: Label,
    version: Label,
    service: Label,
    revision: Label,
    cluster: Label,
}

const SOURCE: End = End {
    workload: Label::SourceWorkload,
    namespace: Label::SourceWorkloadNamespace,
    principal: Label::SourcePrincipal,
    app: Label::SourceApp,
    version: Label::SourceVersion,
    service: Label::SourceCanonicalService,
    revision: Label::SourceCanonicalRevision,
    cluster: Label::SourceCluster,
};

const DESTINATION: End = End {
    workload: Label::DestinationWorkload,
    namespace: Label::DestinationWorkloadNamespace,
    principal: Label::DestinationPrincipal,
    app: Label::DestinationApp,
    version: Label::DestinationVersion,
    service: Label::DestinationCanonicalService,
    revision: Label::DestinationCanonicalRevision,
    cluster: Label::DestinationCluster,
};

/// Both ends of a stream, read.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    /// Who asks.
    pub downstream: Peer,
    /// Who is asked.
    pub upstream: Peer,
}

/// The labels of a stream: `local` is the proxy's own workload, `service` what the cluster's
/// metadata says.
pub fn resolve(
    seen: &Observation,
    local: &Peer,
    peers: &Peers,
    service: Option<&Service>,
) -> Values {
    let mut values = Values::default();
    values.set(Label::Reporter, seen.reporter.as_str());
    let (source, destination) = match seen.reporter {
        Reporter::Source => (local, &peers.upstream),
        Reporter::Destination => (&peers.downstream, local),
        Reporter::Waypoint => (&peers.downstream, &peers.upstream),
    };
    let (asks, is_asked) = principals(seen);
    // What a peer says of its namespace counts less than its certificate.
    let vouched = |principal: &str, is_peer: bool| match is_peer {
        true => namespace_of(principal).map(str::to_owned),
        false => None,
    };
    let source_is_peer = seen.reporter != Reporter::Source;
    let destination_is_peer = seen.reporter != Reporter::Destination;
    let namespace = vouched(&asks, source_is_peer);
    describe(&mut values, &SOURCE, source, &asks, namespace);
    let namespace = vouched(&is_asked, destination_is_peer);
    describe(&mut values, &DESTINATION, destination, &is_asked, namespace);

    let canonical = destination
        .field("service")
        .or_else(|| destination.field("workload"));
    let wanted = destination::resolve(seen, service, canonical);
    let mut set = |label, value: &str| {
        if !value.is_empty() {
            values.set(label, value);
        }
    };
    set(Label::DestinationService, &wanted.host);
    set(Label::DestinationServiceName, &wanted.name);
    set(Label::DestinationServiceNamespace, &wanted.namespace);
    if wanted.namespace.is_empty() {
        let namespace = values.get(Label::DestinationWorkloadNamespace).to_owned();
        values.set(Label::DestinationServiceNamespace, namespace);
    }

    values.set(Label::RequestProtocol, seen.protocol.as_str());
    values.set(Label::ResponseFlags, flags::describe(seen.flags));
    let security = match (seen.reporter, seen.downstream.mutual) {
        (Reporter::Source, _) => UNKNOWN,
        (_, true) => "mutual_tls",
        (_, false) => "none",
    };
    values.set(Label::ConnectionSecurityPolicy, security);
    values.set(Label::ResponseCode, seen.code.to_string());
    let grpc_status = match seen.protocol {
        // 2 is "unknown": the stream ended without a status.
        Protocol::Grpc => seen.grpc_status.unwrap_or(2).to_string(),
        Protocol::Http | Protocol::Tcp => String::new(),
    };
    values.set(Label::GrpcResponseStatus, grpc_status);
    values
}

/// Who asks and who is asked, by their certificates.
fn principals(seen: &Observation) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Observation {
        downstream: Principals { peer, local, .. },
        upstream,
        ..
    } = seen;
    match seen.reporter {
        Reporter::Source => (text(&upstream.local), text(&upstream.peer)),
        Reporter::Destination => (text(peer), text(local)),
        Reporter::Waypoint => (text(peer), text(&upstream.peer)),
    }
}

fn describe(
    values: &mut Values,
    end: &End,
    workload: &Peer,
    principal: &str,
    vouched: Option<String>,
) {
    let mut set = |label, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.set(label, value);
        }
    };
    let name = workload.field("workload");
    set(end.workload, name);
    set(
        end.namespace,
        vouched.as_deref().or_else(|| workload.field("namespace")),
    );
    let identity = workload.field("identity");
    set(
        end.principal,
        Some(principal).filter(|p| !p.is_empty()).or(identity),
    );
    set(end.app, workload.field("app"));
    set(end.version, workload.field("version"));
    set(end.service, workload.field("service").or(name));
    set(
        end.revision,
        Some(workload.field("revision").unwrap_or("latest")),
    );
    set(end.cluster, workload.field("cluster"));
}

/// What the labels say of streams that are not kept apart: who reports, what is spoken and how it
/// ended, so that totals and error ratios stay right.
pub fn overflow(values: &Values) -> Values {
    const KEPT: [Label; 3] = [Label::Reporter, Label::RequestProtocol, Label::ResponseCode];
    let mut other = Values::default();
    for number in 0..NAMES.len() {
        other.set_at(number, OTHER);
    }
    for label in KEPT {
        other.set(label, values.get(label));
    }
    other
}

/// What a label says that is not kept apart.
pub const OTHER: &str = "other";

#[cfg(test)]
mod tests;
