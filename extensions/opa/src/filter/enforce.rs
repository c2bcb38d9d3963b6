//! Carries decisions out.

use std::{fmt, rc::Rc};

use extension_common::{
    headers::{self, HeaderError, HeaderView},
    hostcalls,
    reply::LocalReply,
};
use proxy_wasm::types::MapType;

use crate::{
    answer::{Failure, Outcome},
    decision::Decision,
    input::BadRequest,
    query,
};

/// What becomes of a request, and why.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// A policy was asked.
    Outcome(Outcome),
    /// None could be: the configuration says what then.
    Failure(Failure),
    /// There is nothing to ask about.
    BadRequest(BadRequest),
    /// The evaluation took more than it may. Clients can bring that about, so it never lets pass.
    LimitExceeded,
    /// The body did not come. The same holds.
    NoBody,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome(Outcome::Decided(decision)) => {
                formatter.write_str(match decision.allowed {
                    true => "allowed",
                    false => "denied",
                })?;
            }
            Self::Outcome(Outcome::Undefined(_)) => {
                formatter.write_str("the policy is undefined")?;
            }
            Self::Outcome(Outcome::Malformed(problem, _)) => {
                write!(formatter, "the policy's result is no decision: {problem}")?;
            }
            Self::Failure(failure) => failure.fmt(formatter)?,
            Self::BadRequest(problem) => problem.fmt(formatter)?,
            Self::LimitExceeded => {
                formatter.write_str("the evaluation took more time or memory than it may")?;
            }
            Self::NoBody => formatter.write_str("the body did not come")?,
        }
        match self {
            Self::Outcome(outcome) => match outcome.id() {
                Some(id) => write!(formatter, " (decision {id})"),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Makes the request what the decision says, before it goes on.
pub(super) fn apply(decision: &Decision) -> Result<(), HeaderError> {
    const MAP: MapType = MapType::HttpRequestHeaders;
    if !(decision.headers.is_empty() && decision.headers_to_remove.is_empty()) {
        let sent = HeaderView::fetch(MAP)?;
        // What a client sends as `x_user` some servers take for `x-user`.
        let set = decision.headers.iter().map(|(name, _)| name);
        headers::remove_spellings(MAP, &sent, set.chain(&decision.headers_to_remove))?;
    }
    for (name, value) in &decision.headers {
        headers::set(MAP, name, value.as_bytes())?;
    }
    for name in &decision.headers_to_remove {
        hostcalls::remove_map_value(MAP, name.as_str().as_bytes())?;
    }
    if !(decision.query_to_set.is_empty() && decision.query_to_remove.is_empty()) {
        let path = hostcalls::get_map_value(MAP, ":path")?.unwrap_or_default();
        if let Some(path) = query::rewritten(&path, decision) {
            hostcalls::replace_map_value(MAP, ":path", &path)?;
        }
    }
    Ok(())
}

/// Tells the filter state, for access logs and other filters: `wasm.opa_decision_id`, and
/// `wasm.opa.<name>` for each part of `dynamic_metadata`.
pub(super) fn tell(outcome: &Outcome) {
    if let Some(id) = outcome.id() {
        set_state("opa_decision_id", id);
    }
    if let Outcome::Decided(decision) = outcome {
        for (name, value) in &decision.metadata {
            set_state(&format!("opa.{name}"), value);
        }
    }
}

fn set_state(name: &str, value: &str) {
    if let Err(error) = hostcalls::set_property(&[name], value.as_bytes()) {
        log::debug!("the filter state wasm.{name} is not set: {error}");
    }
}

/// The client's part of a decision by which a request passed.
pub(super) fn add_response_headers(decision: &Rc<Decision>) {
    for (name, value) in &decision.response_headers {
        let set = headers::set(MapType::HttpResponseHeaders, name, value.as_bytes());
        if let Err(error) = set {
            log::error!("the response header {name} is not set: {error}");
        }
    }
}

/// The answer in place of the upstream's.
pub(super) fn reply(verdict: &Verdict, status_on_error: u16) -> LocalReply {
    match verdict {
        Verdict::Outcome(Outcome::Decided(decision)) => denial(decision),
        Verdict::Outcome(Outcome::Undefined(_)) => LocalReply::new(403, "opa_undefined"),
        Verdict::Outcome(Outcome::Malformed(..)) => LocalReply::new(403, "opa_malformed_decision"),
        Verdict::BadRequest(problem) => {
            LocalReply::new(400, "opa_bad_request").body(format!("{problem}\n"))
        }
        Verdict::LimitExceeded => LocalReply::new(status_on_error, "opa_error_limit"),
        Verdict::NoBody => LocalReply::new(status_on_error, "opa_error_no_body"),
        Verdict::Failure(failure) => LocalReply::new(status_on_error, details(*failure)),
    }
}

fn denial(decision: &Decision) -> LocalReply {
    let status = decision.status.unwrap_or(403);
    let bare = LocalReply::new(status, "opa_denied");
    let with_headers = decision
        .headers
        .iter()
        .try_fold(bare.clone(), |reply, (name, value)| {
            reply.header(name.clone(), value.as_str())
        });
    // Nothing is left out: the decision's headers were checked when it was read.
    let reply = with_headers.unwrap_or(bare);
    match status {
        // These have no body, and what follows the head would be taken for the next response.
        204 | 205 | 304 => reply,
        _ => reply.body(decision.body.as_str()),
    }
}

fn details(failure: Failure) -> &'static str {
    match failure {
        Failure::UnknownCluster => "opa_error_unknown_cluster",
        Failure::NoEndpoints => "opa_error_no_endpoints",
        Failure::Unreachable => "opa_error_unreachable",
        Failure::Timeout => "opa_error_timeout",
        Failure::Status => "opa_error_status",
        Failure::EmptyBody => "opa_error_empty_body",
        Failure::BadJson => "opa_error_bad_json",
        Failure::Evaluation => "opa_error_evaluation",
        Failure::NoPolicy => "opa_error_no_policy",
        Failure::Host => "opa_error_host",
    }
}

/// Sends an answer. A host that takes none keeps the request, which then reaches no upstream.
pub(super) fn send(reply: &LocalReply) {
    if let Err(error) = reply.send() {
        log::error!("the answer could not be sent: {error}");
    }
}
