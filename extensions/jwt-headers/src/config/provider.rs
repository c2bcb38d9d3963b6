//! One provider of the configuration.

use std::{collections::BTreeMap, time::Duration};

use extension_common::{
    config::{ConfigError, ProtoDuration, Remarks},
    headers::HeaderName,
};
use extension_jwt::{
    algorithm::Algorithm,
    claims::{Expectations, TextPattern},
};
use serde::Deserialize;

use super::{
    claims::{ClaimHeaderJson, FormatJson, RenderingJson, RequiredClaimJson, UnsafeValueJson},
    fields::{OneOrMore, check_target, claim_path, not_empty},
    jwks::JwksJson,
    source::SourceJson,
};
use crate::{
    grant::Use,
    provider::{ClaimsOrigin, Provider, Verification},
    source::Source,
};

/// A provider: who issues tokens, and what their claims are used for.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderJson {
    /// What `iss` must be: a text, or a list of which it must be one. Required with `jwks`.
    issuer: Option<OneOrMore>,

    /// `aud` must name one of these. Left out: it is not looked at.
    audiences: Option<Vec<String>>,

    /// `sub` must match one of these. Left out: it is not looked at.
    subjects: Option<Vec<SubjectJson>>,

    /// Which algorithms a token may be signed with. Default: RS256, ES256 and EdDSA. HS256, HS384 and
    /// HS512 only by themselves.
    algorithms: Option<Vec<Algorithm>>,

    /// The keys. This or `from_metadata` is required.
    jwks: Option<JwksJson>,

    /// Takes claims that Envoy's `jwt_authn` has verified; nothing is verified here then.
    from_metadata: Option<FromMetadataJson>,

    /// Where the token is. More than one token, in one place or in several, is refused. Default: the
    /// `Authorization` header with the scheme `Bearer`.
    sources: Option<Vec<SourceJson>>,

    /// Whether the upstream gets the token. Default: false.
    forward: Option<bool>,

    /// How far the clocks of the issuer and of the proxy may be apart; up to 600 s. Default: `30s`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    clock_skew: Option<ProtoDuration>,

    /// Whether a token must have `exp`. Default: true.
    require_expiration: Option<bool>,

    /// How long after `iat` a token may expire; both must be there then. Left out: as long as it likes.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    max_lifetime: Option<ProtoDuration>,

    /// Claims without which a token grants nothing.
    required_claims: Option<Vec<RequiredClaimJson>>,

    /// Headers that claims make, for the upstream and the routes.
    claims_to_headers: Option<Vec<ClaimHeaderJson>>,

    /// A header that gets the token's payload, in base64url.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    payload_header: Option<HeaderName>,

    /// Makes `:authority` of a claim. A token whose claim makes none is refused with 403.
    set_authority: Option<AuthorityJson>,

    /// Claims that access logs and RBAC rules can read, as filter state
    /// `wasm.jwt.<provider>.<claim>`.
    filter_state: Option<Vec<String>>,
}

/// A text, or what it begins or ends with.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected a text, or an object with `prefix` or `suffix`"
)]
enum SubjectJson {
    /// This text.
    Exact(String),
    /// A text that begins with this.
    Prefix(PrefixJson),
    /// A text that ends with this.
    Suffix(SuffixJson),
}

/// A text that begins with this.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PrefixJson {
    prefix: String,
}

/// A text that ends with this.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct SuffixJson {
    suffix: String,
}

/// See `ProviderJson::from_metadata`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct FromMetadataJson {
    /// The filter's namespace. Default: `envoy.filters.http.jwt_authn`.
    #[serde(default = "default_namespace")]
    namespace: String,
    /// The `payload_in_metadata` of its provider.
    key: String,
}

fn default_namespace() -> String {
    "envoy.filters.http.jwt_authn".into()
}

/// See `ProviderJson::set_authority`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct AuthorityJson {
    /// The claim: its name, a dotted path, or a JSON pointer.
    claim: String,
    /// Written before the value.
    #[serde(default)]
    prefix: String,
    /// Written after the value, such as `.tenants.internal`.
    #[serde(default)]
    suffix: String,
    /// The authority where the claim is missing, or where `map` does not know its value.
    default: Option<String>,
    /// What to write instead of the claim's value.
    map: Option<BTreeMap<String, String>>,
}

const MAX_CLOCK_SKEW: Duration = Duration::from_secs(600);

impl ProviderJson {
    pub(super) fn validate(
        mut self,
        name: String,
        env: impl Fn(&str) -> Option<String>,
        remarks: &mut Remarks,
    ) -> Result<Provider, ConfigError> {
        let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.is_empty() || name == "none" || !name.bytes().all(is_ours) {
            return Err(ConfigError::invalid(
                "providers",
                &name,
                "a name of letters, digits, `-` and `_`, which is not \"none\"",
            ));
        }
        let field = format!("providers.{name}");
        let using = self.take_use(&field, &name)?;
        let origin = match (self.jwks.take(), self.from_metadata.take()) {
            (Some(jwks), None) => {
                let verification = self.verification(jwks, &field, env, remarks)?;
                ClaimsOrigin::Token(Box::new(verification))
            }
            (None, Some(metadata)) => {
                self.check_nothing_to_verify(&field)?;
                remarks.note(format!(
                    "{field}: takes what {} has verified",
                    metadata.namespace
                ));
                ClaimsOrigin::Metadata {
                    namespace: metadata.namespace,
                    key: metadata.key,
                }
            }
            _ => {
                return Err(ConfigError::expected(
                    field,
                    "exactly one of `jwks` and `from_metadata`",
                ));
            }
        };
        Ok(Provider {
            name,
            origin,
            using,
        })
    }

