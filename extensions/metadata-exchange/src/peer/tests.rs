use base64::prelude::BASE64_STANDARD;
use extension_common::config::parse;
use serde_json::Value;

use super::*;
use crate::config::ConfigJson;

const LIMITS: Limits = Limits {
    bytes: 16_384,
    entries: 256,
    depth: 4,
};

/// What Istio 1.29 sends for `productpage`.
const ISTIO_1_29: &[u8] = b"Ch4KCkNMVVNURVJfSUQSEBoOY2xpZW50LWNsdXN0ZXIKngEKBkxBQkVMUxKTASqQAQoUCgNhcHASDRoLcHJvZHVjdHBhZ2UKMwofc2VydmljZS5pc3Rpby5pby9jYW5vbmljYWwtbmFtZRIQGg5wcm9kdWN0cGFnZS12MQoyCiNzZXJ2aWNlLmlzdGlvLmlvL2Nhbm9uaWNhbC1yZXZpc2lvbhILGgl2ZXJzaW9uLTEKDwoHdmVyc2lvbhIEGgJ2MQopCgROQU1FEiEaH3Byb2R1Y3RwYWdlLXYxLTg0OTc1YmM3NzgtcHh6MncKFgoJTkFNRVNQQUNFEgkaB2RlZmF1bHQKUgoFT1dORVISSRpHa3ViZXJuZXRlczovL2FwaXMvYXBwcy92MS9uYW1lc3BhY2VzL2RlZmF1bHQvZGVwbG95bWVudHMvcHJvZHVjdHBhZ2UtdjEKIQoNV09SS0xPQURfTkFNRRIQGg5wcm9kdWN0cGFnZS12MQ==";

fn peer(header: &[u8]) -> Struct {
    Struct::read(&read(header, LIMITS).unwrap(), LIMITS).unwrap()
}

fn header(texts: &[(&str, &str)], labels: &[(&str, &str)]) -> Vec<u8> {
    let mut sent = Struct::default();
    for (key, value) in texts {
        sent.set_text(*key, *value);
    }
    let mut object = Struct::default();
    for (key, value) in labels {
        object.set_text(*key, *value);
    }
    sent.set_object("LABELS", object);
    BASE64_STANDARD.encode(sent.write()).into_bytes()
}

fn peers(config: &str) -> Peers {
    let config = parse::<ConfigJson>(config.as_bytes()).unwrap();
    Peers::new(&config.validate().unwrap())
}

#[test]
fn what_istio_sends_is_kept_under_istios_names() {
    let peer = peer(ISTIO_1_29);
    for (field, value) in [
        ("name", "productpage-v1-84975bc778-pxz2w"),
        ("namespace", "default"),
        ("workload", "productpage-v1"),
        ("cluster", "client-cluster"),
        ("type", "deployment"),
        ("service", "productpage-v1"),
        ("revision", "version-1"),
        ("app", "productpage"),
        ("version", "v1"),
    ] {
        assert_eq!(peer.text(field), Some(value), "{field}");
    }
    assert_eq!(peer.object("labels").unwrap().fields.len(), 4);
}

/// Written by another implementation of Protocol Buffers: `made_with` says which.
#[test]
fn golden_headers_are_read() {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors.json")).unwrap();
    let vectors = vectors["received"].as_array().unwrap();
    assert!(vectors.len() >= 4);
    for vector in vectors {
        let what = &vector["what"];
        let peer = peer(vector["header"].as_str().unwrap().as_bytes());
        let texts = peer.fields.keys().filter(|field| *field != "labels");
        let texts: serde_json::Map<_, _> = texts
            .map(|field| (field.clone(), peer.text(field).into()))
            .collect();
        assert_eq!(Value::Object(texts), vector["peer"], "{what}");
        let labels = peer.object("labels").unwrap();
        for (label, value) in vector["struct"]["LABELS"].as_object().unwrap() {
            assert_eq!(labels.text(label), value.as_str(), "{label} of {what}");
        }
    }
}

#[test]
fn padding_may_be_missing() {
    let unpadded = ISTIO_1_29.strip_suffix(b"==").unwrap();
    assert_eq!(read(unpadded, LIMITS), read(ISTIO_1_29, LIMITS));
}

