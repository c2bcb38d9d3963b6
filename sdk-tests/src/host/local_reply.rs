//! Replies that the proxy makes itself: a plugin's, or one of its own.

use super::maps::HeaderMap;

/// A reply that does not come from an upstream.
#[derive(Clone, Debug)]
pub struct LocalReply {
    /// The status code.
    pub status: u32,
    /// Headers besides those that the proxy sets.
    pub headers: HeaderMap,
    /// The body, or the message of a gRPC reply.
    pub body: Vec<u8>,
    /// The gRPC status; negative if the plugin gave none.
    pub grpc_status: i32,
    /// What the property `response.code_details` says of it.
    pub details: String,
}

impl LocalReply {
    /// A reply of the proxy itself, without a body.
    pub fn bare(status: u32) -> Self {
        Self {
            status,
            headers: HeaderMap::default(),
            body: Vec::new(),
            grpc_status: -1,
            details: String::new(),
        }
    }

    /// The same with details.
    #[must_use]
    pub fn because(mut self, details: &str) -> Self {
        details.clone_into(&mut self.details);
        self
    }

    /// What the proxy says of a message that it cannot send on.
    pub fn missing(status: u32, header: &str) -> Self {
        Self {
            body: format!("missing required header: {header}").into_bytes(),
            ..Self::bare(status)
        }
    }

    /// The response that Envoy makes of it: headers and body. A gRPC client gets a gRPC status.
    pub fn into_response(self, to_grpc_client: bool) -> (HeaderMap, Vec<u8>) {
        let mut headers = HeaderMap::response();
        headers.add(":status", self.status.to_string());
        let of_plugin = self.headers.entries().iter();
        for (name, value) in of_plugin.filter(|(name, _)| name != ":status") {
            headers.add(name, value.clone());
        }
        headers.remove("content-length");
        if to_grpc_client {
            let status = self.grpc_status;
            let status = if status < 0 {
                grpc_status_of(self.status)
            } else {
                status
            };
            headers.replace(":status", "200");
            headers.replace("content-type", "application/grpc");
            headers.replace("grpc-status", status.to_string());
            if !self.body.is_empty() {
                headers.replace("grpc-message", percent_encoded(&self.body));
            }
            return (headers, Vec::new());
        }
        if !self.body.is_empty() {
            headers.replace("content-length", self.body.len().to_string());
            if headers.get("content-type").is_none() {
                headers.add("content-type", "text/plain");
            }
        }
        (headers, self.body)
    }
}

/// The gRPC status for an HTTP status, as <https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md> has it.
pub(super) fn grpc_status_of(status: u32) -> i32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// A gRPC message as a header value: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
fn percent_encoded(message: &[u8]) -> String {
    let encoded = |byte: &u8| match byte {
        b' '..=b'~' if *byte != b'%' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    message.iter().map(encoded).collect()
}
