//! The registered claims (RFC 7519, section 4.1), and what a provider asks of them.

use std::time::Duration;

use extension_common::json::{Object, Value};

use crate::error::TokenError;

/// A moment in seconds since 1970 (RFC 7519, section 2, "NumericDate"). It may have a fraction; a
/// double holds a microsecond of any that matters.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct NumericDate(f64);

impl NumericDate {
    /// The moment this long after 1970 began.
    pub fn since_epoch(duration: Duration) -> Self {
        Self(duration.as_secs_f64())
    }

    fn read(value: &Value<'_>) -> Option<Self> {
        const MAX: f64 = 9_007_199_254_740_992.0;
        let Value::Number(text) = value else {
            return None;
        };
        let seconds: f64 = text.parse().ok()?;
        (0.0..=MAX).contains(&seconds).then_some(Self(seconds))
    }

    fn later(self, by: Duration) -> Self {
        Self(self.0 + by.as_secs_f64())
    }
}

/// What a provider asks of the registered claims.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// `iss` must be one of these.
    pub issuers: Vec<String>,
    /// `aud` must name one of these; none of them asks for nothing.
    pub audiences: Vec<String>,
    /// `sub` must match one of these; none of them asks for nothing.
    pub subjects: Vec<TextPattern>,
    /// How far this clock and the issuer's may be apart.
    pub clock_skew: Duration,
    /// Whether `exp` must be there.
    pub require_expiration: bool,
    /// How long after `iat` a token may expire; both must be there then.
    pub max_lifetime: Option<Duration>,
}

/// A text, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPattern {
    /// This text.
    Exact(String),
    /// Texts that begin with this.
    Prefix(String),
    /// Texts that end with this.
    Suffix(String),
}

impl TextPattern {
    /// Whether `text` is such.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => text == exact,
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
        }
    }
}

/// When a token is valid; it is asked again each time that the token is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validity {
    not_before: Option<NumericDate>,
    expires: Option<NumericDate>,
}

