//! What a client sends.

/// An HTTP request, exact to the byte.
///
/// ```
/// # use sdk_tests::Request;
/// let request = Request::post("/items?id=1")
///     .header("x-user", b"\xff\xfe")
///     .chunk("one, ")
///     .chunk("two")
///     .trailer("x-sum", "3");
/// # drop(request);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(crate) method: String,
    pub(crate) path: Vec<u8>,
    pub(crate) authority: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
    /// Pieces of a body that is sent in chunks.
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    pub(crate) worker: usize,
}

impl Request {
    /// A request with any method. `path` goes out as it is, query included.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::new("DELETE", "/items?id=1");
    /// ```
    pub fn new(method: impl Into<String>, path: impl AsRef<[u8]>) -> Self {
        Self {
            method: method.into(),
            path: path.as_ref().to_vec(),
            authority: Some(b"example.test".to_vec()),
            headers: Vec::new(),
            body: None,
            chunks: Vec::new(),
            trailers: Vec::new(),
            worker: 0,
        }
    }

    /// A `GET`.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::get("/items?id=1");
    /// ```
    pub fn get(path: impl AsRef<[u8]>) -> Self {
        Self::new("GET", path)
    }

    /// A `POST`; see [`Request::body`].
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::post("/items").body("one, two");
    /// ```
    pub fn post(path: impl AsRef<[u8]>) -> Self {
        Self::new("POST", path)
    }

    /// A `HEAD`.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::head("/items");
    /// ```
    pub fn head(path: impl AsRef<[u8]>) -> Self {
        Self::new("HEAD", path)
    }

    /// Adds a header; one of the same name stays. The value may be any bytes that a header can
    /// hold.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::get("/").header("x-user", "alice").header("x-user", b"\xff");
    /// ```
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Whom the request is for: the `Host` header. `example.test` unless set.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::get("/").authority("shop.example:8443");
    /// ```
    #[must_use]
    pub fn authority(mut self, authority: impl AsRef<[u8]>) -> Self {
        self.authority = Some(authority.as_ref().to_vec());
        self
    }

    /// Sends no `Host` header.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::get("/").without_authority();
    /// ```
    #[must_use]
    pub fn without_authority(mut self) -> Self {
        self.authority = None;
        self
    }

    /// The body, announced by a `content-length`.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::post("/items").body("one, two");
    /// ```
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// Adds a piece to the body, which makes it chunked. Each piece is on its way for itself: the
    /// plugin gets it in a callback of its own.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::post("/items").chunk("one, ").chunk("two");
    /// ```
    #[must_use]
    pub fn chunk(mut self, piece: impl AsRef<[u8]>) -> Self {
        self.chunks.push(piece.as_ref().to_vec());
        self
    }

    /// The worker that serves it; the first, 0, unless set. See
    /// [`Proxy::workers`](crate::Proxy::workers).
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::get("/").on_worker(1);
    /// ```
    #[must_use]
    pub fn on_worker(mut self, worker: usize) -> Self {
        self.worker = worker;
        self
    }

    /// Adds a trailer, which makes the body chunked.
    ///
    /// ```
    /// # use sdk_tests::Request;
    /// Request::post("/items").body("one, two").trailer("x-sum", "3");
    /// ```
    #[must_use]
    pub fn trailer(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn is_chunked(&self) -> bool {
        !self.trailers.is_empty() || !self.chunks.is_empty()
    }

    /// Whether the headers are all there is.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_body()
    }

    pub(crate) fn has_body(&self) -> bool {
        self.is_chunked() || self.body.as_ref().is_some_and(|body| !body.is_empty())
    }

    /// The body as it arrives.
    pub(crate) fn pieces(&self) -> Vec<Vec<u8>> {
        let pieces = self.body.iter().chain(&self.chunks);
        pieces.filter(|piece| !piece.is_empty()).cloned().collect()
    }

    /// The header fields as they go out after `Host`.
    pub(crate) fn fields(&self) -> Vec<(String, Vec<u8>)> {
        let mut fields = self.headers.clone();
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        if self.is_chunked() {
            fields.push(("transfer-encoding".to_owned(), b"chunked".to_vec()));
        } else if let Some(body) = &self.body
            && !has("content-length")
            && !has("transfer-encoding")
        {
            fields.push((
                "content-length".to_owned(),
                body.len().to_string().into_bytes(),
            ));
        }
        fields
    }
}
