//! `input`: what a policy gets to know of a request.

use extension_common::{config::ConfigError, headers::HeaderName};
use serde::Deserialize;

/// See `ConfigJson::input`.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct InputJson {
    /// The shape of the document. Default: `envoy`.
    form: Form,
    /// The request headers in it, pseudo-headers such as `:path` among them. Default: all. With the
    /// form `legacy` there are none.
    headers: Option<Vec<String>>,
    /// The request body in it. Default: no body. Needs `allow_on_headers_stop_iteration: true` in
    /// the proxy's plugin config.
    body: Option<BodyJson>,
}

/// See `InputJson::form`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The document that opa-envoy-plugin builds.
    #[default]
    Envoy,
    /// The four fields of the older C++ filter: `source_principal`, `destination_workload`,
    /// `request_method` and `request_url_path`.
    Legacy,
}

/// See `InputJson::body`.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct BodyJson {
    /// How much of it: 1 to 1048576. What is longer is cut, and the policy told so.
    max_bytes: usize,
    /// Bodies of these types: the beginning of a `content-type`. Default: `application/json`,
    /// `application/x-www-form-urlencoded` and `multipart/form-data`.
    content_types: Option<Vec<String>>,
}

/// More is not buffered by Envoy by default.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What a policy gets to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRules {
    /// The shape of the document.
    pub form: Form,
    /// Which request headers.
    pub headers: HeaderChoice,
    /// Which bodies, if any.
    pub body: Option<BodyRules>,
}

/// Which request headers a document holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderChoice {
    /// Every one.
    All,
    /// Those of these names, in lower case.
    Listed(Vec<String>),
}

impl HeaderChoice {
    /// Whether the header `name` (lower-case) is in the document.
    pub fn contains(&self, name: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Listed(names) => names.iter().any(|listed| listed.as_bytes() == name),
        }
    }
}

/// Which request bodies a document holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyRules {
    /// How much of a body.
    pub max_bytes: usize,
    /// What their `content-type` begins with, in lower case.
    pub content_types: Vec<String>,
}

impl BodyRules {
    /// Whether bodies of this type are wanted.
    pub fn wants(&self, content_type: &[u8]) -> bool {
        self.content_types.iter().any(|wanted| {
            content_type
                .get(..wanted.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(wanted.as_bytes()))
        })
    }
}

impl InputJson {
    /// What the older filter sent.
    pub(super) fn legacy() -> Self {
        Self {
            form: Form::Legacy,
            ..Self::default()
        }
    }

    pub(super) fn validate(self) -> Result<InputRules, ConfigError> {
        if self.form == Form::Legacy {
            let others = [
                ("input.headers", self.headers.is_some()),
                ("input.body", self.body.is_some()),
            ];
            if let Some((field, _)) = others.into_iter().find(|(_, is_there)| *is_there) {
                let expected = "nothing: the form \"legacy\" has neither headers nor a body";
                return Err(ConfigError::expected(field, expected));
            }
        }
        Ok(InputRules {
            form: self.form,
            headers: headers(self.headers)?,
            body: self.body.map(BodyJson::validate).transpose()?,
        })
    }
}

fn headers(names: Option<Vec<String>>) -> Result<HeaderChoice, ConfigError> {
    let Some(names) = names else {
        return Ok(HeaderChoice::All);
    };
    let mut listed = Vec::new();
    for (index, name) in names.iter().enumerate() {
        listed.push(header_name(&format!("input.headers[{index}]"), name)?);
    }
    Ok(HeaderChoice::Listed(listed))
}

/// The name of a header or a pseudo-header, in lower case.
pub(super) fn header_name(field: &str, name: &str) -> Result<String, ConfigError> {
    const PSEUDO: [&str; 4] = [":authority", ":method", ":path", ":scheme"];
    if PSEUDO.contains(&name) {
        return Ok(name.to_owned());
    }
    HeaderName::new(name)
        .map(|name| name.as_str().to_owned())
        .ok_or_else(|| {
            let expected = "the name of a header, or :authority, :method, :path or :scheme";
            ConfigError::invalid(field, name, expected)
        })
}

impl BodyJson {
    fn validate(self) -> Result<BodyRules, ConfigError> {
        if !(1..=MAX_BODY_BYTES).contains(&self.max_bytes) {
            let expected = format!("1 to {MAX_BODY_BYTES}");
            return Err(ConfigError::invalid(
                "input.body.max_bytes",
                self.max_bytes,
                expected,
            ));
        }
        let content_types = match self.content_types {
            Some(types) => types,
            None => [
                "application/json",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
            ]
            .map(str::to_owned)
            .into(),
        };
        for (index, content_type) in content_types.iter().enumerate() {
            if !content_type.contains('/') {
                return Err(ConfigError::invalid(
                    format!("input.body.content_types[{index}]"),
                    content_type,
                    "the beginning of a media type, such as \"application/json\" or \"text/\"",
                ));
            }
        }
        Ok(BodyRules {
            max_bytes: self.max_bytes,
            content_types: content_types
                .iter()
                .map(|text| text.to_ascii_lowercase())
                .collect(),
        })
    }
}
