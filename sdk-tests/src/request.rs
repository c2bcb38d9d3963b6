//! What a client sends.

/// An HTTP request, exact to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(crate) method: String,
    pub(crate) path: Vec<u8>,
    pub(crate) authority: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

impl Request {
    /// A request with any method. `path` goes out as it is, query included.
    pub fn new(method: impl Into<String>, path: impl AsRef<[u8]>) -> Self {
        Self {
            method: method.into(),
            path: path.as_ref().to_vec(),
            authority: Some(b"example.test".to_vec()),
            headers: Vec::new(),
            body: None,
            trailers: Vec::new(),
        }
    }

    /// A `GET`.
    pub fn get(path: impl AsRef<[u8]>) -> Self {
        Self::new("GET", path)
    }

    /// A `POST`; see [`Request::body`].
    pub fn post(path: impl AsRef<[u8]>) -> Self {
        Self::new("POST", path)
    }

    /// A `HEAD`.
    pub fn head(path: impl AsRef<[u8]>) -> Self {
        Self::new("HEAD", path)
    }

    /// Adds a header; one of the same name stays. The value may be any bytes that a header can
    /// hold.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Whom the request is for: the `Host` header. `example.test` unless set.
    #[must_use]
    pub fn authority(mut self, authority: impl AsRef<[u8]>) -> Self {
        self.authority = Some(authority.as_ref().to_vec());
        self
    }

    /// Sends no `Host` header.
    #[must_use]
    pub fn without_authority(mut self) -> Self {
        self.authority = None;
        self
    }

    /// The body, announced by a `content-length`.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// Adds a trailer, which makes the body chunked.
    #[must_use]
    pub fn trailer(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn is_chunked(&self) -> bool {
        !self.trailers.is_empty()
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
