//! JSON Web Tokens (RFC 7519), as several extensions need them: everything that takes a verdict on a
//! token, and nothing of requests, configurations or hosts.
//!
//! * [`token`]: a token, read strictly; [`error`]: what can be wrong with it.
//! * [`jwks`], [`jwk`], [`pem`], [`algorithm`]: keys, and which of them a token means.
//! * [`signature`]: verification, by the host where it has proven that it can, else in Rust.
//! * [`claims`]: what may be asked of the registered claims.
//!
//! A token is to be believed when all of them have agreed:
//!
//! ```
//! # use extension_jwt::{algorithm::Algorithm, claims::*, error::TokenError, jwks::*, signature, token::Token};
//! fn believe(
//!     text: &[u8],
//!     keys: &KeySet,
//!     allowed: &[Algorithm],
//!     expected: &Expectations,
//!     now: NumericDate,
//! ) -> Result<String, TokenError> {
//!     let token = Token::parse(text)?;
//!     if !allowed.contains(&token.algorithm()) {
//!         return Err(TokenError::Algorithm);
//!     }
//!     let claims = token.claims()?;
//!     expected.check(&claims, now)?;
//!     let key = keys
//!         .select(token.algorithm(), token.key_id())
//!         .map_err(|_| TokenError::Key)?;
//!     if !signature::is_right(&token, key, None) {
//!         return Err(TokenError::Signature);
//!     }
//!     let subject = claims.text("sub").map_err(|_| TokenError::Malformed)?;
//!     Ok(subject.unwrap_or_default().to_owned())
//! }
//! ```

pub mod algorithm;
pub mod claims;
pub mod error;
pub mod jwk;
pub mod jwks;
pub mod pem;
pub mod signature;
pub mod token;

// Links the mock host, which the unit tests run on.
#[cfg(test)]
use sdk_tests as _;
