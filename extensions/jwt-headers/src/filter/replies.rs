//! The answers that the filter gives itself (RFC 6750, section 3).

use std::time::Duration;

use extension_common::{headers::HeaderName, reply::LocalReply};

use crate::failure::Failure;

/// All of them, made at configure time. Nothing of a request is in them.
pub(super) struct Replies {
    denied: Vec<(Failure, LocalReply)>,
    refused: LocalReply,
    no_keys: LocalReply,
}

impl Replies {
    /// `None` where `challenge` is no valid header value.
    pub(super) fn new(challenge: &str) -> Option<Self> {
        let name = HeaderName::new("www-authenticate")?;
        let denied = |failure: Failure| {
            let (status, error) = match failure {
                // Without a token there is nothing to say about it.
                Failure::Missing => (401, None),
                Failure::Several => (400, Some("invalid_request")),
                Failure::Insufficient => (403, Some("insufficient_scope")),
                _ => (401, Some("invalid_token")),
            };
            let description = failure.description();
            let challenge = match error {
                None => challenge.to_owned(),
                Some(error) => {
                    format!("{challenge}, error=\"{error}\", error_description=\"{description}\"")
                }
            };
            let reply = LocalReply::new(status, details(failure))
                .body(format!("{description}\n"))
                .header(name.clone(), challenge)?;
            Some((failure, reply))
        };
        Some(Self {
            denied: Failure::ALL
                .into_iter()
                .map(denied)
                .collect::<Option<_>>()?,
            refused: LocalReply::new(400, "jwt_headers_unsafe_path")
                .body("The path is ambiguous.\n"),
            no_keys: LocalReply::new(503, "jwt_headers_no_keys")
                .body("Tokens cannot be verified at the moment.\n"),
        })
    }

    pub(super) fn denied(&self, failure: Failure) -> LocalReply {
        let found = self.denied.iter().find(|(known, _)| *known == failure);
        found.map_or_else(unavailable, |(_, reply)| reply.clone())
    }

    pub(super) fn refused(&self) -> LocalReply {
        self.refused.clone()
    }

    pub(super) fn no_keys(&self, retry_after: Duration) -> LocalReply {
        let plain = self.no_keys.clone();
        match HeaderName::new("retry-after") {
            Some(name) => plain
                .header(name, whole_seconds(retry_after).to_string())
                .unwrap_or_else(|| self.no_keys.clone()),
            None => plain,
        }
    }
}

/// Where nothing can be decided, nobody passes.
pub(super) fn unavailable() -> LocalReply {
    LocalReply::new(503, "jwt_headers_unavailable").body("Tokens cannot be verified.\n")
}

/// Rounded up: a client that comes back earlier would be turned away again.
fn whole_seconds(wait: Duration) -> u64 {
    let partial = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(partial).max(1)
}

/// What the access log shows.
fn details(failure: Failure) -> &'static str {
    match failure {
        Failure::Missing => "jwt_headers_missing",
        Failure::Several => "jwt_headers_several",
        Failure::Malformed => "jwt_headers_malformed",
        Failure::Critical => "jwt_headers_critical",
        Failure::Algorithm => "jwt_headers_algorithm",
        Failure::Issuer => "jwt_headers_issuer",
        Failure::Audience => "jwt_headers_audience",
        Failure::Subject => "jwt_headers_subject",
        Failure::Lifetime => "jwt_headers_lifetime",
        Failure::Expired => "jwt_headers_expired",
        Failure::NotYetValid => "jwt_headers_not_yet_valid",
        Failure::Key => "jwt_headers_key",
        Failure::Signature => "jwt_headers_signature",
        Failure::Insufficient => "jwt_headers_insufficient",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_log_and_the_metrics_use_the_same_words() {
        for failure in Failure::ALL {
            assert_eq!(details(failure), format!("jwt_headers_{}", failure.name()));
        }
        assert!(Replies::new("Bearer realm=\"a\"").is_some());
        assert!(Replies::new("Bearer realm=\"a\r\nb\"").is_none());
    }

    #[test]
    fn a_wait_is_rounded_up() {
        for (wait, seconds) in [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(whole_seconds(Duration::from_millis(wait)), seconds);
        }
    }
}
