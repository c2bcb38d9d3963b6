//! What can be wrong with a token.

/// Why a token is refused. Nothing of the token is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum TokenError {
    /// It is no JSON Web Token, or not in the one form that RFC 7515 and 7519 ask for.
    #[error("the token is malformed")]
    Malformed,
    /// Its header asks for an extension (`crit`, `b64`).
    #[error("the token's header asks for an extension")]
    Critical,
    /// Its `alg` is not allowed, or not known.
    #[error("the token's `alg` is not accepted")]
    Algorithm,
    /// Its `iss` is none of those expected.
    #[error("the token's `iss` is not accepted")]
    Issuer,
    /// Its `aud` names none of those expected.
    #[error("the token's `aud` is not accepted")]
    Audience,
    /// Its `sub` is none of those expected.
    #[error("the token's `sub` is not accepted")]
    Subject,
    /// Its `exp` is missing, or its life is longer than allowed.
    #[error("the token's lifetime is not accepted")]
    Lifetime,
    /// Its `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// Its `nbf` or `iat` is still to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// No key has its `kid`, or no single key is for its `alg`.
    #[error("no key is the token's")]
    Key,
    /// The signature is not that of the key.
    #[error("the token's signature is wrong")]
    Signature,
}
