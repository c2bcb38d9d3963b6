//! What a condition may speak of without the host's help, and what that is for a request.

use std::{borrow::Cow, cell::OnceCell};

use extension_common::headers::HeaderView;

use crate::config::Phase;

/// An attribute of Envoy that can be had from the header maps, or in one host call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `request.path`, `request.method` and the like: a header with a name of its own.
    Named(&'static str),
    /// `request.url_path`: what is before the first `?`.
    UrlPath,
    /// `request.query`: what is behind it, up to a `#`.
    Query,
    /// `request.headers[…]`, with all values of the name.
    RequestHeader(String),
    /// `response.headers[…]`, likewise.
    ResponseHeader(String),
    /// `response.code`, a number.
    ResponseCode,
}

/// The fields of `request` that are headers.
const NAMED: [(&str, &str); 7] = [
    ("path", ":path"),
    ("method", ":method"),
    ("host", ":authority"),
    ("scheme", ":scheme"),
    ("referer", "referer"),
    ("useragent", "user-agent"),
    ("id", "x-request-id"),
];

impl Attribute {
    /// `object.field`.
    pub fn field(object: &str, field: &str) -> Option<Self> {
        match (object, field) {
            ("request", "url_path") => Some(Self::UrlPath),
            ("request", "query") => Some(Self::Query),
            ("request", field) => NAMED
                .iter()
                .find(|(name, _)| *name == field)
                .map(|(_, header)| Self::Named(header)),
            ("response", "code") => Some(Self::ResponseCode),
            _ => None,
        }
    }

    /// `object.headers[name]`; `None` for a name that Envoy's map treats as another, or as none.
    pub fn header(object: &str, name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.".contains(&byte);
        let name = name.to_ascii_lowercase();
        // `host` is Envoy's old name for `:authority`.
        if name.is_empty() || !name.bytes().all(plain) || name == "host" {
            return None;
        }
        match object {
            "request" => Some(Self::RequestHeader(name)),
            "response" => Some(Self::ResponseHeader(name)),
            _ => None,
        }
    }

    /// Whether it is text.
    pub fn is_text(&self) -> bool {
        *self != Self::ResponseCode
    }

    /// Whether Envoy has it in this phase, and the header map too.
    pub fn is_known_in(&self, phase: Phase) -> bool {
        match self {
            Self::ResponseCode | Self::ResponseHeader(_) => phase != Phase::OnRequest,
            _ => phase != Phase::OnResponse,
        }
    }
}

/// What an attribute is for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A number.
    Number(i64),
    /// There is none: an error in every expression but `has`.
    Missing,
    /// Bytes that are no UTF-8: what they are in an expression is the host's affair.
    NotText,
}

impl<'a> Value<'a> {
    fn of(bytes: Cow<'a, [u8]>) -> Self {
        let text = match bytes {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        text.map_or(Self::NotText, Self::Text)
    }

    fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Number(number) => Value::Number(*number),
            Self::Missing => Value::Missing,
            Self::NotText => Value::NotText,
        }
    }
}

/// Where a request's attributes come from.
pub trait Source {
    /// The request's headers; none in a phase that does not have them.
    fn request_headers(&self) -> HeaderView;
    /// The response's headers, likewise.
    fn response_headers(&self) -> HeaderView;
    /// The status of the response.
    fn response_code(&self) -> Option<i64>;
}

/// A request in one phase: each thing about it is fetched once, when somebody asks.
pub struct Observation<'s, S> {
    /// Where it comes from.
    pub source: &'s S,
    request: OnceCell<HeaderView>,
    response: OnceCell<HeaderView>,
    code: OnceCell<Option<i64>>,
    /// The attribute that most conditions speak of: to find it takes longer than to compare it.
    url_path: OnceCell<Value<'static>>,
}

impl<'s, S: Source> Observation<'s, S> {
    /// Nothing is fetched yet.
    pub fn new(source: &'s S) -> Self {
        Self {
            source,
            request: OnceCell::new(),
            response: OnceCell::new(),
            code: OnceCell::new(),
            url_path: OnceCell::new(),
        }
    }

