//! Local replies: answers that the proxy gives itself, prepared at configure time.

use crate::{
    headers::{self, HeaderName, HeaderView},
    hostcalls::{self, HostError},
};

/// An answer to a client that never reaches the upstream.
#[derive(Clone, Debug)]
pub struct LocalReply {
    status: u32,
    details: &'static str,
    /// In the ABI's serialized form.
    headers: Vec<u8>,
    body: Vec<u8>,
}

impl LocalReply {
    /// An answer with this status code; `details` is what `%RESPONSE_CODE_DETAILS%` shows of it:
    /// one word, without spaces.
    pub fn new(status: u16, details: &'static str) -> Self {
        Self {
            status: status.into(),
            details,
            headers: headers::serialize([]),
            body: Vec::new(),
        }
    }

    /// Adds a header; `None` where the value holds a control character, which would split the
    /// response (Envoy does not check).
    pub fn header(mut self, name: HeaderName, value: impl Into<Vec<u8>>) -> Option<Self> {
        let value = value.into();
        if !headers::is_valid_value(&value) {
            return None;
        }
        let so_far = HeaderView::parse(self.headers)?;
        let added = (name.as_str().as_bytes(), value.as_slice());
        self.headers = headers::serialize(so_far.iter().chain([added]));
        Some(self)
    }

    /// Sets the body; Envoy gives it the content type `text/plain` where no header says otherwise.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it. The callback that does so then returns `Action::Pause`.
    pub fn send(&self) -> Result<(), HostError> {
        const NO_GRPC_STATUS: i32 = -1;
        hostcalls::send_local_response(
            self.status,
            self.details,
            &self.body,
            &self.headers,
            NO_GRPC_STATUS,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_would_split_the_response_is_refused() {
        let reply = LocalReply::new(401, "test");
        let name = HeaderName::new("www-authenticate").unwrap();
        assert!(
            reply
                .clone()
                .header(name.clone(), "Basic realm=\"a\"")
                .is_some()
        );
        assert!(
            reply
                .header(name, "Basic realm=\"a\"\r\nset-cookie: a=b")
                .is_none()
        );
    }
}
