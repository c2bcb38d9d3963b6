//! The `Authorization` header of the Basic scheme (RFC 7617, RFC 9110 section 11.4).

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Base64 as clients send it: with its padding or without.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest value that is looked at, in bytes. Longer ones are malformed: nobody's password is
/// that long, and hashing is not free.
const MAX_LENGTH: usize = 4096;

/// What a client says who it is. The password never leaves this crate, nor enters a log.
#[derive(PartialEq, Eq)]
pub struct Credentials {
    decoded: Vec<u8>,
    colon: usize,
}

impl Credentials {
    /// Splits `user:password` at the first colon; `None` without a colon or with a control
    /// character (RFC 7617, section 2).
    pub fn split(decoded: Vec<u8>) -> Option<Self> {
        if decoded.iter().any(u8::is_ascii_control) {
            return None;
        }
        let colon = decoded.iter().position(|&byte| byte == b':')?;
        Some(Self { decoded, colon })
    }

    /// The user-id, in whatever encoding the client uses; RFC 7617 recommends UTF-8.
    pub fn user(&self) -> &[u8] {
        self.decoded.get(..self.colon).unwrap_or_default()
    }

    /// The user-id, and nothing else.
    pub fn into_user(mut self) -> Vec<u8> {
        self.decoded.truncate(self.colon);
        self.decoded
    }

    /// The password: all that follows the first colon.
    pub fn password(&self) -> &[u8] {
        let start = self.colon.saturating_add(1);
        self.decoded.get(start..).unwrap_or_default()
    }
}

/// What the `Authorization` headers of a request amount to.
#[derive(PartialEq, Eq)]
pub enum Authorization {
    /// There is none.
    Missing,
    /// There is one that is no Basic credential, or more than one.
    Malformed,
    /// There is one.
    Basic(Credentials),
}

/// The values of the `Authorization` headers of a request.
#[derive(Default)]
pub enum AuthorizationValue<'a> {
    /// There is no such header.
    #[default]
    None,
    /// There is one.
    One(&'a [u8]),
    /// There are more.
    Many,
}

impl<'a> AuthorizationValue<'a> {
    /// Adds the value of one more header.
    pub fn add(&mut self, value: &'a [u8]) {
        *self = match self {
            Self::None => Self::One(value),
            Self::One(_) | Self::Many => Self::Many,
        };
    }

    /// Reads it. Envoy joins repeated headers with a comma, which no single Basic credential holds:
    /// both forms are malformed.
    pub fn parse(&self) -> Authorization {
        match self {
            Self::None => Authorization::Missing,
            Self::One(value) => {
                parse_basic(value).map_or(Authorization::Malformed, Authorization::Basic)
            }
            Self::Many => Authorization::Malformed,
        }
    }
}

/// `Basic`, in any case, one space or more, and base64 of `user:password`.
fn parse_basic(value: &[u8]) -> Option<Credentials> {
    if value.len() > MAX_LENGTH {
        return None;
    }
    let (scheme, rest) = value.split_at_checked(b"basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = BASE64.decode(rest.trim_ascii()).ok()?;
    Credentials::split(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Authorization {
        let mut all = AuthorizationValue::default();
        for value in values {
            all.add(value);
        }
        all.parse()
    }

    fn parse(values: &[&str]) -> Option<(String, String)> {
        match read(values.iter().map(|value| value.as_bytes())) {
            Authorization::Basic(credentials) => Some((
                String::from_utf8(credentials.user().to_vec()).unwrap(),
                String::from_utf8(credentials.password().to_vec()).unwrap(),
            )),
            _ => None,
        }
    }

    fn pair(user: &str, password: &str) -> Option<(String, String)> {
        Some((user.to_owned(), password.to_owned()))
    }

    #[test]
    fn one_basic_credential_is_read() {
        let expected = pair("Aladdin", "open sesame");
        for value in [
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "BASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ== ",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",
        ] {
            assert_eq!(parse(&[value]), expected, "{value}");
        }
    }

    #[test]
    fn colons_belong_to_the_password_and_users_may_be_utf_8() {
        assert_eq!(parse(&["Basic YTpiOmM="]), pair("a", "b:c"));
        assert_eq!(parse(&["Basic w7xzZXI6cMOk"]), pair("üser", "pä"));
        assert_eq!(parse(&["Basic Og=="]), pair("", ""));
    }

    #[test]
    fn everything_else_is_malformed() {
        let long = format!("Basic {}", "QUFB".repeat(1024));
        for values in [
            &["Basic"][..],
            &["Basic "],
            &["Basic !!!"],
            &["Basic YQ=="],
            &["BasicYTpi"],
            &["xBasic YTpi"],
            &["Bearer YTpi"],
            &[" Basic YTpi"],
            &["Basic YTpi,Basic YTpi"],
            &["Basic YTpi", "Basic YTpi"],
            &["Basic YTpi YTpi"],
            &["Basic YTpiAA=="],
            &["Basic YTpiDQo="],
            &[""],
            &[&long],
        ] {
            let parsed = read(values.iter().map(|value| value.as_bytes()));
            assert!(parsed == Authorization::Malformed, "{values:?}");
        }
        assert!(read([&b"Basic \xff\xfe"[..]]) == Authorization::Malformed);
        assert!(read([]) == Authorization::Missing);
    }
}
