//! What a gRPC server has seen.

use std::borrow::Cow;

/// A gRPC call or stream, as the server has seen it so far.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.serve_grpc("opa", |request: &GrpcRequest| GrpcReply::of(request.message()));
/// // As soon as it is configured, the plugin calls `opa`, and then logs the answer.
/// proxy.configure("configure: call opa hello").unwrap();
/// assert_eq!(proxy.logs().last().unwrap().message, r#"response 0 size 5 "hello""#);
/// # });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcRequest {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) end: Option<GrpcEnd>,
}

/// How the client's half of a gRPC stream ended.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.serve_grpc_fault("opa", Fault::Timeout);
/// // The plugin calls, and waits for 300 ms.
/// proxy.configure("configure: call opa hello 300").unwrap();
/// proxy.advance(std::time::Duration::from_secs(1));
/// assert_eq!(proxy.grpc_calls()[0].request.end(), Some(GrpcEnd::Reset));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrpcEnd {
    /// All messages are here. The half of a call ends with its only message.
    HalfClosed,
    /// The client reset the stream before the server had ended it: a plugin does so when it cancels,
    /// the proxy when the time is over or the plugin's VM goes.
    Reset,
}

impl GrpcRequest {
    /// The service's full name: `envoy.service.auth.v3.Authorization`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
    /// proxy.configure("configure: call opa hello").unwrap();
    /// assert_eq!(proxy.grpc_calls()[0].request.service(), "test.Service");
    /// # });
    /// ```
    pub fn service(&self) -> Cow<'_, str> {
        self.path_segment(1)
    }

    /// The method's name: `Check`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |request| match &*request.method() {
    ///     "Method" => GrpcReply::of("welcome"),
    ///     _ => GrpcReply::status(12),
    /// });
    /// proxy.configure("configure: call opa hello").unwrap();
    /// assert!(proxy.logs().last().unwrap().message.contains("welcome"));
    /// # });
    /// ```
    pub fn method(&self) -> Cow<'_, str> {
        self.path_segment(2)
    }

    fn path_segment(&self, index: usize) -> Cow<'_, str> {
        let path = self.metadata(":path").unwrap_or_default();
        let segment = path.split(|byte| *byte == b'/').nth(index);
        String::from_utf8_lossy(segment.unwrap_or_default())
    }

    /// The first value of a piece of initial metadata.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
    /// proxy.configure("configure: call-with opa X-User alice").unwrap();
    /// let calls = proxy.grpc_calls();
    /// assert_eq!(calls[0].request.metadata("x-user"), Some(&b"alice"[..]));
    /// assert_eq!(calls[0].request.metadata("x-other"), None);
    /// # });
    /// ```
    pub fn metadata(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// All initial metadata in order, with the headers that gRPC itself needs, such as `:path` and
    /// `grpc-timeout`; names are lower case.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
    /// proxy.configure("configure: call-with opa X-User alice").unwrap();
    /// let calls = proxy.grpc_calls();
    /// let names = calls[0].request.all_metadata().iter().map(|(name, _)| name.as_str());
    /// let ours: Vec<_> = names.filter(|name| name.starts_with("x-user")).collect();
    /// assert_eq!(ours, ["x-user"]);
    /// # });
    /// ```
    pub fn all_metadata(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The message of a call, the latest message of a stream; empty if there is none.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
    /// proxy.configure("configure: call opa hello").unwrap();
    /// assert_eq!(proxy.grpc_calls()[0].request.message(), b"hello");
    /// # });
    /// ```
    pub fn message(&self) -> &[u8] {
        self.messages.last().map_or(&[], Vec::as_slice)
    }

    /// All messages so far.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
    /// proxy.configure("configure: stream opa; send one; end two").unwrap();
    /// assert_eq!(proxy.grpc_calls()[0].request.messages(), [b"one", b"two"]);
    /// # });
    /// ```
    pub fn messages(&self) -> &[Vec<u8>] {
        &self.messages
    }

    /// How the client's half ended; `None`: it is open.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
    /// proxy.configure("configure: call opa hello").unwrap();
    /// assert_eq!(proxy.grpc_calls()[0].request.end(), Some(GrpcEnd::HalfClosed));
    /// # });
    /// ```
    pub fn end(&self) -> Option<GrpcEnd> {
        self.end
    }
}

/// A call or stream that a gRPC server has seen.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
/// proxy.configure("configure: call opa hello").unwrap();
/// let call: &GrpcCall = &proxy.grpc_calls()[0];
/// assert_eq!((&*call.cluster, call.request.message()), ("opa", &b"hello"[..]));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcCall {
    /// The cluster that the plugin called.
    pub cluster: String,
    /// What arrived there.
    pub request: GrpcRequest,
}
