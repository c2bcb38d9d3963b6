use extension_common::{config::parse, headers, protobuf_struct::Limits};
use serde_json::Value;

use super::*;
use crate::config::ConfigJson;

/// The header that Istio 1.29 sends for the node below.
const ISTIO_1_29: &str = "Ch4KCkNMVVNURVJfSUQSEBoOY2xpZW50LWNsdXN0ZXIKngEKBkxBQkVMUxKTASqQAQoUCgNhcHASDRoLcHJvZHVjdHBhZ2UKMwofc2VydmljZS5pc3Rpby5pby9jYW5vbmljYWwtbmFtZRIQGg5wcm9kdWN0cGFnZS12MQoyCiNzZXJ2aWNlLmlzdGlvLmlvL2Nhbm9uaWNhbC1yZXZpc2lvbhILGgl2ZXJzaW9uLTEKDwoHdmVyc2lvbhIEGgJ2MQopCgROQU1FEiEaH3Byb2R1Y3RwYWdlLXYxLTg0OTc1YmM3NzgtcHh6MncKFgoJTkFNRVNQQUNFEgkaB2RlZmF1bHQKUgoFT1dORVISSRpHa3ViZXJuZXRlczovL2FwaXMvYXBwcy92MS9uYW1lc3BhY2VzL2RlZmF1bHQvZGVwbG95bWVudHMvcHJvZHVjdHBhZ2UtdjEKIQoNV09SS0xPQURfTkFNRRIQGg5wcm9kdWN0cGFnZS12MQ==";

const OWNER: &str = "kubernetes://apis/apps/v1/namespaces/default/deployments/productpage-v1";

const LABELS: [(&str, &str); 5] = [
    ("app", "productpage"),
    ("version", "v1"),
    ("pod-template-hash", "84975bc778"),
    ("service.istio.io/canonical-name", "productpage-v1"),
    ("service.istio.io/canonical-revision", "version-1"),
];

/// The node of the facts' example.
fn productpage(path: &[&str]) -> Option<Vec<u8>> {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    match path {
        ["id"] => text("client"),
        ["metadata", "NAME"] => text("productpage-v1-84975bc778-pxz2w"),
        ["metadata", "NAMESPACE"] => text("default"),
        ["metadata", "WORKLOAD_NAME"] => text("productpage-v1"),
        ["metadata", "CLUSTER_ID"] => text("client-cluster"),
        ["metadata", "OWNER"] => text(OWNER),
        ["metadata", "MESH_ID"] => text("mesh-1"),
        ["metadata", "INSTANCE_IPS"] => text("10.52.0.34,fe80::a075:11ff:fe5e:f1cd"),
        ["metadata", "LABELS"] => {
            let pairs = LABELS
                .iter()
                .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            Some(headers::serialize(pairs))
        }
        ["metadata", "LABELS", name] => {
            let label = LABELS.iter().find(|(label, _)| label == name)?;
            text(label.1)
        }
        _ => None,
    }
}

fn build(config: &str, node: impl ReadNode) -> OwnHeaders {
    let config = parse::<ConfigJson>(config.as_bytes()).unwrap();
    OwnHeaders::build(&config.validate().unwrap(), node)
}

fn read(headers: &OwnHeaders) -> Struct {
    let bytes = BASE64_STANDARD.decode(&headers.metadata).unwrap();
    let limits = Limits {
        bytes: 16_384,
        entries: 256,
        depth: 4,
    };
    Struct::read(&bytes, limits).unwrap()
}

#[test]
fn the_headers_are_those_of_istio_byte_for_byte() {
    let headers = build("{}", productpage);
    assert_eq!(headers.metadata, ISTIO_1_29);
    assert_eq!(headers.id, b"client");
}

/// Written by another implementation of Protocol Buffers: `made_with` says which.
#[test]
fn golden_headers_are_sent_byte_for_byte() {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors.json")).unwrap();
    let vectors = vectors["sent"].as_array().unwrap();
    assert!(vectors.len() >= 6);
    for vector in vectors {
        let headers = build(&vector["config"].to_string(), |path: &[&str]| {
            let [parents @ .., name] = path else {
                return None;
            };
            let parents = parents.iter().skip(1);
            let node = parents.fold(&vector["node"], |value, parent| &value[parent]);
            Some(match &node[*name] {
                Value::String(text) => text.clone().into_bytes(),
                Value::Object(fields) => headers::serialize(
                    fields
                        .iter()
                        .map(|(name, value)| (name.as_bytes(), value.as_str().unwrap().as_bytes())),
                ),
                _ => return None,
            })
        });
        assert_eq!(headers.metadata, vector["header"], "{}", vector["what"]);
    }
}

#[test]
fn additional_labels_are_sent_where_they_are_there() {
    let config = r#"{ "additional_labels": ["pod-template-hash", "team"] }"#;
    let sent = read(&build(config, productpage));
    let labels = sent.object("LABELS").unwrap();
    assert_eq!(labels.text("pod-template-hash"), Some("84975bc778"));
    assert_eq!(labels.fields.len(), 5);
}

#[test]
fn legacy_fields_are_everything_that_the_older_plugin_sent() {
    let sent = read(&build(r#"{ "legacy_fields": true }"#, productpage));
    let keys: Vec<_> = sent.fields.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "APP_CONTAINERS",
            "CLUSTER_ID",
            "INSTANCE_IPS",
            "LABELS",
            "MESH_ID",
            "NAME",
            "NAMESPACE",
            "OWNER",
            "PLATFORM_METADATA",
            "WORKLOAD_NAME"
        ]
    );
    assert_eq!(sent.object("LABELS").unwrap().fields.len(), 5);
    assert_eq!(sent.object("PLATFORM_METADATA").unwrap().fields.len(), 0);
}

#[test]
fn a_node_without_metadata_still_says_that_it_takes_part() {
    let headers = build("{}", |_: &[&str]| None);
    assert_eq!(read(&headers).fields.len(), 1);
    assert_eq!(headers.id, b"");
}

#[test]
fn bytes_that_are_no_text_are_left_out() {
    let headers = build("{}", |path: &[&str]| match path {
        ["metadata", "NAME"] => Some(b"\xff".to_vec()),
        _ => productpage(path),
    });
    assert_eq!(read(&headers).text("NAME"), None);
}

#[test]
fn only_the_kinds_that_istio_knows_are_told() {
    for (owner, workload, expected) in [
        (OWNER, "productpage-v1", Some("deployment")),
        (
            "kubernetes://apis/batch/v1/namespaces/x/cronjobs/y",
            "y",
            Some("cronjob"),
        ),
        ("kubernetes://apis/v1/namespaces/x/pods/y", "y", Some("pod")),
        (
            "kubernetes://apis/apps/v1/namespaces/x/statefulsets/y",
            "y",
            None,
        ),
        (OWNER, "other", None),
        ("", "", None),
    ] {
        assert_eq!(kind(owner, workload), expected, "{owner} {workload}");
    }
    let stateful = |path: &[&str]| match path {
        ["metadata", "OWNER"] => Some(
            b"kubernetes://apis/apps/v1/namespaces/default/statefulsets/productpage-v1".to_vec(),
        ),
        _ => productpage(path),
    };
    assert_eq!(read(&build("{}", stateful)).text("OWNER"), None);
}
