//! A provider: who issues tokens, what makes one of them right, and what its claims are used for.

use extension_common::headers::HeaderName;
use extension_jwt::{algorithm::Algorithm, claims::Expectations, jwks::KeySet};

use crate::{
    grant::Use,
    remote::{Lookup, Moment, Remote},
    source::Source,
};

/// A provider of the configuration.
pub struct Provider {
    /// Its name there.
    pub name: String,
    /// Where its claims come from.
    pub origin: ClaimsOrigin,
    /// What they are used for.
    pub using: Use,
}

impl Provider {
    /// The headers that clients send its tokens in.
    pub fn token_headers(&self) -> impl Iterator<Item = &HeaderName> {
        let sources = match &self.origin {
            ClaimsOrigin::Token(verification) => verification.sources.as_slice(),
            ClaimsOrigin::Metadata { .. } => &[],
        };
        sources.iter().filter_map(|source| match source {
            Source::Header { name, .. } => Some(name),
            Source::Query(_) | Source::Cookie(_) => None,
        })
    }
}

/// Where claims come from.
pub enum ClaimsOrigin {
    /// From a token, which is verified here.
    Token(Box<Verification>),
    /// From the request's dynamic metadata, where a filter before this one left what it verified.
    Metadata {
        /// The filter's namespace.
        namespace: String,
        /// The key of the payload.
        key: String,
    },
}

/// How tokens are found and verified.
pub struct Verification {
    /// Where a token may be.
    pub sources: Vec<Source>,
    /// Whether the upstream gets the token.
    pub forward: bool,
    /// What the registered claims must be.
    pub expectations: Expectations,
    /// Which algorithms are allowed.
    pub algorithms: Vec<Algorithm>,
    /// The keys.
    pub keys: Keys,
}

/// Keys of the configuration, or of a server.
pub enum Keys {
    /// They never change.
    Fixed(KeySet),
    /// They do.
    Remote(Box<Remote>),
}

impl Keys {
    /// The keys, or what is to be done without.
    pub fn lookup(&self, now: Moment) -> Lookup<'_> {
        match self {
            Self::Fixed(keys) => Lookup::Ready(keys, 0),
            Self::Remote(remote) => remote.lookup(now),
        }
    }

    /// See [`Remote::demand`]; keys that never change are not worth waiting for.
    pub fn demand(&mut self, now: Moment) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Remote(remote) => remote.demand(now),
        }
    }
}
