//! One request, held against what is asked of it.

use std::{rc::Rc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use extension_jwt::{
    claims::NumericDate,
    jwks::NoKey,
    signature::{self, HostCrypto},
    token::Token,
};

use super::{Authenticator, Decision, Parts, Passage, Requirement, Surroundings};
use crate::{
    cache::{CacheKey, TokenCache, Verified},
    failure::Failure,
    grant::{Grant, Use},
    metadata,
    provider::{ClaimsOrigin, Keys, Verification},
    remote::Lookup,
    source::{self, Found, Source},
};

/// How a requirement stands.
pub(super) enum Verdict {
    Met,
    Failed(Failure),
    Wait(Duration),
    NoKeys(Duration),
}

/// What a provider makes of the request.
#[derive(Clone)]
enum Outcome {
    Granted {
        grant: Rc<Grant>,
        is_cached: bool,
        /// Where the token was, if there is one.
        source: Option<usize>,
    },
    Failed(Failure),
    Wait(Duration),
    NoKeys(Duration),
}

pub(super) struct Evaluation<'a> {
    authenticator: &'a mut Authenticator,
    parts: &'a Parts<'a>,
    surroundings: &'a Surroundings<'a>,
    /// Asked once, whatever asks for it.
    outcomes: Vec<(usize, Outcome)>,
    /// The providers that have granted something, in this order.
    granted: Vec<usize>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        authenticator: &'a mut Authenticator,
        parts: &'a Parts<'a>,
        surroundings: &'a Surroundings<'a>,
    ) -> Self {
        Self {
            authenticator,
            parts,
            surroundings,
            outcomes: Vec::new(),
            granted: Vec::new(),
        }
    }

    pub(super) fn meet(&mut self, requirement: &Requirement) -> Verdict {
        match requirement {
            Requirement::Nothing => Verdict::Met,
            Requirement::Any(providers) => self.any(providers),
            Requirement::Optional(providers) => match self.any(providers) {
                Verdict::Failed(Failure::Missing) => Verdict::Met,
                verdict => verdict,
            },
            Requirement::All(providers) => self.all(providers),
        }
    }

    /// One of them must grant something; of several failures the one that came furthest counts.
    fn any(&mut self, providers: &[usize]) -> Verdict {
        let all = &self.authenticator.providers;
        let sources = providers
            .iter()
            .filter_map(|&index| match &all.get(index)?.origin {
                ClaimsOrigin::Token(verification) => Some(&verification.sources),
                ClaimsOrigin::Metadata { .. } => None,
            })
            .flatten();
        // A second token, for another of them, would reach the upstream unseen.
        if providers.len() > 1
            && source::find(sources, self.parts.headers, self.parts.path) == Found::Several
        {
            return Verdict::Failed(Failure::Several);
        }
        let mut failure = Failure::Missing;
        let mut later = None;
        for &index in providers {
            match self.outcome(index) {
                Outcome::Granted { .. } => {
                    self.grant(index);
                    return Verdict::Met;
                }
                Outcome::Failed(other) => failure = failure.max(other),
                Outcome::Wait(timeout) => later = Some(Verdict::Wait(timeout)),
                Outcome::NoKeys(retry_after) => {
                    later.get_or_insert(Verdict::NoKeys(retry_after));
                }
            }
        }
        later.unwrap_or(Verdict::Failed(failure))
    }

    fn all(&mut self, providers: &[usize]) -> Verdict {
        let mut later = None;
        for &index in providers {
            match self.outcome(index) {
                Outcome::Granted { .. } => self.grant(index),
                Outcome::Failed(failure) => return Verdict::Failed(failure),
                Outcome::Wait(timeout) => later = Some(Verdict::Wait(timeout)),
                Outcome::NoKeys(retry_after) => {
                    later.get_or_insert(Verdict::NoKeys(retry_after));
                }
            }
        }
        later.unwrap_or(Verdict::Met)
    }

    fn grant(&mut self, index: usize) {
        if !self.granted.contains(&index) {
            self.granted.push(index);
        }
    }

    fn outcome(&mut self, index: usize) -> Outcome {
        if let Some((_, outcome)) = self.outcomes.iter().find(|(known, _)| *known == index) {
            return outcome.clone();
        }
        let outcome = self.ask(index);
        self.outcomes.push((index, outcome.clone()));
        outcome
    }

    fn ask(&mut self, index: usize) -> Outcome {
        let Authenticator {
            providers,
            cache,
            host,
            ..
        } = &mut *self.authenticator;
        let Some(provider) = providers.get_mut(index) else {
            return Outcome::Failed(Failure::Missing);
        };
        match &mut provider.origin {
            ClaimsOrigin::Metadata { namespace, key } => {
                let metadata = (self.surroundings.metadata)().unwrap_or_default();
                let Some(claims) = metadata::find(&metadata, namespace, key) else {
                    return Outcome::Failed(Failure::Missing);
                };
                let payload = BASE64_URL_SAFE_NO_PAD.encode(claims.to_json());
                provider
                    .using
                    .grant(&claims, &payload)
                    .map_or_else(Outcome::Failed, |grant| Outcome::Granted {
                        grant: Rc::new(grant),
                        is_cached: false,
                        source: None,
                    })
            }
            ClaimsOrigin::Token(verification) => {
                let sources = &verification.sources;
                match source::find(sources, self.parts.headers, self.parts.path) {
                    Found::Nothing => Outcome::Failed(Failure::Missing),
                    Found::Malformed => Outcome::Failed(Failure::Malformed),
                    Found::Several => Outcome::Failed(Failure::Several),
                    Found::One { token, source } => Check {
                        index,
                        source,
                        using: &provider.using,
                        cache,
                        host: host.as_ref(),
                        now: self.surroundings.now,
                    }
                    .token(&token, verification),
                }
            }
        }
    }

    /// What the request takes along, now that it may pass.
    pub(super) fn pass(self) -> Decision {
        if self.granted.is_empty() {
            return Decision::Anonymous;
        }
        let mut passage = Passage {
            is_cached: true,
            ..Passage::default()
        };
        let mut consumed: Vec<&Source> = Vec::new();
        let Authenticator { providers, .. } = self.authenticator;
        for index in self.granted {
            let outcome = self.outcomes.iter().find(|(known, _)| *known == index);
            let Some((_, outcome)) = outcome else {
                continue;
            };
            let Outcome::Granted {
                grant,
                is_cached,
                source,
            } = outcome
            else {
                continue;
            };
            passage.grants.push(Rc::clone(grant));
            passage.is_cached &= is_cached;
            if let Some(provider) = providers.get(index)
                && let ClaimsOrigin::Token(verification) = &provider.origin
                && let Some(source) = source.and_then(|index| verification.sources.get(index))
                && !verification.forward
                && !consumed.contains(&source)
            {
                consumed.push(source);
            }
        }
        passage.removals = source::removals(
            consumed.iter().copied(),
            self.parts.headers,
            self.parts.path,
        );
        Decision::Allowed(passage)
    }
}

