//! The decision: who may pass, and as whom.

mod evaluation;

use std::{rc::Rc, time::Duration};

use extension_common::{
    headers::{HeaderName, HeaderView},
    host,
    path::{EscapedSeparators, Readings, UnsafePath},
    rules::Scopes,
};
use extension_jwt::signature::HostCrypto;

use crate::{
    cache::TokenCache,
    failure::Failure,
    grant::Grant,
    provider::{ClaimsOrigin, Keys, Provider},
    remote::{Moment, Remote},
    source::Removal,
};
use evaluation::{Evaluation, Verdict};

/// What a rule asks for. Providers are known by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Nothing.
    Nothing,
    /// A token of one of these.
    Any(Vec<usize>),
    /// A token of each of these.
    All(Vec<usize>),
    /// A token of one of these, or none at all.
    Optional(Vec<usize>),
}

/// The rules of a configuration.
pub enum Rules {
    /// There are none: everything requires this.
    Everything(Requirement),
    /// Each has a scope, and a requirement at the same index.
    Scoped(Scopes, Vec<Requirement>),
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is asked of it.
    Unprotected,
    /// A token is not necessary, and there is none.
    Anonymous,
    /// It has what it takes.
    Allowed(Passage),
    /// It is to be answered with 400, 401 or 403.
    Denied(Failure),
    /// It is to be answered with 400: which rules cover it cannot be told.
    Refused(UnsafePath),
    /// It has to wait for keys, so long at most.
    Wait(Duration),
    /// It is to be answered with 503: there are no keys.
    NoKeys {
        /// When to try again.
        retry_after: Duration,
    },
}

/// What a request that may pass takes along.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// What its tokens are good for.
    pub grants: Vec<Rc<Grant>>,
    /// What has to go, so that the tokens stay here.
    pub removals: Vec<Removal>,
    /// Whether all its tokens were known already.
    pub is_cached: bool,
}

/// What the decision asks of the host, if it needs to.
pub struct Surroundings<'a> {
    /// The time; without it there is no decision.
    pub now: Moment,
    /// The request's dynamic metadata, serialized.
    pub metadata: &'a dyn Fn() -> Option<Vec<u8>>,
}

/// All that a decision needs; built once per configuration.
pub struct Authenticator {
    /// The providers.
    pub providers: Vec<Provider>,
    /// The rules.
    pub rules: Rules,
    /// What encoded separators in a path mean.
    pub separators: EscapedSeparators,
    /// Whether a CORS preflight passes without a token, as browsers send it.
    pub bypass_cors_preflight: bool,
    /// Tokens that were verified.
    pub cache: TokenCache,
    /// Verifies signatures faster than we can, where there is one.
    pub host: Option<HostCrypto>,
}

/// The parts of a request that decide.
struct Parts<'a> {
    host: Option<&'a [u8]>,
    method: Option<&'a [u8]>,
    path: &'a [u8],
    headers: &'a HeaderView,
}

impl Authenticator {
    /// Decides on the request with these headers.
    pub fn decide(&mut self, headers: &HeaderView, surroundings: &Surroundings<'_>) -> Decision {
        let host = headers.get(":authority").map(host::normalize);
        let parts = Parts {
            host: host.as_deref(),
            method: headers.get(":method"),
            path: headers.get(":path").unwrap_or_default(),
            headers,
        };
        if self.bypass_cors_preflight && parts.is_cors_preflight() {
            return Decision::Unprotected;
        }
        match self.required(&parts) {
            Ok(required) if required.is_empty() => Decision::Unprotected,
            Ok(required) => self.evaluate(&required, &parts, surroundings),
            Err(unsafe_path) => Decision::Refused(unsafe_path),
        }
    }

    /// What is asked of the request, in all.
    fn required(&self, parts: &Parts<'_>) -> Result<Vec<Requirement>, UnsafePath> {
        let (scopes, requirements) = match &self.rules {
            Rules::Everything(requirement) => return Ok(vec![requirement.clone()]),
            Rules::Scoped(scopes, requirements) => (scopes, requirements),
        };
        // First: reading a path that is made to be hard takes milliseconds.
        if !scopes.protects_host(parts.host) {
            return Ok(Vec::new());
        }
        let readings = Readings::of(parts.path, self.separators)?;
        let required = scopes.required(parts.host, parts.method, &readings);
        Ok(required
            .iter()
            .filter_map(|&index| requirements.get(index).cloned())
            .filter(|requirement| *requirement != Requirement::Nothing)
            .collect())
    }

    /// Every requirement must be met.
    fn evaluate(
        &mut self,
        required: &[Requirement],
        parts: &Parts<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Decision {
        let mut evaluation = Evaluation::new(self, parts, surroundings);
        let mut later = None;
        for requirement in required {
            match evaluation.meet(requirement) {
                Verdict::Met => {}
                Verdict::Failed(failure) => return Decision::Denied(failure),
                // Another requirement may settle it at once.
                Verdict::Wait(timeout) => later = Some(Decision::Wait(timeout)),
                Verdict::NoKeys(retry_after) => {
                    later.get_or_insert(Decision::NoKeys { retry_after });
                }
            }
        }
        later.unwrap_or_else(|| evaluation.pass())
    }

    /// The headers that some provider can give a value: what clients send under these names is
    /// removed from every request.
    pub fn produced_headers(&self) -> Vec<HeaderName> {
        let mut names: Vec<HeaderName> = Vec::new();
        for name in self
            .providers
            .iter()
            .flat_map(|provider| provider.using.produced())
        {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The providers whose keys come from a server: their names and these keys.
    pub fn remotes(&mut self) -> impl Iterator<Item = (&str, &mut Remote)> {
        self.providers
            .iter_mut()
            .filter_map(|provider| match &mut provider.origin {
                ClaimsOrigin::Token(verification) => match &mut verification.keys {
                    Keys::Remote(remote) => Some((provider.name.as_str(), remote.as_mut())),
                    Keys::Fixed(_) => None,
                },
                ClaimsOrigin::Metadata { .. } => None,
            })
    }
}

impl Parts<'_> {
    /// The Fetch standard, "CORS-preflight fetch".
    fn is_cors_preflight(&self) -> bool {
        let has = |name| {
            self.headers
                .get(name)
                .is_some_and(|value| !value.is_empty())
        };
        self.method == Some(b"OPTIONS") && has("origin") && has("access-control-request-method")
    }
}
