use super::*;

#[test]
fn old_names_become_todays() {
    for (old, new) in [
        ("node.id", "xds.node.id"),
        ("node.metadata['X']", "xds.node.metadata['X']"),
        ("node . id", "xds.node . id"),
        ("cluster_name == 'node'", "xds.cluster_name == 'node'"),
        ("route_name", "xds.route_name"),
        ("listener_direction", "xds.listener_direction"),
        (
            "cluster_metadata.filter_metadata.istio.services[0].host",
            "xds.cluster_metadata.filter_metadata.istio.services[0].host",
        ),
        (
            "upstream_host_metadata.filter_metadata['istio'].workload",
            "xds.upstream_host_metadata.filter_metadata['istio'].workload",
        ),
        (
            "upstream_peer.labels['app'].value",
            "upstream_peer.labels['app']",
        ),
        (
            "downstream_peer.labels[\"app\"].value == 'x'",
            "downstream_peer.labels[\"app\"] == 'x'",
        ),
        ("upstream_peer.workload_name", "upstream_peer.workload"),
        ("upstream_peer.cluster_id", "upstream_peer.cluster"),
    ] {
        assert_eq!(modern(old), new);
    }
}

#[test]
fn todays_names_stay() {
    for source in [
        "xds.node.id",
        "xds.cluster_name",
        "request.host",
        "request.headers['node']",
        "\"node.id\"",
        "'it\\'s node'",
        "r'\\' + x",
        "filter_state['wasm.upstream_peer'].workload",
        "request.node",
        "node(1)",
        "x.value",
        "has(request.headers['x']) ? '''a'b''' : 'none'",
        "größe == 1u",
        "'open",
    ] {
        assert_eq!(modern(source), source);
    }
}

#[test]
fn any_text_survives() {
    let mut random = fastrand::Rng::with_seed(3);
    let pieces = [
        "node", ".", "'", "\"", "[", "]", "\\", " ", "é", "r", "value", "0x1", "(",
    ];
    for _ in 0..20_000 {
        let count = random.usize(..12);
        let text: String = (0..count)
            .map(|_| pieces[random.usize(..pieces.len())])
            .collect();
        let again: String = tokens(&text).iter().map(Token::as_str).collect();
        assert_eq!(again, text);
        modern(&text);
        with_peers(&text);
        path(&text);
        literal(&text);
    }
}

#[test]
fn paths_are_found() {
    let path = |source| path(source).map(|path| path.join("/"));
    for (source, expected) in [
        ("request.host", Some("request/host")),
        (" request.headers['x-a'] ", Some("request/headers/x-a")),
        ("filter_state[\"wasm.x\"].y", Some("filter_state/wasm.x/y")),
        ("istio_operationId", Some("istio_operationId")),
        ("request.host + 'x'", None),
        ("a[0]", None),
        ("a['it\\'s']", None),
        ("'text'", None),
        ("f(x)", None),
        ("true", None),
        ("", None),
        ("a.", None),
    ] {
        assert_eq!(path(source).as_deref(), expected, "{source}");
    }
    assert_eq!(literal("'x'").as_deref(), Some("x"));
    assert_eq!(literal("\"\"").as_deref(), Some(""));
    assert_eq!(literal("'x' + 'y'"), None);
}

#[test]
fn peers_are_found_wherever_they_are() {
    assert_eq!(
        with_peers("upstream_peer.app + x.upstream_peer"),
        "('wasm.upstream_peer' in filter_state ? filter_state['wasm.upstream_peer'] : \
         filter_state['upstream_peer']).app + x.upstream_peer"
    );
}
