//! opa, beside Envoy's own ext_authz that asks the same server.

use anyhow::Result;
use serde_json::{Value, json};

use super::subject::{Subject, Variant};
use crate::opa::Opa;

const CLUSTER: &str = "opa";
const USER: &str = "alice";

/// Ten rules, as a small service has them; the last one allows the request of the load.
const POLICY: &str = include_str!("../../../extensions/opa/tests/data/ten_rules.rego");

/// Starts an OPA server, which ends with the subject.
pub(super) fn subject() -> Result<Subject> {
    let opa = Opa::start()?;
    // ext_authz asks for the path of the request itself, below its prefix.
    opa.put_policy("bench", &format!("{POLICY}\nsecret := allow\n"))?;
    let (older, envoy) = (remembered("legacy"), remembered("envoy"));
    Ok(Subject {
        load: vec![("x-user", USER.to_owned())],
        variants: vec![
            Variant::extension("opa, remembered, legacy form", "opa", &asked(&older)),
            Variant::extension("opa, remembered, envoy form", "opa", &asked(&envoy)),
            Variant::extension("opa, embedded, 10 rules", "opa_embedded", &embedded()),
            Variant::extension("opa, callout", "opa", &callout()),
            Variant::native("Envoy's ext_authz, callout", &ext_authz()),
        ],
        clusters: vec![(CLUSTER, opa.address())],
        servers: vec![Box::new(opa)],
        ..Subject::default()
    })
}

fn embedded() -> Value {
    json!({ "policy": { "inline": POLICY, "query": "data.bench.allow" } })
}

/// A policy whose decision is remembered for the whole run.
fn remembered(form: &str) -> Value {
    let policy = "package bench\nallow := true";
    json!({
        "policy": { "inline": policy, "query": "data.bench.allow" },
        "input": { "form": form },
        "cache": { "ttl": "86400s" }
    })
}

/// The same, asked of the server once.
fn asked(config: &Value) -> Value {
    let rule = match config["input"]["form"] == "legacy" {
        // The policy of the server knows the other form only.
        true => "always",
        false => "allow",
    };
    let mut config = config.clone();
    if let Some(fields) = config.as_object_mut() {
        fields.remove("policy");
    }
    config["server"] = json!({
        "cluster": CLUSTER, "path": format!("/v1/data/bench/{rule}"), "timeout": "5s"
    });
    config
}

/// Each connection of the load asks for itself, again and again.
fn callout() -> Value {
    json!({
        "server": { "cluster": CLUSTER, "path": "/v1/data/bench/allow", "timeout": "5s" },
        "cache": { "ttl": "0s", "negative_ttl": "0s", "key": ["source_port"] }
    })
}

fn ext_authz() -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "http_service": {
            "server_uri": { "uri": "http://opa", "cluster": CLUSTER, "timeout": "5s" },
            "path_prefix": "/v1/data/bench",
            "authorization_request": { "allowed_headers": { "patterns": [{ "exact": "x-user" }] } },
        },
    })
}
