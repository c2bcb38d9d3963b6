//! The rules of the configuration.

use extension_common::{
    config::{ConfigError, Remarks},
    rules::{Scopes, Written},
};
use serde::Deserialize;

use crate::{
    authenticator::{Requirement, Rules},
    provider::Provider,
};

/// A rule: hosts, methods and one path pattern, and the tokens that are required there.
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
    methods: Option<Vec<String>>,

    /// A provider's name, `none`, or an object with one of `any`, `all` and `optional`.
    requires: RequirementJson,
}

/// What a rule asks for.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected a provider's name, \"none\", or an object with one of `any`, `all` and `optional`"
)]
enum RequirementJson {
    /// A token of this provider; or `none`.
    Name(String),
    /// Several providers.
    Several(SeveralJson),
}

/// Exactly one of the fields is required.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct SeveralJson {
    /// A token of one of these providers.
    any: Option<Vec<String>>,
    /// A token of each of these.
    all: Option<Vec<String>>,
    /// A token of one of these, or none at all; one that is there must be right.
    optional: Option<Vec<String>>,
}

pub(super) fn validate(
    rules: Vec<RuleJson>,
    providers: &[Provider],
    remarks: &mut Remarks,
) -> Result<Rules, ConfigError> {
    if rules.is_empty() {
        return Err(ConfigError::expected(
            "rules",
            "at least one rule (leave the field out to require a token everywhere)",
        ));
    }
    let (mut scopes, mut requirements, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (index, rule) in rules.into_iter().enumerate() {
        let field = format!("rules[{index}]");
        let written = rule.written();
        names.push(format!("rule {index} ({written})"));
        scopes.push(written.validate(&field, remarks)?);
        requirements.push(
            rule.requires
                .validate(&format!("{field}.requires"), providers)?,
        );
    }
    for (index, provider) in providers.iter().enumerate() {
        let is_meant = |requirement: &Requirement| match requirement {
            Requirement::Nothing => false,
            Requirement::Any(known) | Requirement::All(known) | Requirement::Optional(known) => {
                known.contains(&index)
            }
        };
        if !requirements.iter().any(is_meant) {
            remarks.warn(format!("providers.{}: no rule speaks of it", provider.name));
        }
    }
    let scopes = Scopes::new(scopes);
    scopes.remark_displaced(&names, remarks);
    Ok(Rules::Scoped(scopes, requirements))
}

impl RuleJson {
    fn written(&self) -> Written<'_> {
        Written {
            hosts: &self.hosts,
            methods_field: "methods",
            methods: self.methods.as_deref(),
            prefix: self.prefix.as_deref(),
            exact: self.exact.as_deref(),
            suffix: self.suffix.as_deref(),
        }
    }
}

impl RequirementJson {
    fn validate(self, field: &str, providers: &[Provider]) -> Result<Requirement, ConfigError> {
        let index = |field: &str, name: &String| {
            providers
                .iter()
                .position(|provider| provider.name == *name)
                .ok_or_else(|| ConfigError::invalid(field, name, "the name of a provider"))
        };
        let (kind, names) = match self {
            Self::Name(name) if name == "none" => return Ok(Requirement::Nothing),
            Self::Name(name) => return Ok(Requirement::Any(vec![index(field, &name)?])),
            Self::Several(several) => match (several.any, several.all, several.optional) {
                (Some(names), None, None) => ("any", names),
                (None, Some(names), None) => ("all", names),
                (None, None, Some(names)) => ("optional", names),
                _ => {
                    return Err(ConfigError::expected(
                        field,
                        "exactly one of `any`, `all` and `optional`",
                    ));
                }
            },
        };
        if names.is_empty() {
            return Err(ConfigError::expected(
                format!("{field}.{kind}"),
                "at least one provider",
            ));
        }
        let mut indices = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let field = format!("{field}.{kind}[{at}]");
            let index = index(&field, name)?;
            if indices.contains(&index) {
                return Err(ConfigError::invalid(field, name, "each provider once"));
            }
            indices.push(index);
        }
        Ok(match kind {
            "any" => Requirement::Any(indices),
            "all" => Requirement::All(indices),
            _ => Requirement::Optional(indices),
        })
    }
}