#[test]
fn what_the_older_plugin_sends_is_taken_too() {
    let texts = [
        ("APP_CONTAINERS", "a,b"),
        ("INSTANCE_IPS", "10.0.0.1"),
        ("ISTIO_VERSION", "1.17.0"),
        ("MESH_ID", "mesh-1"),
        ("NAME", "pod-1"),
    ];
    let peer = peer(&header(&texts, &[("team", "shop"), ("app", "x")]));
    assert_eq!(peer.text("istio_version"), Some("1.17.0"));
    assert_eq!(peer.text("mesh_id"), Some("mesh-1"));
    assert_eq!(peer.object("labels").unwrap().text("team"), Some("shop"));
}

#[test]
fn kubernetes_recommended_labels_come_first() {
    let labels = [
        ("app", "old"),
        ("app.kubernetes.io/name", "new"),
        ("app.kubernetes.io/version", "v2"),
    ];
    let peer = peer(&header(&[], &labels));
    assert_eq!(peer.text("app"), Some("new"));
    assert_eq!(peer.text("version"), Some("v2"));
}

#[test]
fn nonsense_is_refused_and_named() {
    let empty = BASE64_STANDARD.encode(Struct::default().write());
    for (header, expected) in [
        (&b"!"[..], PeerError::NotBase64),
        (b"\xff\xfe", PeerError::NotBase64),
        (b"AAAA AAAA", PeerError::NotBase64),
        // Trailing bits that no encoder writes.
        (b"AB", PeerError::NotBase64),
        (b"/////w==", PeerError::Malformed),
        (empty.as_bytes(), PeerError::Empty),
        (b"", PeerError::Empty),
        (&header(&[], &[]), PeerError::Empty),
        (&header(&[("FOREIGN", "x")], &[]), PeerError::Empty),
    ] {
        assert_eq!(read(header, LIMITS), Err(expected), "{header:?}");
    }
}

#[test]
fn random_bytes_never_do_harm() {
    let mut random = fastrand::Rng::with_seed(7);
    let good = BASE64_STANDARD.decode(ISTIO_1_29).unwrap();
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        bytes.truncate(random.usize(..=bytes.len()));
        let _ = read(BASE64_STANDARD.encode(bytes).as_bytes(), LIMITS);
    }
}

#[test]
fn what_is_too_large_is_not_even_decoded() {
    let mut peers = peers(r#"{ "max_peer_bytes": 256, "max_peer_entries": 8 }"#);
    assert_eq!(peers.find(ISTIO_1_29), Err(PeerError::TooLarge));
    let texts: Vec<_> = (0..9).map(|index| (index.to_string(), "x")).collect();
    let labels: Vec<_> = texts.iter().map(|(key, value)| (&**key, *value)).collect();
    let many = header(&[], &labels);
    assert!(many.len() < 256);
    assert_eq!(peers.find(&many), Err(PeerError::TooLarge));
}

#[test]
fn a_peer_is_remembered_by_all_that_it_says() {
    let mut peers = peers("{}");
    let (first, found) = peers.find(ISTIO_1_29).unwrap();
    assert_eq!(found, Found::New);
    assert_eq!(peers.find(ISTIO_1_29), Ok((first.clone(), Found::Known)));
    // One byte of another header is another peer.
    let other = header(&[("NAME", "productpage-v1")], &[]);
    let (other, found) = peers.find(&other).unwrap();
    assert_eq!(found, Found::New);
    assert_ne!(first, other);
}

#[test]
fn failures_are_not_remembered() {
    let mut peers = peers("{}");
    for header in [&b""[..], b"!", b"AAAA"] {
        assert!(peers.find(header).is_err());
    }
    assert!(peers.cache.is_empty());
}

#[test]
fn a_thousand_peers_take_no_more_than_allowed() {
    let mut peers = peers(r#"{ "max_peer_cache_bytes": 65536 }"#);
    for index in 0..1000 {
        let name = format!("pod-{index}-{}", "x".repeat(500));
        peers.find(&header(&[("NAME", &name)], &[])).unwrap();
        assert!(peers.cache.bytes() <= 65_536);
    }
    assert!(peers.cache.len() > 10);
    let mut off = self::peers(r#"{ "max_peer_cache_size": 0 }"#);
    assert_eq!(off.find(ISTIO_1_29).unwrap().1, Found::New);
    assert_eq!(off.find(ISTIO_1_29).unwrap().1, Found::New);
}
