//! The configuration: JSON in, a validated [`Config`] out.

mod rule;

use std::time::Duration;

use extension_common::{
    config::{ConfigError, ProtoDuration, Remarks},
    headers::HeaderName,
    path::EscapedSeparators,
    rules::Scopes,
};
use serde::Deserialize;

use crate::{
    authenticator::{Access, AllowedUsers, Authenticator},
    budget::Budget,
    cache::SuccessCache,
    users::Users,
};

pub use rule::RuleJson;

/// The JSON configuration.
///
/// `basic_auth_rules` with `hosts`, `prefix` / `exact` / `suffix`, `request_methods` and
/// `credentials`, and `realm`, are those of the older C++ filter.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfigJson {
    /// What is protected, and who may pass: at least one rule. A request that no rule covers passes
    /// unchecked.
    #[serde(default)]
    basic_auth_rules: Vec<RuleJson>,

    /// The realm that a client is shown (RFC 7617, section 2). Default: `istio`.
    #[serde(default = "default_realm")]
    realm: String,

    /// Users as htpasswd lines, `user:hash`: one text, or a list of lines.
    #[serde(default)]
    users: Lines,

    /// The name of an environment variable of the VM that holds more htpasswd lines.
    users_env: Option<String>,

    /// A request header that tells the upstream who the user is. What clients send under this name
    /// is removed from every request.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    username_header: Option<HeaderName>,

    /// Whether the upstream gets the `Authorization` header. Default: true.
    #[serde(default = "default_true")]
    forward_authorization: bool,

    /// The body of a 401 answer, as `text/plain`.
    #[serde(default = "default_body")]
    body: String,

    /// What to do with an encoded slash or backslash in the path of a protected host. Default:
    /// `reject`.
    #[serde(default)]
    escaped_separators: EscapedSeparatorsJson,

    /// How right passwords with an expensive hash are remembered.
    #[serde(default)]
    password_cache: PasswordCacheJson,

    /// How many expensive hashes a worker computes; over it, the answer is 429.
    #[serde(default)]
    expensive_checks: ExpensiveChecksJson,
}

/// One text, or a list of lines.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected htpasswd lines: one text, or a list")]
enum Lines {
    #[default]
    #[serde(skip)]
    None,
    /// Lines, with line breaks between them.
    Text(String),
    /// One line each.
    List(Vec<String>),
}

/// See `ConfigJson::escaped_separators`.
#[derive(Clone, Copy, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum EscapedSeparatorsJson {
    /// Answer 400.
    #[default]
    Reject,
    /// Match the path both as it is and decoded.
    Match,
}

/// See `ConfigJson::password_cache`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct PasswordCacheJson {
    /// At most this many per worker, up to 100000; 0 turns the cache off. Default: 1000.
    max_entries: usize,
    /// For how long, up to a day. Default: `300s`.
    #[cfg_attr(test, schemars(with = "String"))]
    ttl: ProtoDuration,
}

impl Default for PasswordCacheJson {
    fn default() -> Self {
        Self {
            max_entries: 1000,
            ttl: ProtoDuration(Duration::from_secs(300)),
        }
    }
}

/// See `ConfigJson::expensive_checks`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct ExpensiveChecksJson {
    /// A steady rate, above 0 and up to 1000. Default: 5.
    per_second: f64,
    /// So many at once, from 1 to 1000. Default: 10.
    burst: f64,
}

impl Default for ExpensiveChecksJson {
    fn default() -> Self {
        Self {
            per_second: 5.0,
            burst: 10.0,
        }
    }
}

fn default_realm() -> String {
    "istio".into()
}

fn default_true() -> bool {
    true
}

fn default_body() -> String {
    "Authentication required.\n".into()
}

const MAX_CACHE_ENTRIES: usize = 100_000;
const MAX_CACHE_TTL: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_CHECKS: f64 = 1000.0;

/// A validated configuration.
pub struct Config {
    /// Decides on requests.
    pub authenticator: Authenticator,
    /// The value of `WWW-Authenticate`.
    pub challenge: String,
    /// The body of a 401 answer.
    pub body: String,
    /// The header that names the user to the upstream.
    pub username_header: Option<HeaderName>,
    /// Whether the upstream gets the `Authorization` header.
    pub forward_authorization: bool,
    /// What an operator should know, for the log.
    pub remarks: Remarks,
    /// How many rules are active.
    pub rule_count: usize,
    /// How many users the table holds.
    pub user_count: usize,
}

