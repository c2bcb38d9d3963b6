//! One gRPC stream at the server.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

use super::messages::{Messages, frame};
use super::visitors::{Visitor, Visitors};
use crate::grpc::{GrpcEvent, GrpcReply};

/// Whether the server has ended the stream.
type Ended = bool;

/// Lets the server see a stream and answer it.
pub(super) async fn serve(
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    visitors: Arc<Visitors>,
) -> Result<(), h2::Error> {
    let (head, mut body) = request.into_parts();
    let mut visitor = visitors.open(headers(&head));
    let mut answer = Answer {
        respond,
        stream: None,
    };
    let served = talk(&mut visitor, &mut answer, &mut body).await;
    match served {
        Ok(true) => drop(visitor),
        // The client's half is over and the server's is not: only the client can end that.
        Ok(false) => {
            drop(answer.reset().await);
            visitor.reset();
        }
        Err(_) => visitor.reset(),
    }
    served.map(drop)
}

async fn talk(
    visitor: &mut Visitor,
    answer: &mut Answer,
    body: &mut RecvStream,
) -> Result<Ended, h2::Error> {
    if answer.say(visitor.event(GrpcEvent::Opened, None))? {
        return Ok(true);
    }
    let mut messages = Messages::default();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        messages.push(&data);
        while let Some(message) = messages.next() {
            if answer.say(visitor.event(GrpcEvent::Message, Some(message)))? {
                return Ok(true);
            }
        }
    }
    answer.say(visitor.event(GrpcEvent::HalfClosed, None))
}

/// The server's half.
struct Answer {
    respond: SendResponse<Bytes>,
    /// Since the headers left.
    stream: Option<SendStream<Bytes>>,
}

impl Answer {
    fn say(&mut self, reply: GrpcReply) -> Result<Ended, h2::Error> {
        if let Some(status) = reply.http_status {
            self.head(status, HeaderMap::new(), true)?;
            return Ok(true);
        }
        let trailers = reply.status.map(|(code, message)| {
            let mut trailers = map(&reply.trailers);
            trailers.insert("grpc-status", HeaderValue::from(code));
            if !message.is_empty() {
                trailers.insert("grpc-message", value(&message));
            }
            trailers
        });
        let has_body = !reply.metadata.is_empty() || !reply.messages.is_empty();
        if self.stream.is_none() && has_body {
            self.head(200, map(&reply.metadata), false)?;
        }
        for message in reply.messages {
            if let Some(stream) = &mut self.stream {
                stream.send_data(frame(&message), false)?;
            }
        }
        match (trailers, &mut self.stream) {
            (None, _) => return Ok(false),
            (Some(trailers), Some(stream)) => stream.send_trailers(trailers)?,
            (Some(trailers), None) => self.head(200, trailers, true)?,
        }
        Ok(true)
    }

    fn head(&mut self, status: u16, headers: HeaderMap, end: bool) -> Result<(), h2::Error> {
        if self.stream.is_some() {
            return Ok(());
        }
        let mut response = Response::new(());
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/grpc"),
        );
        response.headers_mut().extend(headers);
        self.stream = Some(self.respond.send_response(response, end)?);
        Ok(())
    }

    /// Waits until the client resets the stream.
    async fn reset(&mut self) -> Result<Reason, h2::Error> {
        match &mut self.stream {
            Some(stream) => poll_fn(|context| stream.poll_reset(context)).await,
            None => poll_fn(|context| self.respond.poll_reset(context)).await,
        }
    }
}

fn map(pairs: &[(String, Vec<u8>)]) -> HeaderMap {
    let pair = |(name, bytes): &(String, Vec<u8>)| {
        let name: HeaderName = name.parse().expect("a header's name");
        (name, value(bytes))
    };
    pairs.iter().map(pair).collect()
}

fn value(bytes: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(bytes).expect("a header's value")
}

/// The headers of a request, with the pseudo headers first.
fn headers(head: &http::request::Parts) -> Vec<(String, Vec<u8>)> {
    let uri = &head.uri;
    let pseudo = [
        (":authority", uri.authority().map(|part| part.as_str())),
        (":path", uri.path_and_query().map(|part| part.as_str())),
        (":method", Some(head.method.as_str())),
        (":scheme", uri.scheme_str()),
    ];
    let pseudo = pseudo
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.as_bytes().to_vec())));
    let fields = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    pseudo.chain(fields).collect()
}
