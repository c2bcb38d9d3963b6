//! One rule of the configuration.

use std::fmt;

use base64::Engine as _;
use extension_common::{
    config::ConfigError,
    host::{self, HostPattern},
};
use serde::Deserialize;

use super::Remarks;
use crate::{
    authenticator::{Access, AllowedUsers},
    credentials::{BASE64, Credentials},
    plain::PlainCredentials,
    rules::{PathKind, PathPattern, Scope},
    users::Users,
};

/// A rule: hosts, methods and one path pattern, and who may pass.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleJson {
    /// `example.com`, `*.example.com` (ends with), `example.*` (begins with) or `*`; case and port
    /// do not count. Left out or empty: every host.
    #[serde(default)]
    hosts: Vec<String>,

    /// Paths that begin with this text. One of `prefix`, `exact` and `suffix` is required.
    prefix: Option<String>,

    /// This path; a slash at its end does not count.
    exact: Option<String>,

    /// Paths that end with this text.
    suffix: Option<String>,

    /// `GET` covers HEAD too. Left out: every method.
    request_methods: Option<Vec<String>>,

    /// `user:password`, or base64 of it.
    credentials: Option<Vec<String>>,

    /// These users of `users` and `users_env`. With neither this nor `credentials`: all of them.
    allowed_users: Option<Vec<String>>,
}

impl RuleJson {
    pub(super) fn validate(
        self,
        field: &str,
        users: &Users,
        remarks: &mut Remarks,
    ) -> Result<(Scope, Access), ConfigError> {
        let scope = Scope {
            hosts: self.validate_hosts(field, remarks)?,
            methods: self.validate_methods(field)?,
            path: self.validate_path(field, remarks)?,
        };
        let access = Access {
            credentials: self.validate_credentials(field, remarks)?,
            allowed_users: self.validate_users(field, users)?,
        };
        Ok((scope, access))
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
        let Some(methods) = &self.request_methods else {
            return Ok(None);
        };
        if methods.is_empty() {
            return Err(ConfigError::invalid(
                format!("{field}.request_methods"),
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
                        format!("{field}.request_methods[{index}]"),
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
        let (kind, name, text) = match (&self.prefix, &self.exact, &self.suffix) {
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

    fn validate_credentials(
        &self,
        field: &str,
        remarks: &mut Remarks,
    ) -> Result<PlainCredentials, ConfigError> {
        let mut plain = PlainCredentials::default();
        for (index, text) in self.credentials.iter().flatten().enumerate() {
            let field = || format!("{field}.credentials[{index}]");
            let decoded = if text.contains(':') {
                text.clone().into_bytes()
            } else {
                let mut decoded = BASE64.decode(text).map_err(|_| {
                    ConfigError::expected(field(), "`user:password`, or base64 of it")
                })?;
                // `echo user:password | base64` has encoded the end of the line, too.
                if decoded.ends_with(b"\n") {
                    decoded.pop();
                    remarks.warn(format!(
                        "{}: the line break at its end does not count",
                        field()
                    ));
                }
                decoded
            };
            let credentials = Credentials::split(decoded).ok_or_else(|| {
                ConfigError::expected(
                    field(),
                    "`user:password` without control characters, or base64 of it",
                )
            })?;
            plain.add(&credentials);
        }
        Ok(plain)
    }

    fn validate_users(&self, field: &str, users: &Users) -> Result<AllowedUsers, ConfigError> {
        let empty = |list: &Option<Vec<String>>| list.as_ref().is_some_and(Vec::is_empty);
        if empty(&self.credentials) && self.allowed_users.is_none() {
            return Err(ConfigError::expected(
                format!("{field}.credentials"),
                "at least one credential (leave the field out to admit all users)",
            ));
        }
        if empty(&self.allowed_users) {
            return Err(ConfigError::expected(
                format!("{field}.allowed_users"),
                "at least one user (leave the field out to admit all users)",
            ));
        }
        let Some(allowed) = &self.allowed_users else {
            if self.credentials.is_some() {
                return Ok(AllowedUsers::Nobody);
            }
            if users.is_empty() {
                return Err(ConfigError::expected(
                    field,
                    "`credentials`, or users in `users` or `users_env`",
                ));
            }
            return Ok(AllowedUsers::Anyone);
        };
        for (index, user) in allowed.iter().enumerate() {
            if user.contains(':') {
                // Perhaps a credential in the wrong place.
                return Err(ConfigError::expected(
                    format!("{field}.allowed_users[{index}]"),
                    "a user name, which has no colon",
                ));
            }
            if !users.contains(user.as_bytes()) {
                return Err(ConfigError::invalid(
                    format!("{field}.allowed_users[{index}]"),
                    user,
                    "a user of `users` or `users_env`",
                ));
            }
        }
        Ok(AllowedUsers::Only(
            allowed
                .iter()
                .map(|user| user.clone().into_bytes())
                .collect(),
        ))
    }
}

/// The path pattern, by which an operator knows the rule.
impl fmt::Display for RuleJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in [
            ("prefix", &self.prefix),
            ("exact", &self.exact),
            ("suffix", &self.suffix),
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
