//! What a gRPC server says.

/// What a gRPC server says: to a call all of it, to an event of a stream as much as it likes.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.serve_grpc("opa", |request| match request.message() {
///     b"hello" => GrpcReply::of("welcome"),
///     _ => GrpcReply::new().end(7, "not you"),
/// });
/// proxy.configure("configure: call opa hello").unwrap();
/// assert_eq!(proxy.logs().last().unwrap().message, r#"response 0 size 7 "welcome""#);
/// # });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcReply {
    pub(crate) http_status: Option<u16>,
    pub(crate) metadata: Vec<(String, Vec<u8>)>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    pub(crate) status: Option<(u32, Vec<u8>)>,
}

impl GrpcReply {
    /// Nothing yet.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc_stream("opa", |_, event| match event {
    ///     GrpcEvent::Opened | GrpcEvent::Message => GrpcReply::new(),
    ///     GrpcEvent::HalfClosed => GrpcReply::of("that was all").end(0, ""),
    /// });
    /// proxy.configure("configure: stream opa; send one; end two").unwrap();
    /// let messages = proxy.logs().into_iter().filter(|log| log.message.starts_with("message"));
    /// // One for the main thread's VM, and one for the worker's.
    /// assert_eq!(messages.count(), 2);
    /// # });
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// A message.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of(b"\x0a\x00"));
    /// proxy.configure("configure: call opa hello").unwrap();
    /// assert!(proxy.logs().last().unwrap().message.starts_with("response 0 size 2"));
    /// # });
    /// ```
    pub fn of(message: impl AsRef<[u8]>) -> Self {
        Self::new().message(message)
    }

    /// The end, with a [status code](https://grpc.io/docs/guides/status-codes/) and without a message.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::status(5));
    /// proxy.configure("configure: call opa hello").unwrap();
    /// assert_eq!(proxy.logs().last().unwrap().message, "response 5 size 0 nothing");
    /// # });
    /// ```
    pub fn status(code: u32) -> Self {
        Self::new().end(code, "")
    }

    /// What something says that speaks HTTP and no gRPC, such as a gateway without a server: headers
    /// with this status, and the end.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::http(404));
    /// proxy.configure("configure: call opa hello").unwrap();
    /// // To gRPC that is `UNIMPLEMENTED`.
    /// assert_eq!(proxy.logs().last().unwrap().message, "response 12 size 0 nothing");
    /// # });
    /// ```
    pub fn http(status: u16) -> Self {
        Self {
            http_status: Some(status),
            ..Self::default()
        }
    }

    /// Adds initial metadata. It leaves before the first message: later it comes too late.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc_stream("opa", |_, event| match event {
    ///     GrpcEvent::Opened => GrpcReply::new().metadata("x-version", "1"),
    ///     _ => GrpcReply::status(0),
    /// });
    /// proxy.configure("configure: stream opa; half-close").unwrap();
    /// let mut logs = proxy.logs().into_iter();
    /// assert!(logs.any(|log| log.message.starts_with("initial") && log.message.contains("x-version=1")));
    /// # });
    /// ```
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.metadata.push(pair(name, value));
        self
    }

    /// Adds a message.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc_stream("opa", |_, _| GrpcReply::of("one").message("two").end(0, ""));
    /// proxy.configure("configure: stream opa").unwrap();
    /// for message in [r#"message size 3 "one""#, r#"message size 3 "two""#] {
    ///     assert!(proxy.logs().iter().any(|log| log.message == message));
    /// }
    /// # });
    /// ```
    #[must_use]
    pub fn message(mut self, message: impl AsRef<[u8]>) -> Self {
        self.messages.push(message.as_ref().to_vec());
        self
    }

    /// Adds trailing metadata, for the end.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc_stream("opa", |_, _| GrpcReply::status(0).trailer("x-count", "0"));
    /// proxy.configure("configure: stream opa").unwrap();
    /// let mut logs = proxy.logs().into_iter();
    /// assert!(logs.any(|log| log.message.starts_with("trailing") && log.message.contains("x-count=0")));
    /// # });
    /// ```
    #[must_use]
    pub fn trailer(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push(pair(name, value));
        self
    }

    /// Ends the call or stream with a [status code](https://grpc.io/docs/guides/status-codes/) and a
    /// message about it; an empty one is not sent. What says no end ends a call with 0, and leaves
    /// a stream open.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::new().end(7, "not you"));
    /// proxy.configure("configure: call opa hello\nresponse: status").unwrap();
    /// assert!(proxy.logs().last().unwrap().message.starts_with(r#"status Ok((7, Some("not you"#));
    /// # });
    /// ```
    #[must_use]
    pub fn end(mut self, code: u32, message: impl AsRef<[u8]>) -> Self {
        self.status = Some((code, message.as_ref().to_vec()));
        self
    }
}

fn pair(name: impl Into<String>, value: impl AsRef<[u8]>) -> (String, Vec<u8>) {
    (name.into().to_ascii_lowercase(), value.as_ref().to_vec())
}
