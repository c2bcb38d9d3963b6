use extension_common::headers::serialize;

use super::*;

#[test]
fn a_struct_of_metadata_exchange_is_read() {
    let mut labels = Struct::default();
    labels.set_text("app", "shop");
    let mut object = Struct::default();
    object.set_text("workload", "shop-v1");
    object.set_object("labels", labels);
    let peer = Peer::of(&RawPeer::Struct(object.write()));
    assert_eq!(peer.field("workload"), Some("shop-v1"));
    let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(peer.at(&path("labels.app")), Some("shop"));
    assert_eq!(peer.at(&path("labels.team")), None);
    assert_eq!(peer.at(&path("labels")), None);
    assert_eq!(peer.at(&[]), None);
}

#[test]
fn a_map_of_istios_own_filter_is_read_in_any_order() {
    let labels = serialize([(&b"app"[..], &b"shop"[..])]);
    let one = [(&b"workload"[..], &b"shop-v1"[..]), (b"labels", &labels)];
    let two = [one[1], one[0]];
    let raw = |pairs: [(&[u8], &[u8]); 2]| RawPeer::Pairs(serialize(pairs));
    for pairs in [one, two] {
        let peer = Peer::of(&raw(pairs));
        assert_eq!(peer.field("workload"), Some("shop-v1"));
        assert_eq!(peer.at(&["labels".into(), "app".into()]), Some("shop"));
    }
    let (mut first, mut second) = (Vec::new(), Vec::new());
    raw(one).identify(&mut first);
    raw(two).identify(&mut second);
    assert_eq!(first, second);
}

#[test]
fn an_endpoints_metadata_is_read() {
    let workload = b"shop-v1;default;shop;v1;cluster-1".to_vec();
    let peer = Peer::of(&RawPeer::Workload(workload));
    for (field, value) in [
        ("workload", "shop-v1"),
        ("namespace", "default"),
        ("service", "shop"),
        ("revision", "v1"),
        ("cluster", "cluster-1"),
    ] {
        assert_eq!(peer.field(field), Some(value));
    }
    let short = Peer::of(&RawPeer::Workload(b"shop-v1;default".to_vec()));
    assert_eq!(short, Peer::default());
}

#[test]
fn nonsense_says_nothing() {
    for raw in [
        RawPeer::Struct(b"\xff\xff".to_vec()),
        RawPeer::Pairs(b"\xff\xff\xff\xff".to_vec()),
        RawPeer::Workload(Vec::new()),
    ] {
        assert_eq!(Peer::of(&raw), Peer::default());
        let mut key = Vec::new();
        raw.identify(&mut key);
        assert!(!key.is_empty());
    }
}

#[test]
fn different_peers_are_told_apart() {
    let mut keys = Vec::new();
    for raw in [
        RawPeer::Unknown,
        RawPeer::Struct(Vec::new()),
        RawPeer::Struct(b"a".to_vec()),
        RawPeer::Workload(b"a".to_vec()),
        RawPeer::Pairs(serialize([(&b"a"[..], &b"b"[..])])),
        RawPeer::Pairs(serialize([(&b"ab"[..], &b""[..])])),
    ] {
        let mut key = Vec::new();
        raw.identify(&mut key);
        assert!(!keys.contains(&key), "{raw:?}");
        keys.push(key);
    }
}

#[test]
fn a_spiffe_id_tells_the_namespace() {
    for (principal, expected) in [
        (
            "spiffe://cluster.local/ns/default/sa/bookinfo",
            Some("default"),
        ),
        ("spiffe://ns/ns/prod/sa/x", Some("prod")),
        ("spiffe://td/sa/x/ns/prod", Some("prod")),
        ("spiffe://td/ns/", None),
        ("https://td/ns/default", None),
        ("", None),
    ] {
        assert_eq!(namespace_of(principal), expected, "{principal}");
    }
}
