use extension_common::protobuf_struct::Struct;

use super::*;
use crate::peer::RawPeer;

fn workload(name: &str, fields: &[(&str, &str)]) -> Peer {
    let mut object = Struct::default();
    object.set_text("workload", format!("{name}-v1"));
    object.set_text("namespace", format!("{name}-ns"));
    for (field, value) in fields {
        object.set_text(*field, *value);
    }
    Peer::of(&RawPeer::Struct(object.write()))
}

fn full(name: &str) -> Peer {
    workload(
        name,
        &[
            ("app", name),
            ("version", "v1"),
            ("service", name),
            ("revision", "r1"),
            ("cluster", "c1"),
        ],
    )
}

fn principals(peer: &str, local: &str) -> Principals {
    Principals {
        peer: peer.into(),
        local: local.into(),
        mutual: !peer.is_empty() && !local.is_empty(),
    }
}

const CLIENT: &str = "spiffe://cluster.local/ns/client-san/sa/client";
const SERVER: &str = "spiffe://cluster.local/ns/server-san/sa/server";

fn reviews() -> Service {
    Service {
        name: "server".into(),
        host: "server.server-ns.svc.cluster.local".into(),
        namespace: "server-svc-ns".into(),
    }
}

fn values(labels: &Values) -> Vec<&str> {
    (0..NAMES.len()).map(|number| labels.at(number)).collect()
}

#[test]
fn the_source_knows_itself_and_asks_about_the_other() {
    let seen = Observation {
        reporter: Reporter::Source,
        code: 200,
        upstream: principals(SERVER, CLIENT),
        ..Observation::default()
    };
    let peers = Peers {
        upstream: full("server"),
        downstream: full("nobody"),
    };
    let labels = resolve(&seen, &full("client"), &peers, Some(&reviews()));
    assert_eq!(
        values(&labels),
        [
            "source",
            "client-v1",
            "client-ns",
            CLIENT,
            "client",
            "v1",
            "client",
            "r1",
            "c1",
            "server-v1",
            "server-san",
            SERVER,
            "server",
            "v1",
            "server.server-ns.svc.cluster.local",
            "server",
            "server-svc-ns",
            "server",
            "r1",
            "c1",
            "http",
            "-",
            "unknown",
            "200",
            ""
        ]
    );
}

#[test]
fn the_destination_knows_itself_and_asks_about_the_other() {
    let seen = Observation {
        reporter: Reporter::Destination,
        protocol: Protocol::Grpc,
        code: 200,
        grpc_status: Some(5),
        flags: 0x8020,
        downstream: principals(CLIENT, SERVER),
        host: b"ignored".to_vec(),
        ..Observation::default()
    };
    let peers = Peers {
        downstream: full("client"),
        upstream: full("nobody"),
    };
    let labels = resolve(&seen, &full("server"), &peers, None);
    assert_eq!(
        values(&labels),
        [
            "destination",
            "client-v1",
            "client-san",
            CLIENT,
            "client",
            "v1",
            "client",
            "r1",
            "c1",
            "server-v1",
            "server-ns",
            SERVER,
            "server",
            "v1",
            "ignored",
            "ignored",
            "server-ns",
            "server",
            "r1",
            "c1",
            "grpc",
            "UF,URX",
            "mutual_tls",
            "200",
            "5"
        ]
    );
}

#[test]
fn a_waypoint_knows_both_from_others() {
    let seen = Observation {
        reporter: Reporter::Waypoint,
        downstream: principals(CLIENT, "spiffe://cluster.local/ns/w/sa/waypoint"),
        upstream: principals(SERVER, "spiffe://cluster.local/ns/w/sa/waypoint"),
        ..Observation::default()
    };
    let peers = Peers {
        downstream: full("client"),
        upstream: full("server"),
    };
    let labels = resolve(&seen, &full("waypoint"), &peers, Some(&reviews()));
    for (label, value) in [
        (Label::Reporter, "waypoint"),
        (Label::SourceWorkload, "client-v1"),
        (Label::SourcePrincipal, CLIENT),
        (Label::DestinationWorkload, "server-v1"),
        (Label::DestinationPrincipal, SERVER),
        (Label::ConnectionSecurityPolicy, "mutual_tls"),
        (Label::ResponseCode, "0"),
    ] {
        assert_eq!(labels.get(label), value, "{label:?}");
    }
}

#[test]
fn what_nobody_tells_is_unknown() {
    let labels = resolve(
        &Observation::default(),
        &Peer::default(),
        &Peers::default(),
        None,
    );
    for (number, name) in NAMES.iter().enumerate() {
        let expected = match *name {
            "reporter" => "source",
            "request_protocol" => "http",
            "response_flags" => "-",
            "response_code" => "0",
            "grpc_response_status" => "",
            "source_canonical_revision" | "destination_canonical_revision" => "latest",
            _ => "unknown",
        };
        assert_eq!(labels.at(number), expected, "{name}");
    }
}

#[test]
fn a_canonical_service_is_the_workload_where_nobody_says_more() {
    let peers = Peers {
        upstream: workload("server", &[("identity", SERVER)]),
        ..Peers::default()
    };
    let labels = resolve(
        &Observation::default(),
        &workload("client", &[]),
        &peers,
        None,
    );
    assert_eq!(labels.get(Label::SourceCanonicalService), "client-v1");
    assert_eq!(labels.get(Label::DestinationCanonicalService), "server-v1");
    assert_eq!(labels.get(Label::DestinationPrincipal), SERVER);
}

#[test]
fn a_grpc_stream_without_a_status_is_unknown() {
    let seen = Observation {
        protocol: Protocol::Grpc,
        ..Observation::default()
    };
    let labels = resolve(&seen, &Peer::default(), &Peers::default(), None);
    assert_eq!(labels.get(Label::GrpcResponseStatus), "2");
}

#[test]
fn what_overflows_keeps_how_it_ended() {
    let seen = Observation {
        code: 503,
        host: b"evil.example".to_vec(),
        ..Observation::default()
    };
    let labels = overflow(&resolve(&seen, &full("x"), &Peers::default(), None));
    assert_eq!(labels.get(Label::ResponseCode), "503");
    assert_eq!(labels.get(Label::Reporter), "source");
    assert_eq!(labels.get(Label::DestinationService), "other");
    assert_eq!(labels.get(Label::SourceWorkload), "other");
}
