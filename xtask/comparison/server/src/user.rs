//! Who may pass, and what both protocols say of it.

use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy_types::pb::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use envoy_types::pb::envoy::r#type::v3::{HttpStatus, StatusCode};
use tonic::metadata::MetadataMap;

/// The one user.
pub(crate) struct User {
    /// What the client has to send.
    pub(crate) authorization: Vec<u8>,
    /// What the upstream is told.
    pub(crate) name: String,
}

impl User {
    /// Whether these are right: the values of all headers `authorization`.
    pub(crate) fn is_right<'a>(&self, mut given: impl Iterator<Item = &'a [u8]>) -> bool {
        given.next() == Some(&*self.authorization) && given.next().is_none()
    }

    /// The header for the upstream, if the filter's configuration asks for it.
    pub(crate) fn told(&self, asked_by: &MetadataMap) -> Option<HeaderValueOption> {
        let is_asked_for = asked_by.contains_key("tell-user");
        is_asked_for.then(|| header("x-user", &self.name))
    }
}

/// What a refused client is told.
pub(crate) fn challenge() -> HeaderValueOption {
    header("www-authenticate", "Basic")
}

pub(crate) fn unauthorized() -> HttpStatus {
    HttpStatus {
        code: StatusCode::Unauthorized.into(),
    }
}

fn header(name: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: name.to_owned(),
            value: value.to_owned(),
            ..HeaderValue::default()
        }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_header_with_the_one_value_is_right() {
        let user = User {
            authorization: b"Basic x".to_vec(),
            name: "alice".to_owned(),
        };
        let is_right = |given: &[&'static str]| user.is_right(given.iter().map(|v| v.as_bytes()));
        assert!(is_right(&["Basic x"]));
        assert!(!is_right(&[]));
        assert!(!is_right(&["Basic y"]));
        assert!(!is_right(&["Basic x", "Basic y"]));
    }
}
