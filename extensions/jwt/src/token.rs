//! A token in the compact form (RFC 7515, section 7.1), read strictly.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use extension_common::json::{self, Object, Value};

use crate::{algorithm::Algorithm, error::TokenError};

/// The longest token that is looked at, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;

/// How deeply lists and objects may be nested in a token's header or claims.
pub const MAX_DEPTH: usize = 16;

/// A token whose form is right. Nothing is verified.
#[derive(Debug)]
pub struct Token<'a> {
    text: &'a str,
    payload: &'a str,
    /// What the payload decodes to: the JSON text of the claims.
    claims: Vec<u8>,
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl<'a> Token<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Malformed`], [`TokenError::Critical`] or [`TokenError::Algorithm`].
    pub fn parse(text: &'a [u8]) -> Result<Self, TokenError> {
        let text = Some(text)
            .filter(|text| text.len() <= MAX_LENGTH)
            .and_then(|text| std::str::from_utf8(text).ok())
            .ok_or(TokenError::Malformed)?;
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let header = decode(header)?;
        let claims = decode(payload)?;
        // Checked here for its form; `jsonwebtoken` decodes it again.
        decode(signature)?;
        let Ok(Value::Object(header)) = json::parse(&header, MAX_DEPTH) else {
            return Err(TokenError::Malformed);
        };
        let (algorithm, key_id) = read_header(&header)?;
        Ok(Self {
            text,
            payload,
            claims,
            algorithm,
            key_id,
        })
    }

    /// What is signed, and the signature in base64url.
    pub fn signed(&self) -> Option<(&'a str, &'a str)> {
        self.text.rsplit_once('.')
    }

    /// The payload as it was sent: base64url.
    pub fn payload(&self) -> &'a str {
        self.payload
    }

    /// The `alg` that its header names.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` that its header names.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The claims; nobody vouches for them yet.
    ///
    /// # Errors
    /// [`TokenError::Malformed`]: the payload is no JSON object.
    pub fn claims(&self) -> Result<Object<'_>, TokenError> {
        match json::parse(&self.claims, MAX_DEPTH) {
            Ok(Value::Object(claims)) => Ok(claims),
            _ => Err(TokenError::Malformed),
        }
    }
}

/// Not empty, and in the one form that these bytes have (RFC 4648, sections 3.5 and 5): no padding,
/// no bits left over.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    if part.is_empty() {
        return Err(TokenError::Malformed);
    }
    BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}

/// What is used of a header. Keys in it (`jwk`, `jku`, `x5u`, `x5c`) are not (RFC 8725, sections 2.8
/// and 3.10).
fn read_header(header: &Object<'_>) -> Result<(Algorithm, Option<String>), TokenError> {
    // No extension is understood here, and `b64` is one (RFC 7515, section 4.1.11; RFC 7797).
    if header.get("crit").is_some() || header.get("b64").is_some() {
        return Err(TokenError::Critical);
    }
    let text = |name| header.text(name).map_err(|_| TokenError::Malformed);
    let name = text("alg")?.ok_or(TokenError::Malformed)?;
    text("typ")?;
    text("cty")?;
    let key_id = text("kid")?.map(str::to_owned);
    let algorithm = Algorithm::from_name(name).ok_or(TokenError::Algorithm)?;
    Ok((algorithm, key_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: impl AsRef<[u8]>) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    fn failure(token: impl AsRef<[u8]>) -> TokenError {
        Token::parse(token.as_ref()).unwrap_err()
    }

    fn with_header(header: &str) -> String {
        format!("{}.{}.AAAA", encode(header), encode("{}"))
    }

    #[test]
    fn three_parts_are_read() {
        let text = with_header(r#"{"alg":"RS256","kid":"k1","typ":"JWT","x":1}"#);
        let token = Token::parse(text.as_bytes()).unwrap();
        assert_eq!(token.algorithm(), Algorithm::RS256);
        assert_eq!(token.key_id(), Some("k1"));
        assert_eq!(token.payload(), "e30");
        assert_eq!(token.signed(), text.rsplit_once('.'));
        assert_eq!(token.claims().unwrap(), Object::default());
    }

    #[test]
    fn another_number_of_parts_is_malformed() {
        let good = with_header(r#"{"alg":"RS256"}"#);
        assert!(Token::parse(good.as_bytes()).is_ok());
        let (unsigned, _) = good.rsplit_once('.').unwrap();
        for token in [
            "",
            ".",
            "..",
            "...",
            unsigned,
            &format!("{unsigned}."),
            &format!("{good}."),
            &format!("{good}.AAAA"),
            &format!("{good}.AAAA.AAAA"),
            &format!(".{good}"),
            &format!(" {good}"),
            &format!("{good} "),
            &good.replace('.', ".."),
        ] {
            assert_eq!(failure(token), TokenError::Malformed, "{token}");
        }
        assert_eq!(failure(b"\xff.\xff.\xff"), TokenError::Malformed);
        assert_eq!(failure("a".repeat(MAX_LENGTH + 1)), TokenError::Malformed);
    }

    #[test]
    fn base64url_has_one_form() {
        let good = with_header(r#"{"alg":"RS256"}"#);
        let (unsigned, _) = good.rsplit_once('.').unwrap();
        // `AA` ends in four bits that are not used, `AAA` in two.
        assert!(Token::parse(format!("{unsigned}.AA").as_bytes()).is_ok());
        for signature in [
            "AB", "AAB", "AA=", "AA==", "A", "AA+A", "AA/A", "AA\n", "ÄA",
        ] {
            let token = format!("{unsigned}.{signature}");
            assert_eq!(failure(&token), TokenError::Malformed, "{signature}");
        }
    }

    #[test]
    fn a_header_says_one_thing() {
        for header in [
            "",
            "null",
            "[]",
            "\"RS256\"",
            "{}",
            r#"{"alg":null}"#,
            r#"{"alg":1}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"{"alg":"RS256","kid":null}"#,
            r#"{"alg":"RS256","alg":"RS256"}"#,
            r#"{"alg":"RS256","\u0061lg":"HS256"}"#,
            r#"{"alg":"RS256","typ":{}}"#,
            r#"{"alg":"RS256"} x"#,
            "{\"alg\":\"RS256\"}\0",
            "\u{feff}{\"alg\":\"RS256\"}",
        ] {
            assert_eq!(
                failure(with_header(header)),
                TokenError::Malformed,
                "{header}"
            );
        }
        let deep = format!(
            "{{\"alg\":\"RS256\",\"x\":{}{}}}",
            "[".repeat(16),
            "]".repeat(16)
        );
        assert_eq!(failure(with_header(&deep)), TokenError::Malformed);
    }

    #[test]
    fn unknown_algorithms_and_extensions_are_refused() {
        for name in [
            "none", "None", "NONE", "nOnE", "", "RS1", "rs256", "ES512", "HS256 ",
        ] {
            let header = format!("{{\"alg\":\"{name}\"}}");
            assert_eq!(
                failure(with_header(&header)),
                TokenError::Algorithm,
                "{name}"
            );
        }
        for more in [
            r#""crit":["exp"]"#,
            r#""crit":[]"#,
            r#""crit":null"#,
            r#""crit":["b64"],"b64":false"#,
            r#""b64":false"#,
            r#""b64":true"#,
        ] {
            let header = format!("{{\"alg\":\"RS256\",{more}}}");
            assert_eq!(
                failure(with_header(&header)),
                TokenError::Critical,
                "{more}"
            );
        }
    }
}
