//! What `io.jwt.decode_verify` asks of a token.

use extension_common::json::{self, Object};
use regorus::Value;

/// The second argument.
#[derive(Default)]
pub(super) struct Constraints<'a> {
    /// A PEM certificate, a PEM public key, a JWK or a set of them.
    pub(super) certificate: Option<&'a str>,
    /// The secret of HMAC.
    pub(super) secret: Option<&'a str>,
    /// The `alg` that the header must have.
    pub(super) algorithm: Option<&'a str>,
    issuer: Option<&'a str>,
    audience: Option<&'a str>,
    /// In nanoseconds since 1970, in place of the time that it is.
    time: Option<f64>,
}

impl<'a> Constraints<'a> {
    /// `None` where OPA knows a constraint by another name, or of another type.
    pub(super) fn read(value: &'a Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return None;
        };
        let mut constraints = Self::default();
        for (name, value) in object.iter() {
            let text = || match value {
                Value::String(text) => Some(&**text),
                _ => None,
            };
            match name {
                Value::String(name) if &**name == "time" => {
                    // Nanoseconds are more than a double holds; as seconds it holds them.
                    let Value::Number(_) = value else { return None };
                    constraints.time = Some(value.to_string().parse().ok()?);
                }
                Value::String(name) => {
                    let place = match &**name {
                        "cert" => &mut constraints.certificate,
                        "secret" => &mut constraints.secret,
                        "alg" => &mut constraints.algorithm,
                        "iss" => &mut constraints.issuer,
                        "aud" => &mut constraints.audience,
                        _ => return None,
                    };
                    *place = Some(text()?);
                }
                _ => return None,
            }
        }
        Some(constraints)
    }

    /// Whether the registered claims are as they should be; `None` where one is not of its type.
    pub(super) fn accept(&self, claims: &Object<'_>, now: impl Fn() -> f64) -> Option<bool> {
        if let Some(issuer) = self.issuer
            && !claims.get("iss").is_some_and(|claim| is(claim, issuer))
        {
            return Some(false);
        }
        // A token for somebody is not for everybody.
        let is_for_us = match (claims.get("aud"), self.audience) {
            (None, audience) => audience.is_none(),
            (Some(_), None) => false,
            (Some(json::Value::Array(list)), Some(audience)) => {
                list.iter().any(|claim| is(claim, audience))
            }
            (Some(claim), Some(audience)) => is(claim, audience),
        };
        if !is_for_us {
            return Some(false);
        }
        let seconds = self.time.map_or_else(now, |nanoseconds| nanoseconds / 1e9);
        if let Some(expiry) = claims.get("exp")
            && seconds >= number(expiry)?
        {
            return Some(false);
        }
        if let Some(begin) = claims.get("nbf")
            && seconds < number(begin)?
        {
            return Some(false);
        }
        Some(true)
    }
}

fn is(claim: &json::Value<'_>, wanted: &str) -> bool {
    matches!(claim, json::Value::String(text) if text == wanted)
}

fn number(claim: &json::Value<'_>) -> Option<f64> {
    match claim {
        json::Value::Number(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}
