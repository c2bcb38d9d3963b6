//! One rule of the configuration.

use base64::Engine as _;
use extension_common::{
    config::{ConfigError, Remarks},
    rules::{Scope, Written},
};
use serde::Deserialize;

use crate::{
    authenticator::{Access, AllowedUsers},
    credentials::{BASE64, Credentials},
    plain::PlainCredentials,
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
    /// Where the rule applies.
    pub(super) fn written(&self) -> Written<'_> {
        Written {
            hosts: &self.hosts,
            methods_field: "request_methods",
            methods: self.request_methods.as_deref(),
            prefix: self.prefix.as_deref(),
            exact: self.exact.as_deref(),
            suffix: self.suffix.as_deref(),
        }
    }

    pub(super) fn validate(
        self,
        field: &str,
        users: &Users,
        remarks: &mut Remarks,
    ) -> Result<(Scope, Access), ConfigError> {
        let scope = self.written().validate(field, remarks)?;
        let access = Access {
            credentials: self.validate_credentials(field, remarks)?,
            allowed_users: self.validate_users(field, users)?,
        };
        Ok((scope, access))
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
