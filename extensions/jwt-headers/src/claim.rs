//! Which claim of a token is meant.

use std::borrow::Cow;

use extension_common::json::{Object, Value};

/// Where a claim is.
///
/// A text that begins with `/` is a JSON pointer (RFC 6901). Any other is the name of a claim, taken
/// literally; where there is no such claim, its dots lead into nested objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath {
    text: String,
    /// The pointer's tokens, or the parts between the dots; empty where there are no dots.
    steps: Vec<String>,
    is_pointer: bool,
}

/// What [`ClaimPath::parse`] takes, for error messages.
pub const PATH: &str =
    "the name of a claim, a dotted path such as \"realm_access.roles\", or a JSON pointer";

impl ClaimPath {
    /// Reads a path; `None` where it is empty, or a pointer with a bad escape.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let steps = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescape).collect::<Option<_>>()?,
            None if text.contains('.') => text.split('.').map(str::to_owned).collect(),
            None => Vec::new(),
        };
        Some(Self {
            text: text.to_owned(),
            steps,
            is_pointer: text.starts_with('/'),
        })
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The claim, if it is there and not `null`.
    pub fn find<'v, 'a>(&self, claims: &'v Object<'a>) -> Option<&'v Value<'a>> {
        let literal = if self.is_pointer {
            None
        } else {
            claims.get(&self.text)
        };
        literal
            .or_else(|| self.walk(claims))
            .filter(|value| **value != Value::Null)
    }

    fn walk<'v, 'a>(&self, claims: &'v Object<'a>) -> Option<&'v Value<'a>> {
        let (first, rest) = self.steps.split_first()?;
        rest.iter()
            .try_fold(claims.get(first)?, |value, step| match value {
                Value::Object(object) => object.get(step),
                Value::Array(items) if self.is_pointer => items.get(index(step)?),
                _ => None,
            })
    }
}

/// RFC 6901, section 4: `~1` is a slash, `~0` a tilde.
fn unescape(token: &str) -> Option<String> {
    let mut unescaped = String::new();
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        unescaped.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(unescaped)
}

/// A list's index: digits, without zeros in front.
fn index(step: &str) -> Option<usize> {
    let is_canonical =
        step == "0" || (!step.starts_with('0') && step.bytes().all(|byte| byte.is_ascii_digit()));
    is_canonical.then(|| step.parse().ok()).flatten()
}

/// A value that a claim is compared with: a string, a number or a truth value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// A number, compared as it is written.
    Number(String),
    /// A truth value.
    Bool(bool),
}

impl Scalar {
    fn is(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Text(ours), Value::String(theirs))
            | (Self::Number(ours), Value::Number(theirs)) => ours == theirs,
            (Self::Bool(ours), Value::Bool(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

/// What a claim must be for a token to grant access.
#[derive(Clone, Debug)]
pub struct RequiredClaim {
    /// The claim; it must be there in any case.
    pub claim: ClaimPath,
    /// It must be one of these.
    pub one_of: Option<Vec<Scalar>>,
    /// It must be a list with this in it, or a text with this between its blanks, as `scope` is (RFC
    /// 8693, section 4.2).
    pub contains: Option<Scalar>,
}

impl RequiredClaim {
    /// Whether the claims satisfy it.
    pub fn is_met(&self, claims: &Object<'_>) -> bool {
        let Some(value) = self.claim.find(claims) else {
            return false;
        };
        let is_one = |wanted: &Vec<Scalar>| wanted.iter().any(|scalar| scalar.is(value));
        let contains = |wanted: &Scalar| match value {
            Value::Array(items) => items.iter().any(|item| wanted.is(item)),
            Value::String(text) => text
                .split(' ')
                .any(|word| wanted.is(&Value::String(Cow::Borrowed(word)))),
            _ => false,
        };
        self.one_of.as_ref().is_none_or(is_one) && self.contains.as_ref().is_none_or(contains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extension_common::json;

    const CLAIMS: &str = r#"{
        "sub": "alice", "a.b": "literal", "a": {"b": "nested", "c": {"d": 7}},
        "realm_access": {"roles": ["x", "y"]}, "https://x.example/role": "r",
        "sl/ash": 1, "til~de": 2, "": 3, "nothing": null, "list": [[1], {"k": "v"}],
        "scope": "read write", "level": 3, "on": true
    }"#;

    fn find(path: &str) -> Option<String> {
        let Ok(Value::Object(claims)) = json::parse(CLAIMS.as_bytes(), 8) else {
            panic!()
        };
        ClaimPath::parse(path)
            .unwrap()
            .find(&claims)
            .map(Value::to_json)
    }

    #[test]
    fn a_name_is_literal_before_its_dots_lead_anywhere() {
        for (path, found) in [
            ("sub", Some("\"alice\"")),
            ("a.b", Some("\"literal\"")),
            ("a.c.d", Some("7")),
            ("realm_access.roles", Some(r#"["x","y"]"#)),
            ("realm_access.roles.0", None),
            ("https://x.example/role", Some("\"r\"")),
            ("sub.x", None),
            ("a.", None),
            ("missing", None),
            ("nothing", None),
        ] {
            assert_eq!(find(path).as_deref(), found, "{path}");
        }
    }

    #[test]
    fn a_pointer_leads_where_rfc_6901_says() {
        for (path, found) in [
            ("/sub", Some("\"alice\"")),
            ("/a/b", Some("\"nested\"")),
            ("/a.b", Some("\"literal\"")),
            ("/realm_access/roles/1", Some("\"y\"")),
            ("/realm_access/roles/01", None),
            ("/realm_access/roles/2", None),
            ("/realm_access/roles/-", None),
            ("/list/1/k", Some("\"v\"")),
            ("/https:~1~1x.example~1role", Some("\"r\"")),
            ("/sl~1ash", Some("1")),
            ("/til~0de", Some("2")),
            ("/", Some("3")),
        ] {
            assert_eq!(find(path).as_deref(), found, "{path}");
        }
        for bad in ["", "/~", "/~2", "/a~"] {
            assert_eq!(ClaimPath::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn required_claims_compare_values_of_one_type() {
        let Ok(Value::Object(claims)) = json::parse(CLAIMS.as_bytes(), 8) else {
            panic!()
        };
        let text = |text: &str| Scalar::Text(text.into());
        let is_met = |path: &str, one_of: Option<Vec<Scalar>>, contains: Option<Scalar>| {
            RequiredClaim {
                claim: ClaimPath::parse(path).unwrap(),
                one_of,
                contains,
            }
            .is_met(&claims)
        };
        assert!(is_met("sub", None, None));
        assert!(!is_met("nothing", None, None));
        assert!(!is_met("missing", None, None));
        assert!(is_met("sub", Some(vec![text("bob"), text("alice")]), None));
        assert!(!is_met("sub", Some(vec![text("bob")]), None));
        assert!(is_met(
            "level",
            Some(vec![Scalar::Number("3".into())]),
            None
        ));
        assert!(!is_met("level", Some(vec![text("3")]), None));
        assert!(is_met("on", Some(vec![Scalar::Bool(true)]), None));
        assert!(!is_met("on", Some(vec![text("true")]), None));
        assert!(is_met("realm_access.roles", None, Some(text("y"))));
        assert!(!is_met("realm_access.roles", None, Some(text("z"))));
        assert!(is_met("scope", None, Some(text("write"))));
        assert!(!is_met("scope", None, Some(text("writ"))));
        assert!(!is_met("level", None, Some(Scalar::Number("3".into()))));
    }
}
