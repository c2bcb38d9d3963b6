//! What a verified token is good for: the headers, the properties and the authority that its claims
//! make.

use extension_common::{
    headers::HeaderName,
    json::{Object, Value},
};

use crate::{
    claim::{ClaimPath, RequiredClaim},
    failure::Failure,
    rendering::Rendering,
};

/// What happens to a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// It gets this value alone.
    #[default]
    Set,
    /// It gets this value beside those that other claims gave it.
    Append,
    /// It is removed where the claim is there.
    Remove,
}

/// A header that a claim makes.
#[derive(Clone, Debug)]
pub struct ClaimHeader {
    /// The claim; none with [`Operation::Remove`] is "in any case".
    pub claim: Option<ClaimPath>,
    /// The header.
    pub header: HeaderName,
    /// What happens to it.
    pub operation: Operation,
    /// How the claim becomes its value.
    pub rendering: Rendering,
}

/// A change of the request's headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The header gets this value alone.
    Set(HeaderName, Vec<u8>),
    /// The header gets this value besides.
    Append(HeaderName, Vec<u8>),
    /// The header goes.
    Remove(HeaderName),
}

/// What a verified token is good for; computed once for each token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// In this order.
    pub changes: Vec<Change>,
    /// What `:authority` becomes.
    pub authority: Option<Vec<u8>>,
    /// Properties of the stream, and what they say.
    pub properties: Vec<(String, Vec<u8>)>,
}

/// What a provider's claims are used for.
#[derive(Clone, Debug, Default)]
pub struct Use {
    /// Without all of these a token grants nothing.
    pub required: Vec<RequiredClaim>,
    /// Headers from claims.
    pub headers: Vec<ClaimHeader>,
    /// The header that gets the payload, in base64url.
    pub payload_header: Option<HeaderName>,
    /// The claim that the authority is made of, and how.
    pub authority: Option<(ClaimPath, Rendering)>,
    /// Claims that become properties of these names.
    pub properties: Vec<(ClaimPath, String)>,
}

impl Use {
    /// The headers that it can give a value; a client must not be able to send them.
    pub fn produced(&self) -> impl Iterator<Item = &HeaderName> {
        self.headers
            .iter()
            .filter(|header| header.operation != Operation::Remove)
            .map(|header| &header.header)
            .chain(&self.payload_header)
    }

    /// What `claims` are good for; `payload` is their text in base64url.
    ///
    /// # Errors
    /// [`Failure::Insufficient`]: a required claim is not as required, or makes no authority.
    pub fn grant(&self, claims: &Object<'_>, payload: &str) -> Result<Grant, Failure> {
        if !self.required.iter().all(|required| required.is_met(claims)) {
            return Err(Failure::Insufficient);
        }
        let mut grant = Grant::default();
        for header in &self.headers {
            let claim = header.claim.as_ref().and_then(|path| path.find(claims));
            let name = header.header.clone();
            match header.operation {
                Operation::Remove if header.claim.is_some() && claim.is_none() => {}
                Operation::Remove => grant.changes.push(Change::Remove(name)),
                Operation::Set | Operation::Append => {
                    let Some(text) = header.rendering.render(claim) else {
                        continue;
                    };
                    let value = text.into_bytes();
                    grant.changes.push(match header.operation {
                        Operation::Append => Change::Append(name, value),
                        _ => Change::Set(name, value),
                    });
                }
            }
        }
        if let Some(name) = &self.payload_header {
            let value = payload.as_bytes().to_vec();
            grant.changes.push(Change::Set(name.clone(), value));
        }
        if let Some((path, rendering)) = &self.authority {
            // Otherwise the client itself would choose where the request goes.
            let claim = path.find(claims);
            let is_single = !matches!(claim, Some(Value::Array(_) | Value::Object(_)));
            let authority = rendering
                .render(claim)
                .filter(|text| is_single && is_authority(text))
                .ok_or(Failure::Insufficient)?;
            grant.authority = Some(authority.into_bytes());
        }
        for (path, name) in &self.properties {
            let text = Rendering::default().render(path.find(claims));
            if let Some(text) = text {
                grant.properties.push((name.clone(), text.into_bytes()));
            }
        }
        Ok(grant)
    }
}

/// A host name or address, and perhaps a port (RFC 3986, section 3.2), in the characters that names
/// are made of.
pub fn is_authority(text: &str) -> bool {
    const MAX_LENGTH: usize = 255;
    let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    text.len() <= MAX_LENGTH
        && text.bytes().all(is_ours)
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric() || first == b'[')
}

