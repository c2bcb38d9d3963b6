//! What the demo asks of opa: a policy in the proxy, and one in a server.

use anyhow::Result;
use sdk_tests::{Request, UpstreamRequest};
use serde_json::{Value, json};

use super::case::Case;
use super::stage::{self, Extension, Scene, Update};
use crate::opa::Opa;

/// The cluster of the OPA server, and that of one that is down.
pub(super) const CLUSTER: &str = "opa";
pub(super) const GONE: &str = "opa_gone";

pub(super) const EMBEDDED: Extension = Extension {
    name: "opa-embedded",
    artifact: "opa_embedded",
    config: embedded,
    before: stage::nothing,
    routes: stage::to_upstream,
    finish: stage::as_it_is,
    server: None,
    cases: embedded_cases,
    curl: &[
        ("public: 200", "http://{address}/public"),
        ("not public: 403", "http://{address}/private"),
        (
            "alice may: 200",
            "-H 'x-user: alice' http://{address}/private",
        ),
        (
            "but not pay that much: 403",
            "-H 'x-user: alice' --json '{\"amount\": 5000}' http://{address}/pay",
        ),
    ],
};

pub(super) const SERVER: Extension = Extension {
    name: "opa",
    artifact: "opa",
    config: || server(json!({ "cluster": CLUSTER })),
    before: stage::nothing,
    routes: stage::to_upstream,
    finish: stage::as_it_is,
    // It asks an OPA, which the stage starts.
    server: None,
    cases: server_cases,
    curl: &[
        ("OPA says yes: 200", "http://{address}/public"),
        ("OPA says no: 403", "http://{address}/private"),
    ],
};

const POLICY: &str = r#"package demo

default allow := false

allow if input.parsed_path[0] == "public"

allow := {"allowed": true, "headers": {"x-who": user}} if {
	input.parsed_path[0] != "public"
	user == "alice"
	object.get(input, ["parsed_body", "amount"], 0) < 1000
}

user := input.attributes.request.http.headers["x-user"]
"#;

/// A real OPA with the policy in it.
pub(super) fn start() -> Result<Opa> {
    let opa = Opa::start()?;
    opa.put_policy("demo", POLICY)?;
    Ok(opa)
}

fn policy() -> Value {
    json!({ "inline": POLICY, "query": "data.demo.allow" })
}

fn embedded() -> Value {
    json!({ "policy": policy(), "input": { "body": { "max_bytes": 1024 } } })
}

fn server(server: Value) -> Value {
    let mut server = server;
    server["path"] = json!("/v1/data/demo/allow");
    server["timeout"] = json!("2s");
    json!({ "server": server, "cache": { "ttl": "60s" }, "status_on_error": 503 })
}

/// Sends requests and notes what came.
struct Asker<'a, 'b> {
    scene: &'a mut Scene<'b>,
    cases: Vec<Case>,
}

impl Asker<'_, '_> {
    fn ask(&mut self, what: &str, request: &Request, expected: &str) -> Result<()> {
        let hits = self.scene.metric("opa_cache_hits");
        let (reply, upstream) = self.scene.send(request)?;
        let mut got = match (reply.status(), &upstream) {
            (200, Some(upstream)) => format!("200{}", who(upstream)),
            (status, None) => status.to_string(),
            (status, Some(_)) => format!("{status}, but the upstream saw the request"),
        };
        if self.scene.metric("opa_cache_hits") > hits {
            got.push_str(", remembered");
        }
        self.note(what, expected, got);
        Ok(())
    }

    fn update(&mut self, what: &str, config: &Value, expected: &Update) -> Result<()> {
        let update = self.scene.update(config)?;
        self.note(what, &format!("{expected:?}"), format!("{update:?}"));
        Ok(())
    }

    fn note(&mut self, what: &str, expected: &str, got: String) {
        self.cases.push(Case {
            request: what.to_owned(),
            expected: expected.to_owned(),
            got,
        });
    }
}

fn embedded_cases(scene: &mut Scene<'_>) -> Result<Vec<Case>> {
    let cases = Vec::new();
    let mut demo = Asker { scene, cases };
    let get = |path: &str| Request::get(path);
    let alice = |request: Request| request.header("x-user", "alice");
    let pay = |body: &str| {
        let request = Request::post("/pay").header("content-type", "application/json");
        alice(request.body(body))
    };
    demo.ask("GET /public", &get("/public"), "200")?;
    demo.ask("GET /private", &get("/private"), "403")?;
    demo.ask(
        "GET /private as alice",
        &alice(get("/private")),
        "200, user alice",
    )?;
    demo.ask(
        "GET /%70ublic: decoded for the policy",
        &get("/%70ublic"),
        "200",
    )?;
    demo.ask("GET /%zz: no path at all", &get("/%zz"), "400")?;
    demo.ask(
        "POST {\"amount\": 5}",
        &pay("{\"amount\": 5}"),
        "200, user alice",
    )?;
    demo.ask("POST {\"amount\": 5000}", &pay("{\"amount\": 5000}"), "403")?;
    demo.ask("POST a broken body", &pay("{"), "400")?;

    let broken = json!({ "policy": { "inline": "package demo\nallow := tru e", "query": "data.demo.allow" } });
    demo.update("a policy with an error in it", &broken, &Update::Refused)?;
    demo.ask(
        "GET /private: the old policy still guards it",
        &get("/private"),
        "403",
    )?;

    let mut fallback = server(json!({ "cluster": GONE }));
    fallback["policy"] = policy();
    fallback["on_error"] = json!("embedded");
    demo.update(
        "OPA is down, on_error: embedded",
        &fallback,
        &Update::Accepted,
    )?;
    demo.ask("GET /public", &get("/public"), "200")?;
    demo.ask("GET /private", &get("/private"), "403")?;
    Ok(demo.cases)
}

fn server_cases(scene: &mut Scene<'_>) -> Result<Vec<Case>> {
    let cases = Vec::new();
    let mut demo = Asker { scene, cases };
    let get = |path: &str| Request::get(path);
    let alice = get("/private").header("x-user", "alice");
    demo.ask("GET /public, asked of OPA", &get("/public"), "200")?;
    demo.ask("GET /public again", &get("/public"), "200, remembered")?;
    demo.ask("GET /private", &get("/private"), "403")?;
    demo.ask("GET /private again", &get("/private"), "403, remembered")?;
    demo.ask("GET /private as alice", &alice, "200, user alice")?;
    demo.ask(
        "GET /private as alice again",
        &alice,
        "200, user alice, remembered",
    )?;

    let mut down = server(json!({ "cluster": GONE }));
    demo.update("OPA is down, on_error: deny", &down, &Update::Accepted)?;
    demo.ask("GET /public", &get("/public"), "503")?;
    down["on_error"] = json!("allow");
    demo.update("OPA is down, on_error: allow", &down, &Update::Accepted)?;
    demo.ask("GET /private", &get("/private"), "200")?;
    down["mode"] = json!("shadow");
    down["on_error"] = json!("deny");
    demo.update("OPA is down, mode: shadow", &down, &Update::Accepted)?;
    demo.ask("GET /private", &get("/private"), "200")?;
    Ok(demo.cases)
}

/// The user that the upstream was told of.
fn who(upstream: &UpstreamRequest) -> String {
    match upstream.header("x-who") {
        Some(user) => format!(", user {}", String::from_utf8_lossy(user)),
        None => String::new(),
    }
}