/// A provider's check of a token.
struct Check<'a> {
    index: usize,
    source: usize,
    using: &'a Use,
    cache: &'a mut TokenCache,
    host: Option<&'a HostCrypto>,
    now: Duration,
}

impl Check<'_> {
    fn token(self, text: &[u8], verification: &mut Verification) -> Outcome {
        let now = NumericDate::since_epoch(self.now);
        let skew = verification.expectations.clock_skew;
        let key = self.cache.key(text, self.index);
        if let Lookup::Ready(_, generation) = verification.keys.lookup(self.now)
            && let Some(known) = self.cache.get(&key, generation)
        {
            if let Err(error) = known.validity.check(now, skew) {
                self.cache.remove(&key);
                return Outcome::Failed(error.into());
            }
            let grant = Rc::clone(&known.grant);
            // Another may have taken its place.
            self.cache.expect(text, &key);
            return Outcome::Granted {
                grant,
                is_cached: true,
                source: Some(self.source),
            };
        }
        self.unknown(text, key, verification)
            .unwrap_or_else(Outcome::Failed)
    }

    /// What costs little comes first: only a token that could be right has keys fetched for it.
    fn unknown(
        self,
        text: &[u8],
        cache_key: CacheKey,
        verification: &mut Verification,
    ) -> Result<Outcome, Failure> {
        if source::is_joined(text) {
            return Err(Failure::Several);
        }
        let token = Token::parse(text)?;
        if !verification.algorithms.contains(&token.algorithm()) {
            return Err(Failure::Algorithm);
        }
        let claims = token.claims()?;
        let now = NumericDate::since_epoch(self.now);
        let validity = verification.expectations.check(&claims, now)?;

        let (keys, generation) = match verification.keys.lookup(self.now) {
            Lookup::Ready(keys, generation) => (keys, generation),
            Lookup::Wait => return Ok(Outcome::Wait(timeout(&verification.keys))),
            Lookup::BackOff(retry_after) => return Ok(Outcome::NoKeys(retry_after)),
        };
        let key = match keys.select(token.algorithm(), token.key_id()) {
            Ok(key) => key,
            Err(NoKey::Unfit) => return Err(Failure::Key),
            Err(NoKey::Unknown) => {
                return if verification.keys.demand(self.now) {
                    Ok(Outcome::Wait(timeout(&verification.keys)))
                } else {
                    Err(Failure::Key)
                };
            }
        };
        if !signature::is_right(&token, key, self.host) {
            return Err(Failure::Signature);
        }

        let grant = Rc::new(self.using.grant(&claims, token.payload())?);
        self.cache.put(
            cache_key,
            Verified {
                generation,
                validity,
                grant: Rc::clone(&grant),
            },
        );
        self.cache.expect(text, &cache_key);
        Ok(Outcome::Granted {
            grant,
            is_cached: false,
            source: Some(self.source),
        })
    }
}

/// How long a request waits for keys.
fn timeout(keys: &Keys) -> Duration {
    match keys {
        Keys::Fixed(_) => Duration::ZERO,
        Keys::Remote(remote) => remote.settings().timeout,
    }
}
