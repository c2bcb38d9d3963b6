//! The host that the plugin runs in.

use extension_common::{
    expression::Expression,
    headers::HeaderView,
    hostcalls::{self, HostError},
};
use proxy_wasm::types::MapType;

use crate::{
    attribute::Source,
    program::{Host, Refusal},
};

/// The host that the plugin runs in.
pub(super) struct Envoy;

/// A map that cannot be read has no headers.
fn headers(map: MapType) -> HeaderView {
    HeaderView::fetch(map).unwrap_or_default()
}

impl Source for Envoy {
    fn request_headers(&self) -> HeaderView {
        headers(MapType::HttpRequestHeaders)
    }

    fn response_headers(&self) -> HeaderView {
        headers(MapType::HttpResponseHeaders)
    }

    fn response_code(&self) -> Option<i64> {
        let bytes = hostcalls::get_property(&["response", "code"]).ok()??;
        bytes.try_into().ok().map(i64::from_le_bytes)
    }
}

impl Host for Envoy {
    type Expression = Expression;

    fn parse(&self, source: &str) -> Result<Expression, Refusal> {
        Expression::create(source).map_err(|error| match error.status() {
            HostError::NOT_FOUND => Refusal::Unsupported,
            HostError::BAD_ARGUMENT => Refusal::Wrong(format!(
                "{error}: it does not parse, or calls an unknown function (Envoy's log has the \
                 details at level info)"
            )),
            _ => Refusal::Wrong(error.to_string()),
        })
    }

    fn evaluate(&self, expression: &Expression) -> Option<Vec<u8>> {
        expression.evaluate().ok()
    }
}
