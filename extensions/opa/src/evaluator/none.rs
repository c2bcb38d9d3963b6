//! What stands here for [`Evaluator`] without the feature `embedded`: nothing.

use std::convert::Infallible;

use extension_common::config::ConfigError;

use super::{Evaluation, HostCall};
use crate::{config::Policy, input::Document};

/// There is none.
pub struct Evaluator(Infallible);

impl Evaluator {
    /// # Errors
    /// Always.
    pub fn new(_policy: &Policy, _host: Option<HostCall>) -> Result<Self, ConfigError> {
        Err(ConfigError::expected("policy", "a module with an engine"))
    }

    /// # Errors
    /// Never runs.
    pub fn replace(
        &mut self,
        _text: Option<&str>,
        _data: Option<&serde_json::Value>,
    ) -> Result<(), ConfigError> {
        match self.0 {}
    }

    /// Never runs.
    pub fn evaluate(&mut self, _document: &str) -> Evaluation {
        match self.0 {}
    }

    /// Never runs.
    pub fn evaluate_document(&mut self, _document: &Document<'_>) -> Evaluation {
        match self.0 {}
    }
}
