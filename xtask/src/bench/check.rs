//! What the variants of a subject must do before they are measured: a filter that does nothing is
//! quick.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use sdk_tests::Request;
use sdk_tests::envoy::{Envoy, client};
use serde_json::{Value, json};

use super::load;
use super::subject::{Headers, Subject, Variant};

/// What filters that authenticate must do.
pub(super) struct Check {
    /// The headers of requests that each variant must answer with 401.
    pub(super) refused: Vec<Headers>,
    /// Whom those that tell the user must tell the upstream, in [`USER_HEADER`].
    pub(super) user: &'static str,
}

/// Where the upstream is told the user.
pub(super) const USER_HEADER: &str = "x-user";

/// Here Envoy answers with what an upstream would be told. The load goes to another path.
const PATH: &str = "/secret/check";
/// What is sent here goes to an upstream.
pub(super) const TO_UPSTREAM: &str = "/upstream";

const SEEN: &str = "x-seen";

/// What Envoy logs when a dynamic module was written for another version.
const OTHER_VERSION: &str = "is deprecated. Please recompile the module";

/// The routes of every listener.
pub(super) fn routes(subject: &Subject) -> Vec<Value> {
    let answer = json!({ "status": 200 });
    let upstream = json!({
        "match": { "path": TO_UPSTREAM },
        "route": { "cluster": "upstream" },
    });
    let all = json!({ "match": { "prefix": "/" }, "direct_response": answer });
    if subject.check.is_none() {
        return vec![upstream, all];
    }
    let told = json!({ "header": { "key": SEEN, "value": format!("%REQ({USER_HEADER})%") } });
    let check = json!({
        "match": { "path": PATH },
        "direct_response": answer,
        "response_headers_to_add": [told],
    });
    vec![check, upstream, all]
}

/// Fails unless every variant lets the load pass, and nothing that it must refuse.
pub(super) fn run(subject: &Subject, envoy: &Envoy) -> Result<()> {
    let Some(check) = &subject.check else {
        return Ok(());
    };
    ensure!(
        !envoy.log().contains(OTHER_VERSION),
        "a dynamic module was written for another version of Envoy:\n{}",
        envoy.log()
    );
    for variant in &subject.variants {
        let address = envoy.listener(variant.what);
        variant_is_right(variant, check, address, &subject.load)
            .with_context(|| format!("{} does not do its work", variant.what))?;
    }
    Ok(())
}

fn variant_is_right(
    variant: &Variant,
    check: &Check,
    address: SocketAddr,
    load: &Headers,
) -> Result<()> {
    for path in [PATH, load::path(load)] {
        let reply = client::send(address, &request(path, load))?;
        let status = reply.status();
        ensure!(status == 200, "{status} for the load at {path}");
        if path == PATH {
            let expected = variant.tells_user.then_some(check.user.as_bytes());
            let seen = reply.header(SEEN);
            let shown = seen.map(String::from_utf8_lossy);
            ensure!(seen == expected, "the upstream is told: {shown:?}");
        }
        for refused in &check.refused {
            let status = client::send(address, &request(path, refused))?.status();
            ensure!(status == 401, "{status} for {refused:?} at {path}");
        }
    }
    Ok(())
}

fn request(path: &str, headers: &Headers) -> Request {
    let headers = headers.iter().filter(|(name, _)| !name.starts_with(':'));
    headers.fold(Request::get(path), |request, (name, value)| {
        request.header(*name, value.as_bytes())
    })
}