    fn verification(
        self,
        jwks: JwksJson,
        field: &str,
        env: impl Fn(&str) -> Option<String>,
        remarks: &mut Remarks,
    ) -> Result<Verification, ConfigError> {
        let at = |name: &str| format!("{field}.{name}");
        let issuers = self.issuer.map(OneOrMore::into_vec).unwrap_or_default();
        if issuers.is_empty() || issuers.iter().any(String::is_empty) {
            return Err(ConfigError::expected(
                at("issuer"),
                "an issuer, or a list of them",
            ));
        }
        let algorithms = match self.algorithms {
            None => vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
            given => not_empty(&at("algorithms"), given)?,
        };
        let symmetric = algorithms
            .iter()
            .filter(|algorithm| algorithm.is_symmetric());
        if ![0, algorithms.len()].contains(&symmetric.count()) {
            let names: Vec<_> = algorithms
                .iter()
                .map(|algorithm| algorithm.name())
                .collect();
            return Err(ConfigError::invalid(
                at("algorithms"),
                names,
                "HS256, HS384 and HS512 only by themselves",
            ));
        }
        let clock_skew = self
            .clock_skew
            .map_or(Duration::from_secs(30), |skew| skew.0);
        if clock_skew > MAX_CLOCK_SKEW {
            return Err(ConfigError::invalid(
                at("clock_skew"),
                format!("{}s", clock_skew.as_secs_f64()),
                "at most \"600s\"",
            ));
        }
        let audiences = not_empty(&at("audiences"), self.audiences)?;
        if audiences.is_empty() {
            remarks.warn(format!(
                "{}: tokens for any audience are accepted, also those for other services",
                at("audiences")
            ));
        }
        let subjects = not_empty(&at("subjects"), self.subjects)?;
        let require_expiration = self.require_expiration.unwrap_or(true);
        if !require_expiration {
            remarks.warn(format!(
                "{}: tokens that never expire are accepted",
                at("require_expiration")
            ));
        }
        let expectations = Expectations {
            issuers,
            audiences,
            subjects: subjects.into_iter().map(TextPattern::from).collect(),
            clock_skew,
            require_expiration,
            max_lifetime: self.max_lifetime.map(|lifetime| lifetime.0),
        };
        let sources = match self.sources {
            None => Source::bearer().into_iter().collect(),
            given => not_empty(&at("sources"), given)?
                .into_iter()
                .enumerate()
                .map(|(index, source)| source.validate(&format!("{field}.sources[{index}]")))
                .collect::<Result<_, _>>()?,
        };
        Ok(Verification {
            sources,
            forward: self.forward.unwrap_or(false),
            keys: jwks.validate(&at("jwks"), &algorithms, env, remarks)?,
            algorithms,
            expectations,
        })
    }

    /// With `from_metadata` nothing is verified: a field that seems to say so would mislead.
    fn check_nothing_to_verify(&self, field: &str) -> Result<(), ConfigError> {
        for (name, is_there) in [
            ("issuer", self.issuer.is_some()),
            ("audiences", self.audiences.is_some()),
            ("subjects", self.subjects.is_some()),
            ("algorithms", self.algorithms.is_some()),
            ("sources", self.sources.is_some()),
            ("forward", self.forward.is_some()),
            ("clock_skew", self.clock_skew.is_some()),
            ("require_expiration", self.require_expiration.is_some()),
            ("max_lifetime", self.max_lifetime.is_some()),
        ] {
            if is_there {
                return Err(ConfigError::expected(
                    format!("{field}.{name}"),
                    "no such field beside `from_metadata`: that filter verifies, not this one",
                ));
            }
        }
        Ok(())
    }

    fn take_use(&mut self, field: &str, provider: &str) -> Result<Use, ConfigError> {
        let at = |name: &str| format!("{field}.{name}");
        let mut using = Use::default();
        let required = not_empty(&at("required_claims"), self.required_claims.take())?;
        for (index, claim) in required.into_iter().enumerate() {
            let field = format!("{field}.required_claims[{index}]");
            using.required.push(claim.validate(&field)?);
        }
        for (index, header) in self
            .claims_to_headers
            .take()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let field = format!("{field}.claims_to_headers[{index}]");
            using.headers.push(header.validate(&field)?);
        }
        if let Some(header) = &self.payload_header {
            check_target(&at("payload_header"), header)?;
        }
        using.payload_header = self.payload_header.take();
        if let Some(authority) = self.set_authority.take() {
            let field = at("set_authority");
            let path = claim_path(&format!("{field}.claim"), &authority.claim)?;
            let rendering = RenderingJson {
                format: FormatJson::default(),
                prefix: authority.prefix,
                suffix: authority.suffix,
                default: authority.default,
                map: authority.map,
                unsafe_value: UnsafeValueJson::default(),
            };
            using.authority = Some((path, rendering.validate(&field)?));
        }
        for (index, claim) in self.filter_state.take().into_iter().flatten().enumerate() {
            let field = format!("{field}.filter_state[{index}]");
            let path = claim_path(&field, &claim)?;
            if claim.chars().any(char::is_control) {
                return Err(ConfigError::invalid(field, claim, "no control characters"));
            }
            using
                .properties
                .push((path, format!("jwt.{provider}.{claim}")));
        }
        Ok(using)
    }
}

impl From<SubjectJson> for TextPattern {
    fn from(subject: SubjectJson) -> Self {
        match subject {
            SubjectJson::Exact(text) => Self::Exact(text),
            SubjectJson::Prefix(pattern) => Self::Prefix(pattern.prefix),
            SubjectJson::Suffix(pattern) => Self::Suffix(pattern.suffix),
        }
    }
}
