//! What the demo asks of basic-auth.

use anyhow::Result;
use base64::Engine as _;
use sdk_tests::{Request, UpstreamRequest};
use serde_json::{Value, json};

use super::case::Case;
use super::stage::{self, Extension, Scene, Update};

const USER_HEADER: &str = "x-authenticated-user";

pub(super) const EXTENSION: Extension = Extension {
    name: "basic-auth",
    artifact: "basic_auth",
    config,
    before: stage::nothing,
    routes: stage::to_upstream,
    finish: stage::as_it_is,
    server: None,
    cases,
    curl: &[
        ("no password: 401", "http://{address}/secret"),
        (
            "the right one: 200",
            "-u alice:open-sesame http://{address}/secret",
        ),
        ("not protected: 200", "http://{address}/open"),
    ],
};

fn config() -> Value {
    json!({
        "realm": "demo",
        "username_header": USER_HEADER,
        "basic_auth_rules": [
            { "prefix": "/secret", "credentials": ["alice:open-sesame"] },
            { "prefix": "/reports", "allowed_users": ["carol"] },
        ],
        // The password is `carols-password`, at bcrypt cost 5.
        "users": ["carol:$2b$05$vOTmKD/fCuIOxLbW.jvCrO3sAXRp3mRgHSYtZW4vSJyGzHb3g7XP6"],
    })
}

fn cases(scene: &mut Scene<'_>) -> Result<Vec<Case>> {
    let right = basic("alice:open-sesame");
    let get = |path: &str| Request::get(path);
    let mut cases = Vec::new();
    let mut ask = |what: &str, request: Request, expected: &str| -> Result<()> {
        let (reply, upstream) = scene.send(&request)?;
        let got = match (reply.status(), upstream) {
            (200, upstream) => format!("200{}", user(upstream.as_ref())),
            (status, None) => status.to_string(),
            (status, Some(_)) => format!("{status}, but the upstream saw the request"),
        };
        cases.push(Case {
            request: what.to_owned(),
            expected: expected.to_owned(),
            got,
        });
        Ok(())
    };

    ask("GET /open", get("/open"), "200")?;
    ask("GET /secret without a password", get("/secret"), "401")?;
    let wrong = basic("alice:wrong");
    ask(
        "GET /secret with a wrong one",
        get("/secret").header("authorization", wrong),
        "401",
    )?;
    let good = || get("/secret").header("authorization", &right);
    ask("GET /secret with the right one", good(), "200, user alice")?;
    let carol = get("/reports/2026").header("authorization", basic("carol:carols-password"));
    ask(
        "GET /reports as carol, whose password is hashed",
        carol,
        "200, user carol",
    )?;
    let alice = get("/reports/2026").header("authorization", &right);
    ask("GET /reports as alice, who may not", alice, "401")?;

    for path in ["//secret", "/%73ecret", "/x/../secret", "/secret;a"] {
        ask(&format!("GET {path}"), get(path), "401")?;
    }
    ask("GET /x%2F..%2Fsecret", get("/x%2F..%2Fsecret"), "400")?;

    let bytes = get("/secret").header("authorization", b"Basic \xff\xfe");
    ask("GET /secret with bytes that are no text", bytes, "401")?;
    ask(
        "GET /secret with the right password again",
        good(),
        "200, user alice",
    )?;
    let spoofed = get("/open").header(USER_HEADER, "admin");
    ask(
        &format!("GET /open with {USER_HEADER}: admin"),
        spoofed,
        "200",
    )?;

    let update = scene.update(&json!({ "basic_auth_rules": [{ "prefix": "" }] }))?;
    cases.push(Case {
        request: "a new config with an error in it".to_owned(),
        expected: format!("{:?}", Update::Refused),
        got: format!("{update:?}"),
    });
    let (reply, _) = scene.send(&get("/secret"))?;
    cases.push(Case {
        request: "GET /secret: the old config still guards it".to_owned(),
        expected: "401".to_owned(),
        got: reply.status().to_string(),
    });
    Ok(cases)
}

/// The `Authorization` header for `user:password`.
fn basic(credentials: &str) -> String {
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(credentials)
    )
}

/// The user that the upstream was told of.
fn user(upstream: Option<&UpstreamRequest>) -> String {
    match upstream.and_then(|request| request.header(USER_HEADER)) {
        Some(user) => format!(", user {}", String::from_utf8_lossy(user)),
        None => String::new(),
    }
}
