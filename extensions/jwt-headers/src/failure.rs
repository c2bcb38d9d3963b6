//! Why a request is not let through.

use extension_jwt::error::TokenError;

/// What is wrong with a request's token. Later ones came further: where a request could satisfy
/// one of several providers, the last in this order is what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// There is none.
    Missing,
    /// There is more than one, in one place or in several.
    Several,
    /// It is no JSON Web Token, or not in the one form that RFC 7515 and 7519 ask for.
    Malformed,
    /// Its header asks for an extension (`crit`, `b64`).
    Critical,
    /// Its `alg` is not allowed, or not known.
    Algorithm,
    /// Its `iss` is not the provider's.
    Issuer,
    /// Its `aud` names none of the audiences.
    Audience,
    /// Its `sub` is not one that the provider may vouch for.
    Subject,
    /// Its `exp` is missing, or its life is longer than allowed.
    Lifetime,
    /// Its `exp` has passed.
    Expired,
    /// Its `nbf` or `iat` is still to come.
    NotYetValid,
    /// No key has its `kid`, or no single key is for its `alg`.
    Key,
    /// The signature is not that of the key.
    Signature,
    /// It is right, but a claim that is required is not there.
    Insufficient,
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Malformed => Self::Malformed,
            TokenError::Critical => Self::Critical,
            TokenError::Algorithm => Self::Algorithm,
            TokenError::Issuer => Self::Issuer,
            TokenError::Audience => Self::Audience,
            TokenError::Subject => Self::Subject,
            TokenError::Lifetime => Self::Lifetime,
            TokenError::Expired => Self::Expired,
            TokenError::NotYetValid => Self::NotYetValid,
            TokenError::Key => Self::Key,
            TokenError::Signature => Self::Signature,
        }
    }
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Missing,
        Self::Several,
        Self::Malformed,
        Self::Critical,
        Self::Algorithm,
        Self::Issuer,
        Self::Audience,
        Self::Subject,
        Self::Lifetime,
        Self::Expired,
        Self::NotYetValid,
        Self::Key,
        Self::Signature,
        Self::Insufficient,
    ];

    /// One word, for metrics and the access log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Several => "several",
            Self::Malformed => "malformed",
            Self::Critical => "critical",
            Self::Algorithm => "algorithm",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Subject => "subject",
            Self::Lifetime => "lifetime",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Insufficient => "insufficient",
        }
    }

    /// What a client is told (RFC 6750, section 3.1): enough to mend an honest mistake.
    pub fn description(self) -> &'static str {
        match self {
            Self::Missing => "No token was sent.",
            Self::Several => "More than one token was sent.",
            Self::Expired => "The token has expired.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::Malformed | Self::Critical => "The token is malformed.",
            Self::Insufficient => "The token does not grant access.",
            Self::Algorithm
            | Self::Issuer
            | Self::Audience
            | Self::Subject
            | Self::Lifetime
            | Self::Key
            | Self::Signature => "The token is not accepted.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_in_order_and_have_names_of_their_own() {
        for (index, failure) in Failure::ALL.into_iter().enumerate() {
            assert_eq!(failure as usize, index);
            let same = Failure::ALL
                .iter()
                .filter(|other| other.name() == failure.name());
            assert_eq!(same.count(), 1);
        }
    }
}
