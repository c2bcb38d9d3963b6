//! What a policy decided: a boolean, or the object of opa-envoy-plugin.
//!
//! Strict: what is not exactly one of the two denies. A value that would change how a message is
//! framed or routed is not taken from a policy either.

mod parse;

use std::time::Duration;

use extension_common::headers::HeaderName;

/// A decision, checked: everything in it may be sent as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request may pass.
    pub allowed: bool,
    /// Headers for the upstream if it may, for the client if not.
    pub headers: Vec<(HeaderName, String)>,
    /// Headers for the client beside the upstream's, if the request may pass.
    pub response_headers: Vec<(HeaderName, String)>,
    /// Headers that the upstream does not get.
    pub headers_to_remove: Vec<HeaderName>,
    /// Parameters of the query that the upstream gets, in place of those of the same name.
    pub query_to_set: Vec<(String, String)>,
    /// Parameters that it does not get.
    pub query_to_remove: Vec<String>,
    /// The body of a denial.
    pub body: String,
    /// The status of a denial; 403 unless the policy says otherwise.
    pub status: Option<u16>,
    /// Values for the filter state: strings as they are, others as JSON.
    pub metadata: Vec<(String, String)>,
    /// For how long this decision is good, if the policy says so.
    pub cache_ttl: Option<Duration>,
    /// What the server's decision log calls it.
    pub id: Option<String>,
}

/// Why something is no decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct Malformed {
    field: String,
    expected: &'static str,
}

impl Malformed {
    fn new(field: impl Into<String>, expected: &'static str) -> Self {
        Self {
            field: field.into(),
            expected,
        }
    }
}

impl Decision {
    /// A bare yes or no.
    pub fn bare(allowed: bool) -> Self {
        Self {
            allowed,
            ..Self::default()
        }
    }

    /// How much memory it takes, roughly.
    pub(crate) fn size(&self) -> usize {
        let headers = self.headers.iter().chain(&self.response_headers);
        let headers = headers.map(|(name, value)| name.as_str().len().saturating_add(value.len()));
        let pairs = self.query_to_set.iter().chain(&self.metadata);
        let pairs = pairs.map(|(name, value)| name.len().saturating_add(value.len()));
        let names = self.query_to_remove.iter().map(String::len);
        let removed = self
            .headers_to_remove
            .iter()
            .map(|name| name.as_str().len());
        // 64 for what each of them takes besides.
        let parts = headers.chain(pairs).chain(names).chain(removed);
        parts
            .fold(self.body.len(), |sum, part| {
                sum.saturating_add(part).saturating_add(64)
            })
            .saturating_add(size_of::<Self>())
    }
}

#[cfg(test)]
mod tests;