impl ConfigJson {
    /// Validates. `env` reads an environment variable of the VM, and `cache_key` is random.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(
        self,
        env: impl FnOnce(&str) -> Option<String>,
        cache_key: [u8; 32],
    ) -> Result<Config, ConfigError> {
        let challenge = challenge(&self.realm)?;
        let users = self.users(env)?;
        let (max_entries, ttl) = self.password_cache.validate()?;
        let mut remarks = Remarks::default();
        let budget = self.expensive_checks.validate(&users, &mut remarks)?;
        if let Some(name) = &self.username_header
            && (name.is_reserved() || ["authorization", "cookie"].contains(&name.as_str()))
        {
            return Err(ConfigError::invalid(
                "username_header",
                name.as_str(),
                "a header that means nothing to the proxy, such as \"x-auth-user\"",
            ));
        }

        if self.basic_auth_rules.is_empty() {
            return Err(ConfigError::expected(
                "basic_auth_rules",
                "at least one rule",
            ));
        }
        let (mut scopes, mut access, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in self.basic_auth_rules.into_iter().enumerate() {
            let field = format!("basic_auth_rules[{index}]");
            names.push(format!("rule {index} ({})", rule.written()));
            let (scope, who) = rule.validate(&field, &users, &mut remarks)?;
            scopes.push(scope);
            access.push(who);
        }
        let admits_users = |access: &Access| access.allowed_users != AllowedUsers::Nobody;
        if !users.is_empty() && !access.iter().any(admits_users) {
            remarks.warn("no rule admits the users of the table: each has credentials alone");
        }
        let scopes = Scopes::new(scopes);
        scopes.remark_displaced(&names, &mut remarks);

        Ok(Config {
            challenge,
            body: self.body,
            username_header: self.username_header,
            forward_authorization: self.forward_authorization,
            remarks,
            rule_count: access.len(),
            user_count: users.len(),
            authenticator: Authenticator {
                scopes,
                access,
                users,
                separators: match self.escaped_separators {
                    EscapedSeparatorsJson::Reject => EscapedSeparators::Reject,
                    EscapedSeparatorsJson::Match => EscapedSeparators::Match,
                },
                cache: SuccessCache::new(cache_key, max_entries, ttl),
                budget,
            },
        })
    }

    fn users(&self, env: impl FnOnce(&str) -> Option<String>) -> Result<Users, ConfigError> {
        let mut users = Users::default();
        match &self.users {
            Lines::None => {}
            Lines::Text(lines) => users.add_lines(lines, "users")?,
            Lines::List(lines) => {
                for (index, line) in lines.iter().enumerate() {
                    users.add_lines(line, &format!("users[{index}]"))?;
                }
            }
        }
        if let Some(name) = &self.users_env {
            // Anything else may be the users themselves, in the wrong place.
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(ConfigError::expected(
                    "users_env",
                    "the name of an environment variable: letters, digits and `_`",
                ));
            }
            let before = users.len();
            let lines = env(name).unwrap_or_default();
            users.add_lines(&lines, &format!("users_env, variable {name:?}"))?;
            if users.len() == before {
                return Err(ConfigError::invalid(
                    "users_env",
                    name,
                    "the name of an environment variable that holds htpasswd lines",
                ));
            }
        }
        Ok(users)
    }
}

impl PasswordCacheJson {
    fn validate(&self) -> Result<(usize, Duration), ConfigError> {
        if self.max_entries > MAX_CACHE_ENTRIES {
            return Err(ConfigError::invalid(
                "password_cache.max_entries",
                self.max_entries,
                format!("at most {MAX_CACHE_ENTRIES}"),
            ));
        }
        if self.ttl.0 > MAX_CACHE_TTL {
            return Err(ConfigError::invalid(
                "password_cache.ttl",
                format!("{}s", self.ttl.0.as_secs_f64()),
                "at most a day, \"86400s\"",
            ));
        }
        Ok((self.max_entries, self.ttl.0))
    }
}

impl ExpensiveChecksJson {
    fn validate(&self, users: &Users, remarks: &mut Remarks) -> Result<Budget, ConfigError> {
        if !(self.per_second > 0.0 && self.per_second <= MAX_CHECKS) {
            return Err(ConfigError::invalid(
                "expensive_checks.per_second",
                self.per_second,
                "a number above 0 and up to 1000",
            ));
        }
        if !(self.burst >= 1.0 && self.burst <= MAX_CHECKS) {
            return Err(ConfigError::invalid(
                "expensive_checks.burst",
                self.burst,
                "a number from 1 to 1000",
            ));
        }
        let cost = users.highest_cost();
        let busy = cost.as_secs_f64() * self.per_second;
        if busy > 0.5 {
            remarks.warn(format!(
                "expensive_checks.per_second: {} checks of {} ms each keep a worker busy for {:.0} % of its time",
                self.per_second,
                cost.as_millis(),
                busy * 100.0
            ));
        }
        Ok(Budget::new(self.per_second, self.burst))
    }
}

/// The challenge of RFC 7617, with the realm as a quoted string (RFC 9110, section 5.6.4).
fn challenge(realm: &str) -> Result<String, ConfigError> {
    if realm.chars().any(char::is_control) {
        return Err(ConfigError::invalid(
            "realm",
            realm,
            "a text without control characters",
        ));
    }
    let escaped = realm.replace('\\', r"\\").replace('"', "\\\"");
    Ok(format!("Basic realm=\"{escaped}\", charset=\"UTF-8\""))
}

#[cfg(test)]
mod tests;