#[cfg(test)]
mod tests {
    use super::*;
    use extension_common::json;

    fn name(text: &str) -> HeaderName {
        HeaderName::new(text).unwrap()
    }

    fn header(claim: Option<&str>, header: &str, operation: Operation) -> ClaimHeader {
        ClaimHeader {
            claim: claim.map(|path| ClaimPath::parse(path).unwrap()),
            header: name(header),
            operation,
            rendering: Rendering::default(),
        }
    }

    fn grant(wanted: &Use, claims: &str) -> Result<Grant, Failure> {
        let Ok(Value::Object(claims)) = json::parse(claims.as_bytes(), 8) else {
            panic!("{claims}")
        };
        wanted.grant(&claims, "payload")
    }

    #[test]
    fn claims_become_headers_in_the_order_of_the_config() {
        let wanted = Use {
            headers: vec![
                header(Some("sub"), "x-sub", Operation::Set),
                header(Some("team"), "x-group", Operation::Append),
                header(Some("role"), "x-group", Operation::Append),
                header(Some("missing"), "x-missing", Operation::Set),
                header(Some("missing"), "x-kept", Operation::Remove),
                header(Some("sub"), "x-legacy", Operation::Remove),
                header(None, "x-debug", Operation::Remove),
            ],
            payload_header: Some(name("x-payload")),
            properties: vec![
                (ClaimPath::parse("sub").unwrap(), "jwt.a.sub".into()),
                (ClaimPath::parse("missing").unwrap(), "jwt.a.missing".into()),
            ],
            ..Use::default()
        };
        let grant = grant(&wanted, r#"{"sub":"alice","team":"t","role":7}"#).unwrap();
        assert_eq!(
            grant.changes,
            [
                Change::Set(name("x-sub"), b"alice".to_vec()),
                Change::Append(name("x-group"), b"t".to_vec()),
                Change::Append(name("x-group"), b"7".to_vec()),
                Change::Remove(name("x-legacy")),
                Change::Remove(name("x-debug")),
                Change::Set(name("x-payload"), b"payload".to_vec()),
            ]
        );
        assert_eq!(
            grant.properties,
            [("jwt.a.sub".to_owned(), b"alice".to_vec())]
        );
        let produced: Vec<_> = wanted.produced().map(HeaderName::as_str).collect();
        assert_eq!(
            produced,
            ["x-sub", "x-group", "x-group", "x-missing", "x-payload"]
        );
    }

    #[test]
    fn a_claim_that_makes_no_authority_grants_nothing() {
        let wanted = |suffix: &str, default: Option<&str>| Use {
            authority: Some((
                ClaimPath::parse("tenant").unwrap(),
                Rendering {
                    suffix: suffix.into(),
                    default: default.map(str::to_owned),
                    ..Rendering::default()
                },
            )),
            ..Use::default()
        };
        let authority = |wanted: &Use, claims: &str| {
            grant(wanted, claims).map(|grant| String::from_utf8(grant.authority.unwrap()).unwrap())
        };
        let plain = wanted(".internal:80", None);
        assert_eq!(
            authority(&plain, r#"{"tenant":"a-1"}"#).as_deref(),
            Ok("a-1.internal:80")
        );
        for tenant in [
            r#""""#,
            r#""a b""#,
            r#""a/b""#,
            r#""a@b""#,
            r#"".""#,
            r#""a\r\n""#,
            r#""ä""#,
            "[1]",
            "{}",
            "null",
        ] {
            let claims = format!("{{\"tenant\":{tenant}}}");
            assert_eq!(
                authority(&plain, &claims),
                Err(Failure::Insufficient),
                "{tenant}"
            );
        }
        let with_default = wanted("", Some("shared"));
        assert_eq!(authority(&with_default, "{}").as_deref(), Ok("shared"));
    }

    #[test]
    fn a_token_without_a_required_claim_grants_nothing() {
        let wanted = Use {
            required: vec![RequiredClaim {
                claim: ClaimPath::parse("scope").unwrap(),
                one_of: None,
                contains: None,
            }],
            ..Use::default()
        };
        assert_eq!(grant(&wanted, "{}"), Err(Failure::Insufficient));
        assert!(grant(&wanted, r#"{"scope":"x"}"#).is_ok());
    }
}
