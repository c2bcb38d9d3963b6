//! The same job in every way that Envoy can be extended: `cargo xtask bench comparison`.
//!
//! One user's header `authorization` is checked; half of the variants tell the upstream the user
//! besides. The dynamic module and the server are crates of their own in `xtask/comparison`, and do no
//! more than that.

mod server;

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::basic_auth;
use super::check::USER_HEADER;
use super::subject::{Subject, Variant};
use crate::{process, workspace};

/// What it is called on the command line, beside the extensions.
pub(super) const NAME: &str = "comparison";

/// The one extension that it needs.
pub(super) const EXTENSION: &str = "basic-auth";

const CLUSTER: &str = "server";

/// Builds what is no extension, optimised if it is measured, and starts the server, which ends with
/// the subject.
pub(super) fn subject(measured: bool) -> Result<Subject> {
    let module = build("dynamic-module", measured)?.join("libcomparison_dynamic_module.so");
    let server = build("server", measured)?.join("comparison-server");
    let right = basic_auth::authorization(basic_auth::USER);
    let server = server::Server::start(&server, &right, basic_auth::USER_NAME)?;
    Ok(Subject {
        load: basic_auth::load(),
        variants: variants(&module, &right),
        check: Some(basic_auth::check()),
        clusters: vec![(CLUSTER, server.address())],
        grpc: Some(CLUSTER),
        servers: vec![Box::new(server)],
    })
}

fn variants(module: &Path, right: &str) -> Vec<Variant> {
    let mut native = basic_auth::native();
    let mut wasm = basic_auth::rules(1);
    let only_checking = [
        Variant::native("Envoy's basic_auth", &native),
        Variant::native("dynamic module", &dynamic_module(module, right)),
        Variant::native("Lua", &basic_auth::lua("")),
        Variant::extension("basic-auth", "basic_auth", &wasm),
        Variant::native("ext_authz, gRPC", &ext_authz(false)),
        Variant::native("ext_proc, request headers", &ext_proc(false, "SKIP")),
        Variant::native("ext_proc, headers of both", &ext_proc(false, "SEND")),
    ];
    let (user, header) = (basic_auth::USER_NAME, USER_HEADER);
    native["forward_username_header"] = json!(header);
    wasm["username_header"] = json!(header);
    let told = format!("{right}\n{user}");
    let set = format!(r#"handle:headers():replace("{header}", "{user}")"#);
    let telling = [
        Variant::native("Envoy's basic_auth, user told", &native),
        Variant::native("dynamic module, user told", &dynamic_module(module, &told)),
        Variant::native("Lua, user told", &basic_auth::lua(&set)),
        Variant::extension("basic-auth, user told", "basic_auth", &wasm),
        Variant::native("ext_authz, gRPC, user told", &ext_authz(true)),
        Variant::native(
            "ext_proc, request headers, user told",
            &ext_proc(true, "SKIP"),
        ),
    ];
    let telling = telling.map(Variant::telling_the_user);
    only_checking.into_iter().chain(telling).collect()
}

fn dynamic_module(module: &Path, config: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
        "dynamic_module_config": { "module": { "local": { "filename": module } } },
        "filter_name": "basic-auth",
        "filter_config": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": config,
        },
    })
}

fn ext_authz(tells_user: bool) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": grpc_service(tells_user),
    })
}

/// Bodies and trailers stay in Envoy.
fn ext_proc(tells_user: bool, response_headers: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor",
        "grpc_service": grpc_service(tells_user),
        // Envoy's default, 0.2 s, is short for a machine that is busy.
        "message_timeout": "5s",
        "processing_mode": {
            "request_header_mode": "SEND",
            "response_header_mode": response_headers,
            "request_body_mode": "NONE",
            "response_body_mode": "NONE",
            "request_trailer_mode": "SKIP",
            "response_trailer_mode": "SKIP",
        },
    })
}

fn grpc_service(tells_user: bool) -> Value {
    let mut service = json!({ "envoy_grpc": { "cluster_name": CLUSTER }, "timeout": "5s" });
    if tells_user {
        service["initial_metadata"] = json!([{ "key": "tell-user", "value": "yes" }]);
    }
    service
}

/// Builds a crate of `xtask/comparison`; returns the folder of what it became.
fn build(name: &str, optimised: bool) -> Result<PathBuf> {
    let (profile, output) = match optimised {
        true => ("release", "release"),
        false => ("dev", "debug"),
    };
    let folder = workspace::root().join("xtask/comparison").join(name);
    let mut command = process::cargo_in(&folder)?;
    process::run(command.args(["build", "--locked", "--profile", profile]))?;
    Ok(workspace::target()?.join(output))
}
