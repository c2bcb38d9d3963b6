//! What a client gets back, and what the upstream saw and said.

use std::borrow::Cow;
use std::time::Duration;

/// The reply to one request.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// let reply = proxy.send(Request::post("/").body("abc"));
/// assert_eq!((reply.status(), reply.body()), (200, &b"abc"[..]));
/// assert_eq!(reply.header("x-greeting"), Some(&b"hello"[..]));
/// assert_eq!(reply.upstream().unwrap().path(), b"/");
/// # });
/// ```
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
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/deny")).status(), 403);
    /// # });
    /// ```
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/"));
    /// assert_eq!(reply.header("X-Greeting"), Some(&b"hello"[..]));
    /// assert_eq!(reply.header("x-other"), None);
    /// # });
    /// ```
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name)
    }

    /// All values of a header.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let twice = UpstreamReply::new(200).header("set-cookie", "a").header("set-cookie", "b");
    /// proxy.upstream_replies(twice);
    /// assert_eq!(proxy.send(Request::get("/")).headers("set-cookie"), [b"a", b"b"]);
    /// # });
    /// ```
    pub fn headers(&self, name: &str) -> Vec<&[u8]> {
        all(&self.headers, name)
    }

    /// All headers in order; names are lower case.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/"));
    /// assert!(reply.all_headers().iter().all(|(name, _)| name != "x-secret"));
    /// # });
    /// ```
    pub fn all_headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The first value of a trailer.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.upstream_replies(UpstreamReply::new(200).body("abc").trailer("x-sum", "3"));
    /// let reply = proxy.send(Request::get("/"));
    /// assert_eq!(reply.trailer("x-sum"), Some(&b"3"[..]));
    /// # });
    /// ```
    pub fn trailer(&self, name: &str) -> Option<&[u8]> {
        first(&self.trailers, name)
    }

    /// The body.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::post("/").body("abc")).body(), b"abc");
    /// # });
    /// ```
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/deny")).text(), "no\n");
    /// # });
    /// ```
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The request as the upstream saw it. `None`: it never got there.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/a?b"));
    /// assert_eq!(reply.upstream().unwrap().path(), b"/a?b");
    /// assert_eq!(proxy.send(Request::get("/deny")).upstream(), None);
    /// # });
    /// ```
    pub fn upstream(&self) -> Option<&UpstreamRequest> {
        self.upstream.as_ref()
    }
}

/// A request as an upstream saw it.
///
/// The pseudo headers `:authority`, `:path`, `:method` and `:scheme` are among the headers, on
/// every host.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// let reply = proxy.send(Request::post("/a?b").body("abc"));
/// let upstream = reply.upstream().unwrap();
/// assert_eq!(upstream.header(":method"), Some(&b"POST"[..]));
/// assert_eq!((upstream.path(), upstream.body()), (&b"/a?b"[..], &b"abc"[..]));
/// # });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamRequest {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

impl UpstreamRequest {
    /// The path with its query.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/a?b"));
    /// let upstream = reply.upstream().unwrap();
    /// assert_eq!(upstream.path(), b"/a?b");
    /// # });
    /// ```
    pub fn path(&self) -> &[u8] {
        self.header(":path").unwrap_or_default()
    }

    /// The first value of a header.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/"));
    /// let upstream = reply.upstream().unwrap();
    /// assert_eq!(upstream.header("x-fixture"), Some(&b"1"[..]));
    /// # });
    /// ```
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        first(&self.headers, name)
    }

    /// All values of a header.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/").header("x-user", "a").header("x-user", "b"));
    /// let upstream = reply.upstream().unwrap();
    /// assert_eq!(upstream.headers("x-user"), [b"a", b"b"]);
    /// # });
    /// ```
    pub fn headers(&self, name: &str) -> Vec<&[u8]> {
        all(&self.headers, name)
    }

    /// All headers in order; names are lower case.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/"));
    /// let upstream = reply.upstream().unwrap();
    /// assert!(upstream.all_headers().iter().any(|(name, _)| name == "x-fixture"));
    /// # });
    /// ```
    pub fn all_headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The first value of a trailer.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::post("/").trailer("x-sum", "3"));
    /// let upstream = reply.upstream().unwrap();
    /// assert_eq!(upstream.trailer("x-sum"), Some(&b"3"[..]));
    /// # });
    /// ```
    pub fn trailer(&self, name: &str) -> Option<&[u8]> {
        first(&self.trailers, name)
    }

    /// The body.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::post("/").chunk("one, ").chunk("two"));
    /// let upstream = reply.upstream().unwrap();
    /// assert_eq!(upstream.body(), b"one, two");
    /// # });
    /// ```
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// What an upstream or a callout server answers; see
/// [`Proxy::upstream_replies`](crate::Proxy::upstream_replies) and [`Proxy::serve`](crate::Proxy::serve).
///
/// ```
/// # use sdk_tests::UpstreamReply;
/// let page = UpstreamReply::new(200)
///     .header("content-type", "text/plain")
///     .body("hello");
/// # drop(page);
/// ```
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
    ///
    /// ```
    /// # use sdk_tests::UpstreamReply;
    /// UpstreamReply::new(404);
    /// ```
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
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve("opa", |request| UpstreamReply::echo(request).header("x-echo", "1"));
    /// # });
    /// ```
    pub fn echo(request: &UpstreamRequest) -> Self {
        Self::new(200).body(&request.body)
    }

    /// Adds a header.
    ///
    /// ```
    /// # use sdk_tests::UpstreamReply;
    /// UpstreamReply::new(302).header("location", "/login");
    /// ```
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.into().to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// The body.
    ///
    /// ```
    /// # use sdk_tests::UpstreamReply;
    /// UpstreamReply::new(200).body("hello");
    /// ```
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Adds a piece to the body, which makes it chunked. A plugin gets each piece in a callback of
    /// its own; a callout's answer is put together first.
    ///
    /// ```
    /// # use sdk_tests::UpstreamReply;
    /// UpstreamReply::new(200).chunk("hel").chunk("lo");
    /// ```
    #[must_use]
    pub fn chunk(mut self, piece: impl AsRef<[u8]>) -> Self {
        self.chunks.push(piece.as_ref().to_vec());
        self
    }

    /// Lets the server take its time. The mock moves its clock; on Envoy the server really waits.
    ///
    /// ```
    /// # use sdk_tests::UpstreamReply;
    /// use std::time::Duration;
    ///
    /// UpstreamReply::new(200).after(Duration::from_secs(2));
    /// ```
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a trailer, which makes the body chunked.
    ///
    /// ```
    /// # use sdk_tests::UpstreamReply;
    /// UpstreamReply::new(200).body("hello").trailer("x-sum", "5");
    /// ```
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
