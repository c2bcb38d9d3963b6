//! What a client gets back, and what the upstream saw and said.

use std::borrow::Cow;
use std::time::Duration;

/// The reply to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    pub(crate) upstream: Option<UpstreamRequest>,
}

impl Reply {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name)
    }

    /// All values of a header.
    pub fn headers(&self, name: &str) -> Vec<&[u8]> {
        all(&self.headers, name)
    }

    /// All headers in order; names are lower case.
    pub fn all_headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The first value of a trailer.
    pub fn trailer(&self, name: &str) -> Option<&[u8]> {
        first(&self.trailers, name)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The request as the upstream saw it. `None`: it never got there.
    pub fn upstream(&self) -> Option<&UpstreamRequest> {
        self.upstream.as_ref()
    }
}

/// A request as an upstream saw it.
///
/// The pseudo headers `:authority`, `:path`, `:method` and `:scheme` are among the headers, on
/// every host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamRequest {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

impl UpstreamRequest {
    /// The path with its query.
    pub fn path(&self) -> &[u8] {
        self.header(":path").unwrap_or_default()
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name)
    }

    /// All values of a header.
    pub fn headers(&self, name: &str) -> Vec<&[u8]> {
        all(&self.headers, name)
    }

    /// All headers in order; names are lower case.
    pub fn all_headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The first value of a trailer.
    pub fn trailer(&self, name: &str) -> Option<&[u8]> {
        first(&self.trailers, name)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// What an upstream or a callout server answers; see
/// [`Proxy::upstream_replies`](crate::Proxy::upstream_replies) and [`Proxy::serve`](crate::Proxy::serve).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamReply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// Pieces of a body that is sent in chunks.
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) delay: Duration,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

impl UpstreamReply {
    /// A reply with this status, without headers or a body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            chunks: Vec::new(),
            delay: Duration::ZERO,
            trailers: Vec::new(),
        }
    }

    /// The echo: 200 with the body of the request.
    pub fn echo(request: &UpstreamRequest) -> Self {
        Self::new(200).body(&request.body)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.into().to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// The body.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Adds a piece to the body, which makes it chunked. A plugin gets each piece in a callback of
    /// its own; a callout's answer is put together first.
    #[must_use]
    pub fn chunk(mut self, piece: impl AsRef<[u8]>) -> Self {
        self.chunks.push(piece.as_ref().to_vec());
        self
    }

    /// Lets the server take its time. The mock moves its clock; on Envoy the server really waits.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a trailer, which makes the body chunked.
    #[must_use]
    pub fn trailer(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.trailers
            .push((name.into().to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn is_chunked(&self) -> bool {
        !self.trailers.is_empty() || !self.chunks.is_empty()
    }

    /// The body as it arrives.
    pub(crate) fn pieces(&self) -> Vec<Vec<u8>> {
        let pieces = std::iter::once(&self.body).chain(&self.chunks);
        pieces.filter(|piece| !piece.is_empty()).cloned().collect()
    }
}

fn first<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Option<&'a [u8]> {
    headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}

fn all<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Vec<&'a [u8]> {
    headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
        .collect()
}
