//! What the server answers: OPA's Data API.

mod strict;

use std::rc::Rc;

use serde_json::Value;

use crate::decision::{Decision, Malformed};

/// What was made of a request, by a server or by the engine here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The policy said yes or no.
    Decided(Rc<Decision>),
    /// The policy said nothing: no rule of that name, or none that applies. With the decision's id.
    Undefined(Option<String>),
    /// The policy said something that is no decision. With the decision's id.
    Malformed(Malformed, Option<String>),
}

impl Outcome {
    /// What the decision log calls it.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Decided(decision) => decision.id.as_deref(),
            Self::Undefined(id) | Self::Malformed(_, id) => id.as_deref(),
        }
    }
}

/// Why there is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Failure {
    /// The proxy has no such cluster.
    #[error("the proxy has no such cluster")]
    UnknownCluster,
    /// The cluster has no endpoints, or none that is healthy.
    #[error("the cluster has no endpoints")]
    NoEndpoints,
    /// Nobody takes the connection, or it broke.
    #[error("the server cannot be reached")]
    Unreachable,
    /// No answer in time.
    #[error("the server took too long")]
    Timeout,
    /// An answer with another status than 200.
    #[error("the server's status is not 200")]
    Status,
    /// An answer without a body.
    #[error("the server's answer is empty")]
    EmptyBody,
    /// A body that is no JSON object.
    #[error("the server's answer is no JSON object")]
    BadJson,
    /// The policy could not be evaluated here.
    #[error("the policy cannot be evaluated")]
    Evaluation,
    /// There is no policy yet: the first one has not been fetched.
    #[error("no policy has been fetched yet")]
    NoPolicy,
    /// The host refused a call that it should not refuse.
    #[error("the proxy refused a call")]
    Host,
}

impl Failure {
    /// All of them, for the counters.
    pub const ALL: [Self; 10] = [
        Self::UnknownCluster,
        Self::NoEndpoints,
        Self::Unreachable,
        Self::Timeout,
        Self::Status,
        Self::EmptyBody,
        Self::BadJson,
        Self::Evaluation,
        Self::NoPolicy,
        Self::Host,
    ];

    /// One word for counters and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::UnknownCluster => "unknown_cluster",
            Self::NoEndpoints => "no_endpoints",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Status => "status",
            Self::EmptyBody => "empty_body",
            Self::BadJson => "bad_json",
            Self::Evaluation => "evaluation",
            Self::NoPolicy => "no_policy",
            Self::Host => "host",
        }
    }
}

/// An answer as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The `:status`.
    pub status: &'a [u8],
    /// Whether a server sent it. Where none did, the proxy makes up an answer of its own.
    pub is_from_server: bool,
    /// The body.
    pub body: &'a [u8],
}

/// More than a decision needs.
pub const MAX_ANSWER: usize = 1024 * 1024;

impl Answer<'_> {
    /// Reads it.
    ///
    /// # Errors
    /// It holds no outcome.
    pub fn outcome(&self) -> Result<Outcome, Failure> {
        match (self.is_from_server, self.status) {
            (_, b"200") => {}
            (false, b"504") => return Err(Failure::Timeout),
            (false, _) => return Err(Failure::Unreachable),
            (true, _) => return Err(Failure::Status),
        }
        if self.body.trim_ascii().is_empty() {
            return Err(Failure::EmptyBody);
        }
        let Ok(Value::Object(mut fields)) = strict::parse(self.body) else {
            return Err(Failure::BadJson);
        };
        // Only where the server keeps a decision log.
        let id = match fields.remove("decision_id") {
            Some(Value::String(id)) if is_plain(&id) => Some(id),
            _ => None,
        };
        Ok(match fields.remove("result") {
            None => Outcome::Undefined(id),
            Some(result) => outcome(result, id),
        })
    }
}

/// The outcome of a policy whose rule has this value.
pub(crate) fn outcome(value: Value, id: Option<String>) -> Outcome {
    match Decision::from_value(value) {
        Ok(decision) => Outcome::Decided(Rc::new(Decision { id, ..decision })),
        Err(malformed) => Outcome::Malformed(malformed, id),
    }
}

fn is_plain(id: &str) -> bool {
    id.len() <= 256 && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
