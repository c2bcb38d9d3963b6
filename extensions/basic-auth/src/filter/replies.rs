//! The answers that the filter gives itself.

use extension_common::{headers::HeaderName, reply::LocalReply};

use crate::authenticator::Denial;

/// All of them, made at configure time.
pub(super) struct Replies {
    missing: LocalReply,
    malformed: LocalReply,
    invalid: LocalReply,
    not_allowed: LocalReply,
    refused: LocalReply,
    throttled: LocalReply,
    unavailable: LocalReply,
}

impl Replies {
    /// `None` where `challenge` is no valid header value.
    pub(super) fn new(challenge: &str, body: &str) -> Option<Self> {
        let name = HeaderName::new("www-authenticate")?;
        // One and the same answer, whatever the reason: only the access log knows.
        let denied = |details| {
            LocalReply::new(401, details)
                .body(body)
                .header(name.clone(), challenge)
        };
        Some(Self {
            missing: denied("basic_auth_missing")?,
            malformed: denied("basic_auth_malformed")?,
            invalid: denied("basic_auth_invalid")?,
            not_allowed: denied("basic_auth_not_allowed")?,
            refused: LocalReply::new(400, "basic_auth_unsafe_path")
                .body("The path is ambiguous.\n"),
            throttled: LocalReply::new(429, "basic_auth_budget_exhausted")
                .body("Too many password checks.\n"),
            unavailable: unavailable(),
        })
    }

    pub(super) fn denied(&self, denial: Denial) -> &LocalReply {
        match denial {
            Denial::Missing => &self.missing,
            Denial::Malformed => &self.malformed,
            Denial::Invalid => &self.invalid,
            Denial::NotAllowed => &self.not_allowed,
        }
    }

    pub(super) fn refused(&self) -> &LocalReply {
        &self.refused
    }

    pub(super) fn throttled(&self, retry_after_seconds: u64) -> LocalReply {
        let plain = self.throttled.clone();
        match HeaderName::new("retry-after") {
            Some(name) => plain
                .header(name, retry_after_seconds.to_string())
                .unwrap_or_else(|| self.throttled.clone()),
            None => plain,
        }
    }

    pub(super) fn unavailable(&self) -> &LocalReply {
        &self.unavailable
    }
}

/// Where nothing can be decided, nobody passes.
pub(super) fn unavailable() -> LocalReply {
    LocalReply::new(503, "basic_auth_unavailable").body("Authentication is not available.\n")
}

/// For the log.
pub(super) fn reason(denial: Denial) -> &'static str {
    match denial {
        Denial::Missing => "no Authorization header",
        Denial::Malformed => "the Authorization header holds no single Basic credential",
        Denial::Invalid => "unknown user or wrong password",
        Denial::NotAllowed => "the rule does not admit the user",
    }
}
