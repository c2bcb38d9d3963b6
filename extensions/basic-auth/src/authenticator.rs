//! The decision: who may pass.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use crate::{
    budget::Budget,
    cache::SuccessCache,
    credentials::{Authorization, Credentials},
    plain::PlainCredentials,
    users::Users,
};
use extension_common::{
    path::{EscapedSeparators, Readings, UnsafePath},
    rules::Scopes,
};

/// Which users of the table a rule admits.
#[derive(Debug, PartialEq, Eq)]
pub enum AllowedUsers {
    /// None: the rule has `credentials` alone.
    Nobody,
    /// All of them.
    Anyone,
    /// These.
    Only(HashSet<Vec<u8>>),
}

/// Whom a rule admits.
pub struct Access {
    /// These pairs.
    pub credentials: PlainCredentials,
    /// These users of the table.
    pub allowed_users: AllowedUsers,
}

/// What a request is about.
pub struct Target<'a> {
    /// [Normalized](extension_common::host::normalize).
    pub host: Option<&'a [u8]>,
    /// As it was sent; a request without one could be of any.
    pub method: Option<&'a [u8]>,
    /// The `:path`, as it was sent.
    pub path: &'a [u8],
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// No rule covers it.
    Unprotected,
    /// It comes from this user, who may.
    Allowed(Vec<u8>),
    /// It is to be answered with 401.
    Denied(Denial),
    /// It is to be answered with 400: whether a rule covers it cannot be told.
    Refused(UnsafePath),
    /// It is to be answered with 429: checking it now would cost the others too much.
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// It is to be answered with 503: there is no clock to go by.
    Unavailable,
}

/// Why a request is denied. The client is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// There is no `Authorization` header.
    Missing,
    /// There is no single Basic credential in it.
    Malformed,
    /// The user is unknown or the password is wrong.
    Invalid,
    /// The user and the password are right, and the rule does not admit the user.
    NotAllowed,
}

/// All that a decision needs; built once per configuration.
pub struct Authenticator {
    pub(crate) scopes: Scopes,
    pub(crate) access: Vec<Access>,
    pub(crate) users: Users,
    pub(crate) separators: EscapedSeparators,
    pub(crate) cache: SuccessCache,
    pub(crate) budget: Budget,
}

/// What the user table says of a pair.
#[derive(Clone, Copy)]
enum Verdict {
    Right,
    Wrong,
    TooBusy(Duration),
    Unknown,
}

impl Authenticator {
    /// Decides. `authorization` is parsed only for a request that a rule covers, and `now` is asked
    /// only where an expensive hash is.
    pub fn decide(
        &mut self,
        target: &Target<'_>,
        authorization: impl FnOnce() -> Authorization,
        now: impl Fn() -> Option<SystemTime>,
    ) -> Decision {
        // First: reading a path that is made to be hard takes milliseconds.
        if !self.scopes.protects_host(target.host) {
            return Decision::Unprotected;
        }
        let required = match Readings::of(target.path, self.separators) {
            Ok(readings) => self.scopes.required(target.host, target.method, &readings),
            Err(unsafe_path) => return Decision::Refused(unsafe_path),
        };
        if required.is_empty() {
            return Decision::Unprotected;
        }
        match authorization() {
            Authorization::Missing => Decision::Denied(Denial::Missing),
            Authorization::Malformed => Decision::Denied(Denial::Malformed),
            Authorization::Basic(credentials) => match self.check(&required, &credentials, now) {
                None => Decision::Allowed(credentials.into_user()),
                Some(refusal) => refusal,
            },
        }
    }

    /// Holds `credentials` against every required rule: what stands in the way, if anything.
    fn check(
        &mut self,
        required: &[usize],
        credentials: &Credentials,
        now: impl Fn() -> Option<SystemTime>,
    ) -> Option<Decision> {
        // Computed for the first rule that needs it.
        let mut verdict = None;
        for &index in required {
            let Some(access) = self.access.get(index) else {
                return Some(Decision::Unavailable);
            };
            if access.credentials.accept(credentials) {
                continue;
            }
            let admits = match &access.allowed_users {
                AllowedUsers::Nobody => return Some(Decision::Denied(Denial::Invalid)),
                AllowedUsers::Anyone => true,
                AllowedUsers::Only(users) => users.contains(credentials.user()),
            };
            let verdict = *verdict.get_or_insert_with(|| {
                check_user(
                    &self.users,
                    &mut self.cache,
                    &mut self.budget,
                    credentials,
                    &now,
                )
            });
            match verdict {
                Verdict::Right if admits => {}
                Verdict::Right => return Some(Decision::Denied(Denial::NotAllowed)),
                Verdict::Wrong => return Some(Decision::Denied(Denial::Invalid)),
                Verdict::TooBusy(retry_after) => {
                    return Some(Decision::Throttled { retry_after });
                }
                Verdict::Unknown => return Some(Decision::Unavailable),
            }
        }
        None
    }
}

/// Checks a pair against the user table: an expensive hash from the cache or within the budget.
fn check_user(
    users: &Users,
    cache: &mut SuccessCache,
    budget: &mut Budget,
    credentials: &Credentials,
    now: impl Fn() -> Option<SystemTime>,
) -> Verdict {
    let (user, password) = (credentials.user(), credentials.password());
    let Some((hash, is_theirs)) = users.hash_for(user) else {
        return Verdict::Wrong;
    };
    let verdict = |right: bool| {
        if right && is_theirs {
            Verdict::Right
        } else {
            Verdict::Wrong
        }
    };
    if !hash.is_expensive() {
        return verdict(hash.verify(password));
    }
    if hash.is_too_long(password) {
        return Verdict::Wrong;
    }
    let Some(now) = now() else {
        return Verdict::Unknown;
    };
    if cache.contains(user, password, now) {
        return Verdict::Right;
    }
    if let Err(wait) = budget.take(now) {
        return Verdict::TooBusy(wait);
    }
    let verdict = verdict(hash.verify(password));
    if matches!(verdict, Verdict::Right) {
        cache.insert(user, password, now);
    }
    verdict
}
