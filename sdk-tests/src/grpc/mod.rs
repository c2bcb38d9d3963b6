//! The gRPC servers that a plugin calls.

mod reply;
mod request;

use std::fmt;
use std::sync::Arc;

use crate::callout::Fault;

pub use reply::GrpcReply;
pub use request::{GrpcCall, GrpcEnd, GrpcRequest};

/// What happened on a stream that a server has to say something to; see
/// [`Proxy::serve_grpc_stream`](crate::Proxy::serve_grpc_stream).
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.serve_grpc_stream("opa", |request, event| match event {
///     GrpcEvent::Opened => GrpcReply::new().metadata("x-version", "1"),
///     GrpcEvent::Message => GrpcReply::of(request.message()),
///     GrpcEvent::HalfClosed => GrpcReply::status(0),
/// });
/// proxy.configure("configure: stream opa; end hello").unwrap();
/// assert!(proxy.logs().iter().any(|log| log.message == r#"message size 5 "hello""#));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrpcEvent {
    /// The stream is here, with its metadata.
    Opened,
    /// A message is here: [`GrpcRequest::message`].
    Message,
    /// The client's half is over.
    HalfClosed,
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