    /// The value of an attribute.
    pub fn value(&self, attribute: &Attribute) -> Value<'_> {
        let bytes = match attribute {
            Attribute::Named(header) => self.request().get(header).map(Cow::Borrowed),
            Attribute::UrlPath => return self.url_path().borrowed(),
            Attribute::Query => self.path().map(|path| Cow::Borrowed(query(path))),
            Attribute::RequestHeader(name) => joined(self.request(), name),
            Attribute::ResponseHeader(name) => joined(self.response(), name),
            Attribute::ResponseCode => {
                let code = *self.code.get_or_init(|| self.source.response_code());
                return code.map_or(Value::Missing, Value::Number);
            }
        };
        bytes.map_or(Value::Missing, Value::of)
    }

    fn url_path(&self) -> &Value<'static> {
        self.url_path.get_or_init(|| {
            let path = self.path().map(|path| before(path, b'?').to_vec());
            path.map_or(Value::Missing, |path| Value::of(Cow::Owned(path)))
        })
    }

    fn request(&self) -> &HeaderView {
        self.request.get_or_init(|| self.source.request_headers())
    }

    fn response(&self) -> &HeaderView {
        self.response.get_or_init(|| self.source.response_headers())
    }

    /// The path; empty where there are headers without one, as Envoy has it.
    fn path(&self) -> Option<&[u8]> {
        let headers = self.request();
        (!headers.is_empty()).then(|| headers.get(":path").unwrap_or_default())
    }
}

/// The part of `path` before the first `end`.
fn before(path: &[u8], end: u8) -> &[u8] {
    path.split(|byte| *byte == end).next().unwrap_or_default()
}

fn query(path: &[u8]) -> &[u8] {
    let behind = path.splitn(2, |byte| *byte == b'?').nth(1);
    before(behind.unwrap_or_default(), b'#')
}

/// All values of a header, with commas between them.
fn joined<'v>(headers: &'v HeaderView, name: &str) -> Option<Cow<'v, [u8]>> {
    let named = headers.iter().filter(|(key, _)| *key == name.as_bytes());
    let mut values = named.map(|(_, value)| value);
    let first = values.next()?;
    let mut all = Cow::Borrowed(first);
    for value in values {
        let all = all.to_mut();
        all.push(b',');
        all.extend_from_slice(value);
    }
    Some(all)
}

#[cfg(test)]
pub(crate) mod tests {
    use extension_common::headers;

    use super::*;

    /// A request as a test writes it.
    #[derive(Default)]
    pub(crate) struct Written {
        pub(crate) request: Vec<(&'static str, &'static [u8])>,
        pub(crate) response: Vec<(&'static str, &'static [u8])>,
        pub(crate) code: Option<i64>,
    }

    fn view(pairs: &[(&'static str, &'static [u8])]) -> HeaderView {
        let pairs = pairs.iter().map(|(name, value)| (name.as_bytes(), *value));
        HeaderView::parse(headers::serialize(pairs)).unwrap()
    }

    impl Source for Written {
        fn request_headers(&self) -> HeaderView {
            view(&self.request)
        }
        fn response_headers(&self) -> HeaderView {
            view(&self.response)
        }
        fn response_code(&self) -> Option<i64> {
            self.code
        }
    }

    fn text(text: &str) -> Value<'_> {
        Value::Text(text.into())
    }

    #[test]
    fn attributes_are_what_envoy_makes_of_headers() {
        let written = Written {
            request: vec![
                (":path", b"/a/b?x=1&y=?#z"),
                (":method", b"GET"),
                ("x-two", b"1"),
                ("x-two", b"2"),
                ("x-bytes", b"\xff"),
                ("x-empty", b""),
            ],
            code: Some(404),
            ..Written::default()
        };
        let seen = Observation::new(&written);
        let field = |object: &str, name: &str| Attribute::field(object, name).unwrap();
        let header = |name: &str| Attribute::header("request", name).unwrap();
        for (attribute, expected) in [
            (field("request", "path"), text("/a/b?x=1&y=?#z")),
            (field("request", "url_path"), text("/a/b")),
            (field("request", "query"), text("x=1&y=?")),
            (field("request", "method"), text("GET")),
            (field("request", "host"), Value::Missing),
            (field("response", "code"), Value::Number(404)),
            (header("X-Two"), text("1,2")),
            (header("x-empty"), text("")),
            (header("x-bytes"), Value::NotText),
            (header("x-none"), Value::Missing),
        ] {
            assert_eq!(seen.value(&attribute), expected, "{attribute:?}");
        }
    }

    #[test]
    fn without_headers_there_is_not_even_a_path() {
        let written = Written::default();
        let seen = Observation::new(&written);
        assert_eq!(seen.value(&Attribute::UrlPath), Value::Missing);
        let written = Written {
            request: vec![(":method", b"GET")],
            ..Written::default()
        };
        let seen = Observation::new(&written);
        assert_eq!(seen.value(&Attribute::UrlPath), text(""));
    }

    #[test]
    fn what_is_no_plain_header_is_left_to_the_host() {
        for name in ["host", "Host", "", "a b", "ü"] {
            assert_eq!(Attribute::header("request", name), None, "{name}");
        }
        assert_eq!(Attribute::header("source", "x"), None);
        assert_eq!(Attribute::field("request", "size"), None);
        assert_eq!(Attribute::field("response", "flags"), None);
    }
}
