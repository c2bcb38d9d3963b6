//! Policies that are evaluated here, by the Rego interpreter regorus.
//!
//! Only with the feature `embedded`; without it there is no [`Evaluator`], and no configuration that
//! would need one is accepted.

#[cfg(feature = "embedded")]
mod builtins;
#[cfg(feature = "embedded")]
mod calls;
#[cfg(feature = "embedded")]
mod glob;
#[cfg(feature = "embedded")]
mod memory;
#[cfg(not(feature = "embedded"))]
mod none;
#[cfg(feature = "embedded")]
mod pattern;
#[cfg(feature = "embedded")]
mod ranges;
#[cfg(feature = "embedded")]
mod rego;
#[cfg(feature = "embedded")]
mod regular;
#[cfg(feature = "embedded")]
mod tokens;

#[cfg(not(feature = "embedded"))]
pub use none::Evaluator;
#[cfg(feature = "embedded")]
pub use rego::Evaluator;

use crate::answer::{Failure, Outcome};

/// Verifies a signature by the host's own means: the name of a hash, a DER `SubjectPublicKeyInfo`, the
/// signature and the text. `None`: the host did not say.
pub type HostCall = fn(&str, &[u8], &[u8], &[u8]) -> Option<bool>;

/// What became of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluation {
    /// The policy's rule has a value, or none.
    Outcome(Outcome),
    /// It took more time or memory than it may.
    LimitExceeded,
    /// It went wrong.
    Failed(Failure),
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
