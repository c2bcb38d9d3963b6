//! A provider: who issues tokens, what makes one of them right, and what its claims are used for.

use std::collections::HashSet;

use extension_common::headers::HeaderName;
use jsonwebtoken::{Validation, errors::ErrorKind};
use serde::de::IgnoredAny;

use crate::{
    algorithm::Algorithm,
    claims::Expectations,
    failure::Failure,
    grant::Use,
    jwk::Key,
    jwks::KeySet,
    remote::{Lookup, Moment, Remote},
    signature::{self, HostCrypto},
    source::Source,
    token::Token,
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
    pub algorithms: AllowedAlgorithms,
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

/// The allowed algorithms, each with what `jsonwebtoken` is told to validate.
pub struct AllowedAlgorithms(Vec<(Algorithm, Validation)>);

impl AllowedAlgorithms {
    /// Allows `algorithms`, for tokens of which this is expected.
    ///
    /// The library checks the claims a second time, with code that is not ours. The time is not among
    /// what it checks: its clock is not the host's, and tokens from the cache do not pass it.
    pub fn new(algorithms: &[Algorithm], expectations: &Expectations) -> Self {
        let mut required = HashSet::from(["iss".to_owned()]);
        if expectations.require_expiration {
            required.insert("exp".to_owned());
        }
        if !expectations.audiences.is_empty() {
            required.insert("aud".to_owned());
        }
        let validation = |algorithm: Algorithm| {
            let mut validation = Validation::new(algorithm.to_library());
            validation.validate_exp = false;
            validation.validate_nbf = false;
            validation.required_spec_claims.clone_from(&required);
            validation.set_issuer(&expectations.issuers);
            validation.set_audience(&expectations.audiences);
            validation.validate_aud = !expectations.audiences.is_empty();
            validation
        };
        Self(
            algorithms
                .iter()
                .map(|&algorithm| (algorithm, validation(algorithm)))
                .collect(),
        )
    }

    /// Whether a token may be signed with `algorithm`.
    pub fn allow(&self, algorithm: Algorithm) -> bool {
        self.validation(algorithm).is_some()
    }

    fn validation(&self, algorithm: Algorithm) -> Option<&Validation> {
        self.0
            .iter()
            .find(|(allowed, _)| *allowed == algorithm)
            .map(|(_, validation)| validation)
    }
}

impl Verification {
    /// Verifies the signature of `token`, and lets the library validate what it knows of.
    ///
    /// # Errors
    /// The token is not what it says.
    pub fn verify(
        &self,
        token: &Token<'_>,
        key: &Key,
        host: Option<&HostCrypto>,
    ) -> Result<(), Failure> {
        let validation = self
            .algorithms
            .validation(token.algorithm())
            .ok_or(Failure::Algorithm)?;
        signature::with_host(host, || {
            jsonwebtoken::decode::<IgnoredAny>(token.text(), key.decoding(), validation)
        })
        .map(drop)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithm => Failure::Algorithm,
            ErrorKind::InvalidIssuer => Failure::Issuer,
            ErrorKind::InvalidAudience => Failure::Audience,
            ErrorKind::InvalidSignature => Failure::Signature,
            _ => Failure::Malformed,
        })
    }
}