impl Validity {
    /// Whether it is valid now.
    ///
    /// # Errors
    /// [`TokenError::Expired`] or [`TokenError::NotYetValid`].
    pub fn check(&self, now: NumericDate, clock_skew: Duration) -> Result<(), TokenError> {
        // "On or after" the time it must not be accepted (RFC 7519, section 4.1.4).
        if self
            .expires
            .is_some_and(|expires| now >= expires.later(clock_skew))
        {
            return Err(TokenError::Expired);
        }
        if self
            .not_before
            .is_some_and(|start| now.later(clock_skew) < start)
        {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }
}

impl Expectations {
    /// Checks the registered claims, and returns when they are valid.
    ///
    /// # Errors
    /// The first of them that is of the wrong type, or not as expected.
    pub fn check(&self, claims: &Object<'_>, now: NumericDate) -> Result<Validity, TokenError> {
        let text = |name| claims.text(name).map_err(|_| TokenError::Malformed);
        let date = |name| match claims.get(name) {
            None => Ok(None),
            Some(value) => NumericDate::read(value)
                .map(Some)
                .ok_or(TokenError::Malformed),
        };
        let (expires, not_before, issued) = (date("exp")?, date("nbf")?, date("iat")?);
        let (issuer, subject) = (text("iss")?, text("sub")?);
        text("jti")?;
        let audiences = audiences(claims.get("aud"))?;

        if !issuer.is_some_and(|issuer| self.issuers.iter().any(|known| known == issuer)) {
            return Err(TokenError::Issuer);
        }
        let is_ours = |audience: &&str| self.audiences.iter().any(|ours| ours == audience);
        if !self.audiences.is_empty() && !audiences.iter().any(is_ours) {
            return Err(TokenError::Audience);
        }
        let may_vouch = |subject: &str| self.subjects.iter().any(|known| known.matches(subject));
        if !self.subjects.is_empty() && !subject.is_some_and(may_vouch) {
            return Err(TokenError::Subject);
        }
        if self.require_expiration && expires.is_none() {
            return Err(TokenError::Lifetime);
        }
        if let Some(max) = self.max_lifetime
            && !matches!((expires, issued), (Some(end), Some(start)) if end <= start.later(max))
        {
            return Err(TokenError::Lifetime);
        }
        let validity = Validity {
            not_before: later_of(not_before, issued),
            expires,
        };
        validity.check(now, self.clock_skew)?;
        Ok(validity)
    }
}

/// A token is used neither before its `nbf` nor before it was issued.
fn later_of(a: Option<NumericDate>, b: Option<NumericDate>) -> Option<NumericDate> {
    match (a, b) {
        (Some(a), Some(b)) if a > b => Some(a),
        (_, Some(date)) | (Some(date), None) => Some(date),
        (None, None) => None,
    }
}

/// A string, or a list of strings (RFC 7519, section 4.1.3).
fn audiences<'a>(claim: Option<&'a Value<'_>>) -> Result<Vec<&'a str>, TokenError> {
    let text = |value: &'a Value<'_>| match value {
        Value::String(text) => Ok(text.as_ref()),
        _ => Err(TokenError::Malformed),
    };
    match claim {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(text).collect(),
        Some(value) => Ok(vec![text(value)?]),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;
    use extension_common::json;

    const NOW: u64 = 1_000_000;

    fn expectations() -> Expectations {
        Expectations {
            issuers: vec!["https://issuer.example".into(), "other".into()],
            audiences: vec!["api".into(), "web".into()],
            subjects: Vec::new(),
            clock_skew: Duration::from_secs(30),
            require_expiration: true,
            max_lifetime: None,
        }
    }

    fn check_with(expectations: &Expectations, claims: &str) -> Result<(), TokenError> {
        let Ok(Value::Object(claims)) = json::parse(claims.as_bytes(), 8) else {
            panic!("{claims}")
        };
        let now = NumericDate::since_epoch(Duration::from_secs(NOW));
        expectations.check(&claims, now).map(drop)
    }

    /// Claims that are right but for `more`.
    fn check(more: &str) -> Result<(), TokenError> {
        check_with(&expectations(), &format!("{{\"iss\":\"other\",{more}}}"))
    }

    fn timed(more: &str) -> Result<(), TokenError> {
        check(&format!("\"aud\":\"api\",{more}"))
    }

    #[test]
    fn a_token_is_valid_until_it_expires_and_the_skew_has_passed() {
        for (exp, expected) in [
            (NOW + 1, Ok(())),
            (NOW - 29, Ok(())),
            (NOW - 30, Err(TokenError::Expired)),
            (0, Err(TokenError::Expired)),
        ] {
            assert_eq!(timed(&format!("\"exp\":{exp}")), expected, "{exp}");
        }
        assert_eq!(timed(&format!("\"exp\":{NOW}.5e0")), Ok(()));
        assert_eq!(timed("\"exp\":1e15"), Ok(()));
        assert_eq!(timed("\"iat\":1"), Err(TokenError::Lifetime));
    }

    #[test]
    fn a_token_is_not_valid_before_its_time() {
        for name in ["nbf", "iat"] {
            for (start, expected) in [
                (NOW + 30, Ok(())),
                (NOW + 31, Err(TokenError::NotYetValid)),
                (0, Ok(())),
            ] {
                let claims = format!("\"exp\":2e6,\"{name}\":{start}");
                assert_eq!(timed(&claims), expected, "{claims}");
            }
        }
        let both = format!("\"exp\":2e6,\"nbf\":{},\"iat\":1", NOW + 100);
        assert_eq!(timed(&both), Err(TokenError::NotYetValid));
    }

    #[test]
    fn dates_are_numbers_that_mean_a_time() {
        for date in [
            "\"2000000\"",
            "null",
            "true",
            "[2000000]",
            "{}",
            "-1",
            "1e400",
            "1e17",
            "-0.5",
        ] {
            for name in ["exp", "nbf", "iat"] {
                let claims = format!("\"x\":0,\"{name}\":{date}");
                assert_eq!(timed(&claims), Err(TokenError::Malformed), "{claims}");
            }
        }
    }

    #[test]
    fn the_issuer_must_be_the_providers() {
        for (issuer, expected) in [
            ("\"https://issuer.example\"", Ok(())),
            ("\"https://issuer.example/\"", Err(TokenError::Issuer)),
            ("\"HTTPS://issuer.example\"", Err(TokenError::Issuer)),
            ("\"\"", Err(TokenError::Issuer)),
            ("[\"other\"]", Err(TokenError::Malformed)),
            ("null", Err(TokenError::Malformed)),
        ] {
            let claims = format!("{{\"iss\":{issuer},\"aud\":\"api\",\"exp\":2e6}}");
            assert_eq!(check_with(&expectations(), &claims), expected, "{issuer}");
        }
        let none = r#"{"aud":"api","exp":2e6}"#;
        assert_eq!(check_with(&expectations(), none), Err(TokenError::Issuer));
    }

    #[test]
    fn an_audience_must_be_ours() {
        for (audience, expected) in [
            ("\"aud\":\"api\",", Ok(())),
            ("\"aud\":[\"x\",\"web\"],", Ok(())),
            ("\"aud\":[\"x\"],", Err(TokenError::Audience)),
            ("\"aud\":[],", Err(TokenError::Audience)),
            ("\"aud\":\"apis\",", Err(TokenError::Audience)),
            ("", Err(TokenError::Audience)),
            ("\"aud\":[\"api\",1],", Err(TokenError::Malformed)),
            ("\"aud\":{\"api\":1},", Err(TokenError::Malformed)),
            ("\"aud\":null,", Err(TokenError::Malformed)),
        ] {
            assert_eq!(
                check(&format!("{audience}\"exp\":2e6")),
                expected,
                "{audience}"
            );
        }
        let mut any = expectations();
        any.audiences.clear();
        assert_eq!(check_with(&any, r#"{"iss":"other","exp":2e6}"#), Ok(()));
    }

    #[test]
    fn a_subject_must_be_one_that_the_provider_vouches_for() {
        let mut expectations = expectations();
        expectations.subjects = vec![
            TextPattern::Prefix("spiffe://a/".into()),
            TextPattern::Exact("alice".into()),
            TextPattern::Suffix("@a.example".into()),
        ];
        for (subject, expected) in [
            ("\"spiffe://a/x\"", Ok(())),
            ("\"alice\"", Ok(())),
            ("\"bob@a.example\"", Ok(())),
            ("\"alice2\"", Err(TokenError::Subject)),
            ("\"xspiffe://a/\"", Err(TokenError::Subject)),
            ("1", Err(TokenError::Malformed)),
        ] {
            let claims =
                format!("{{\"iss\":\"other\",\"aud\":\"api\",\"exp\":2e6,\"sub\":{subject}}}");
            assert_eq!(check_with(&expectations, &claims), expected, "{subject}");
        }
        let none = r#"{"iss":"other","aud":"api","exp":2e6}"#;
        assert_eq!(check_with(&expectations, none), Err(TokenError::Subject));
    }

    #[test]
    fn a_life_can_be_bounded() {
        let mut expectations = expectations();
        expectations.max_lifetime = Some(Duration::from_secs(600));
        for (dates, expected) in [
            ("\"iat\":1000000,\"exp\":1000600", Ok(())),
            ("\"iat\":1000000,\"exp\":1000601", Err(TokenError::Lifetime)),
            ("\"exp\":1000600", Err(TokenError::Lifetime)),
            ("\"iat\":1000000", Err(TokenError::Lifetime)),
        ] {
            let claims = format!("{{\"iss\":\"other\",\"aud\":\"api\",{dates}}}");
            assert_eq!(check_with(&expectations, &claims), expected, "{dates}");
        }
        expectations.require_expiration = false;
        expectations.max_lifetime = None;
        let unlimited = r#"{"iss":"other","aud":"api"}"#;
        assert_eq!(check_with(&expectations, unlimited), Ok(()));
    }
}
