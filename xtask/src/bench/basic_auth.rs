//! basic-auth under load, beside Envoy's own filter and a Lua script.
//!
//! The configs are those of its scenarios in `tests/scenarios/cost.rs`.

use base64::Engine as _;
use serde_json::{Value, json};

use super::check::Check;
use super::subject::{Headers, Subject, Variant};

pub(super) const USER: &str = "alice:open-sesame";
pub(super) const USER_NAME: &str = "alice";
/// `USER` with SHA-1, for Envoy's own filter, which knows nothing else.
const SHA1_USER: &str = "alice:{SHA}piGucRdTwGb7+i3S1svNik60+fw=";
/// `USER` with bcrypt at cost 10.
const BCRYPT_USER: &str = "alice:$2b$10$MdirlxqWfleSSRV4ano0IeLxKi6CaSP3nCgVk1ufPiQmSxUoJEtt6";

pub(super) fn subject() -> Subject {
    Subject {
        load: load(),
        check: Some(check()),
        variants: vec![
            Variant::extension("basic-auth, 1 rule", "basic_auth", &rules(1)),
            Variant::extension("basic-auth, 100 rules", "basic_auth", &rules(100)),
            Variant::extension(
                "basic-auth, bcrypt user, remembered",
                "basic_auth",
                &bcrypt(),
            ),
            Variant::native("Envoy's basic_auth", &native()),
            Variant::native("Lua", &lua("")),
        ],
        ..Subject::default()
    }
}

/// What the one user sends.
pub(super) fn load() -> Headers {
    vec![("authorization", authorization(USER))]
}

/// Nobody else passes.
pub(super) fn check() -> Check {
    let wrong = ["alice:wrong", "mallory:open-sesame"];
    let wrong = wrong.map(|user| vec![("authorization", authorization(user))]);
    Check {
        refused: [vec![Vec::new()], wrong.to_vec()].concat(),
        user: USER_NAME,
    }
}

/// The value of the header `authorization` for a name and a password.
pub(super) fn authorization(user: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(user);
    format!("Basic {encoded}")
}

/// So many rules; the request's path falls under one of them.
pub(super) fn rules(count: usize) -> Value {
    let rule = |prefix: String| json!({ "prefix": prefix, "credentials": [USER] });
    let others = (1..count).map(|index| rule(format!("/area-{index}/")));
    json!({ "basic_auth_rules": others.chain([rule("/secret".to_owned())]).collect::<Vec<_>>() })
}

fn bcrypt() -> Value {
    json!({ "basic_auth_rules": [{ "prefix": "/secret" }], "users": [BCRYPT_USER] })
}

/// Envoy's own filter.
pub(super) fn native() -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth",
        "users": { "inline_string": SHA1_USER },
    })
}

/// The shortest script that does the same for one user; `then` is what it does when he may pass.
pub(super) fn lua(then: &str) -> Value {
    let right = authorization(USER);
    let script = format!(
        r#"function envoy_on_request(handle)
  if handle:headers():get("authorization") ~= "{right}" then
    handle:respond({{[":status"] = "401", ["www-authenticate"] = "Basic"}}, "")
    return
  end
  {then}
end"#
    );
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "default_source_code": { "inline_string": script },
    })
}
