//! Where a rule applies, as a configuration writes it.

use std::fmt;

use super::{PathKind, PathPattern, Scope};
use crate::{
    config::{ConfigError, Remarks},
    host::{self, HostPattern},
};

/// The fields of a rule that say where it applies.
///
/// Each extension has them in its own schema (serde cannot flatten a struct that denies unknown
/// fields); what they mean is the same everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Host patterns; none is every host.
    pub hosts: &'a [String],
    /// The name of the field of methods.
    pub methods_field: &'static str,
    /// Methods; `None` is every method.
    pub methods: Option<&'a [String]>,
    /// What the path begins with.
    pub prefix: Option<&'a str>,
    /// The whole path.
    pub exact: Option<&'a str>,
    /// What the path ends with.
    pub suffix: Option<&'a str>,
}

impl Written<'_> {
    /// Validates the fields of the rule at the JSON path `field`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self, field: &str, remarks: &mut Remarks) -> Result<Scope, ConfigError> {
        Ok(Scope {
            hosts: self.validate_hosts(field, remarks)?,
            methods: self.validate_methods(field)?,
            path: self.validate_path(field, remarks)?,
        })
    }

    fn validate_hosts(
        &self,
        field: &str,
        remarks: &mut Remarks,
    ) -> Result<Vec<HostPattern>, ConfigError> {
        if self.hosts.is_empty() {
            return Ok(vec![HostPattern::Any]);
        }
        let mut hosts = Vec::new();
        for (index, text) in self.hosts.iter().enumerate() {
            let field = format!("{field}.hosts[{index}]");
            let Some(pattern) = HostPattern::parse(text) else {
                return Err(ConfigError::invalid(field, text, host::PATTERN));
            };
            let is_odd = |c: char| !c.is_ascii_graphic() || matches!(c, '/' | '@' | '?' | '#');
            if text.contains(is_odd) {
                remarks.warn(format!(
                    "{field}: {text:?} protects nothing: expected {}",
                    host::PATTERN
                ));
            }
            hosts.push(pattern);
        }
        Ok(hosts)
    }

    fn validate_methods(&self, field: &str) -> Result<Option<Vec<String>>, ConfigError> {
        let Some(methods) = self.methods else {
            return Ok(None);
        };
        let name = self.methods_field;
        if methods.is_empty() {
            return Err(ConfigError::invalid(
                format!("{field}.{name}"),
                methods,
                "at least one method (leave the field out for every method)",
            ));
        }
        let parse = |(index, method): (usize, &String)| {
            let is_method =
                !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_graphic());
            is_method
                .then(|| method.to_ascii_uppercase())
                .ok_or_else(|| {
                    ConfigError::invalid(
                        format!("{field}.{name}[{index}]"),
                        method,
                        "a method such as \"GET\"",
                    )
                })
        };
        methods
            .iter()
            .enumerate()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn validate_path(
        &self,
        field: &str,
        remarks: &mut Remarks,
    ) -> Result<PathPattern, ConfigError> {
        let (kind, name, text) = match (self.prefix, self.exact, self.suffix) {
            (Some(text), None, None) => (PathKind::Prefix, "prefix", text),
            (None, Some(text), None) => (PathKind::Exact, "exact", text),
            (None, None, Some(text)) => (PathKind::Suffix, "suffix", text),
            _ => {
                return Err(ConfigError::expected(
                    field,
                    "exactly one of `prefix`, `exact` and `suffix`",
                ));
            }
        };
        // Older configurations could match the query; queries do not count any more, so that one
        // cannot be used to step around a rule.
        let path = text.split(['?', '#']).next().unwrap_or_default();
        if path.is_empty() {
            return Err(ConfigError::invalid(
                format!("{field}.{name}"),
                text,
                "a path that is not empty (prefix \"/\" covers every path)",
            ));
        }
        if path.len() < text.len() {
            remarks.warn(format!(
                "{field}.{name}: {text:?} is matched as {path:?}: queries do not count"
            ));
        }
        let pattern = PathPattern::new(kind, path);
        if pattern.can_never_match() {
            remarks.warn(format!(
                "{field}.{name}: {path:?} protects nothing: every path begins with a slash"
            ));
        }
        Ok(pattern)
    }
}

/// The path pattern and the hosts, by which an operator knows the rule.
impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in [
            ("prefix", self.prefix),
            ("exact", self.exact),
            ("suffix", self.suffix),
        ] {
            if let Some(text) = text {
                write!(f, "{name} {text:?}")?;
            }
        }
        if !self.hosts.is_empty() {
            write!(f, " on {}", self.hosts.join(", "))?;
        }
        Ok(())
    }
}
