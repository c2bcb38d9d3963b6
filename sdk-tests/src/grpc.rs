//! The gRPC servers that a plugin calls.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::callout::Fault;

/// A gRPC call or stream, as the server has seen it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcRequest {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) end: Option<GrpcEnd>,
}

/// How the client's half of a gRPC stream ended.
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
    pub fn service(&self) -> Cow<'_, str> {
        self.path_segment(1)
    }

    /// The method's name: `Check`.
    pub fn method(&self) -> Cow<'_, str> {
        self.path_segment(2)
    }

    fn path_segment(&self, index: usize) -> Cow<'_, str> {
        let path = self.metadata(":path").unwrap_or_default();
        let segment = path.split(|byte| *byte == b'/').nth(index);
        String::from_utf8_lossy(segment.unwrap_or_default())
    }

    /// The first value of a piece of initial metadata.
    pub fn metadata(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// All initial metadata in order, with the headers that gRPC itself needs, such as `:path` and
    /// `grpc-timeout`; names are lower case.
    pub fn all_metadata(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The message of a call, the latest message of a stream; empty if there is none.
    pub fn message(&self) -> &[u8] {
        self.messages.last().map_or(&[], Vec::as_slice)
    }

    /// All messages so far.
    pub fn messages(&self) -> &[Vec<u8>] {
        &self.messages
    }

    /// How the client's half ended; `None`: it is open.
    pub fn end(&self) -> Option<GrpcEnd> {
        self.end
    }
}

/// A call or stream that a gRPC server has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcCall {
    /// The cluster that the plugin called.
    pub cluster: String,
    /// What arrived there.
    pub request: GrpcRequest,
}

/// What happened on a stream that a server has to say something to; see
/// [`Proxy::serve_grpc_stream`](crate::Proxy::serve_grpc_stream).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrpcEvent {
    /// The stream is here, with its metadata.
    Opened,
    /// A message is here: [`GrpcRequest::message`].
    Message,
    /// The client's half is over.
    HalfClosed,
}

/// What a gRPC server says: to a call all of it, to an event of a stream as much as it likes.
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
    pub fn new() -> Self {
        Self::default()
    }

    /// A message.
    pub fn of(message: impl AsRef<[u8]>) -> Self {
        Self::new().message(message)
    }

    /// The end, with a [status code](https://grpc.io/docs/guides/status-codes/) and without a message.
    pub fn status(code: u32) -> Self {
        Self::new().end(code, "")
    }

    /// What something says that speaks HTTP and no gRPC, such as a gateway without a server: headers
    /// with this status, and the end.
    pub fn http(status: u16) -> Self {
        Self {
            http_status: Some(status),
            ..Self::default()
        }
    }

    /// Adds initial metadata. It leaves before the first message: later it comes too late.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.metadata.push(pair(name, value));
        self
    }

    /// Adds a message.
    #[must_use]
    pub fn message(mut self, message: impl AsRef<[u8]>) -> Self {
        self.messages.push(message.as_ref().to_vec());
        self
    }

    /// Adds trailing metadata, for the end.
    #[must_use]
    pub fn trailer(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push(pair(name, value));
        self
    }

    /// Ends the call or stream with a [status code](https://grpc.io/docs/guides/status-codes/) and a
    /// message about it; an empty one is not sent. What says no end ends a call with 0, and leaves
    /// a stream open.
    #[must_use]
    pub fn end(mut self, code: u32, message: impl AsRef<[u8]>) -> Self {
        self.status = Some((code, message.as_ref().to_vec()));
        self
    }
}

fn pair(name: impl Into<String>, value: impl AsRef<[u8]>) -> (String, Vec<u8>) {
    (name.into().to_ascii_lowercase(), value.as_ref().to_vec())
}

/// What is wrong with a call or stream that is open when a scenario ends, and has no timeout.
pub(crate) fn left_open(cluster: &str) -> String {
    format!("a gRPC call or stream to \"{cluster}\" was left open")
}

type Handler = dyn Fn(&GrpcRequest, GrpcEvent) -> GrpcReply + Send + Sync;

/// What is behind a gRPC cluster.
#[derive(Clone)]
pub(crate) enum GrpcServer {
    Answers(Arc<Handler>),
    Fails(Fault),
}

impl GrpcServer {
    /// A server whose methods take the whole request before they answer.
    pub(crate) fn of_calls(
        answer: impl Fn(&GrpcRequest) -> GrpcReply + Send + Sync + 'static,
    ) -> Self {
        Self::Answers(Arc::new(move |request, event| match event {
            GrpcEvent::Opened | GrpcEvent::Message => GrpcReply::new(),
            GrpcEvent::HalfClosed => {
                let mut reply = answer(request);
                if reply.http_status.is_none() {
                    reply.status.get_or_insert_with(Default::default);
                }
                reply
            }
        }))
    }

    /// A server of streams.
    pub(crate) fn of_streams(
        answer: impl Fn(&GrpcRequest, GrpcEvent) -> GrpcReply + Send + Sync + 'static,
    ) -> Self {
        Self::Answers(Arc::new(answer))
    }
}

impl fmt::Debug for GrpcServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers(_) => formatter.write_str("Answers"),
            Self::Fails(fault) => write!(formatter, "Fails({fault:?})"),
        }
    }
}
