//! Expressions in Envoy's language for conditions (CEL), evaluated by the host.
//!
//! Other hosts than Envoy have none: [`Expression::create`] fails there.

use crate::{
    headers::HeaderView,
    hostcalls::{self, HostError},
};

/// An expression that the host has parsed.
///
/// It belongs to the root context that created it, and can be evaluated in callbacks of its streams:
/// never in `on_tick`, whatever the effective context is.
#[derive(Debug)]
pub struct Expression {
    token: Vec<u8>,
}

impl Expression {
    /// Lets the host parse `source`. To be done at configure time: it takes 70 to 350 µs, and some
    /// milliseconds for the first one of a VM.
    ///
    /// # Errors
    /// [`BAD_ARGUMENT`](HostError::BAD_ARGUMENT) where it is none;
    /// [`NOT_FOUND`](HostError::NOT_FOUND) where the host knows no expressions.
    pub fn create(source: &str) -> Result<Self, HostError> {
        let token = hostcalls::call_foreign_function("expr_create", source.as_bytes())?;
        Ok(Self { token })
    }

    /// Its value for the stream whose callback runs: text and bytes as they are, numbers and times
    /// in 8 bytes (little-endian), a bool in one.
    ///
    /// # Errors
    /// Something that it names does not exist, or its value has no bytes.
    pub fn evaluate(&self) -> Result<Vec<u8>, HostError> {
        hostcalls::call_foreign_function("expr_evaluate", &self.token)
    }

    /// The value of an expression whose value is a list: its elements are the names of the view.
    pub fn evaluate_list(&self) -> Option<HeaderView> {
        HeaderView::parse(self.evaluate().ok()?)
    }
}

impl Drop for Expression {
    /// The host keeps an expression until it is told not to.
    fn drop(&mut self) {
        let _ = hostcalls::call_foreign_function("expr_delete", &self.token);
    }
}
