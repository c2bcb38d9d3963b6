//! What leaves for the servers, and what they say to it.

use super::arrivals::Content;
use super::{CALL, Grpc, KIND, Root, wire};
use crate::callout::Fault;
use crate::grpc::{GrpcCall, GrpcEnd, GrpcEvent, GrpcReply, GrpcRequest, GrpcServer};
use crate::host::HeaderMap;

/// What Envoy says of a connection that is refused.
const REFUSED: &str = "upstream connect error or disconnect/reset before headers. \
                       reset reason: remote connection failure";
const REFUSED_DETAILS: &str = "upstream_reset_before_response_started{remote_connection_failure|\
                               delayed_connect_error:_Connection_refused}";

/// Behind every status that comes from a server.
const FROM_SERVER: &str = "via_upstream";

/// Something on its way to a server.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) root: Root,
    pub(super) token: u32,
    what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Open(Vec<(String, Vec<u8>)>),
    Message(Vec<u8>),
    HalfClose,
}

impl Grpc {
    pub(super) fn depart(&mut self, token: u32, what: What) {
        if let Some(open) = self.open.get(&token) {
            let root = open.root;
            self.departures.push(Departure { root, token, what });
        }
    }

    /// Sends what the callback that has returned has left.
    pub(crate) fn send(&mut self, now: u64) {
        for departure in std::mem::take(&mut self.departures) {
            let token = departure.token;
            let Some(open) = self.open.get_mut(&token).filter(|open| !open.ending) else {
                continue;
            };
            if Self::fault(&open.server) == Some(Fault::Refused) {
                self.refuse(token, now);
                continue;
            }
            let event = match departure.what {
                What::Open(headers) => {
                    open.seen = Some(self.seen.len());
                    self.seen.push(GrpcCall {
                        cluster: open.cluster.clone(),
                        request: GrpcRequest {
                            headers,
                            ..GrpcRequest::default()
                        },
                    });
                    GrpcEvent::Opened
                }
                What::Message(message) => {
                    if let Some(seen) = open.seen {
                        self.seen[seen].request.messages.push(message);
                    }
                    GrpcEvent::Message
                }
                What::HalfClose => {
                    if let Some(seen) = open.seen {
                        self.seen[seen].request.end = Some(GrpcEnd::HalfClosed);
                    }
                    GrpcEvent::HalfClosed
                }
            };
            let (Some(seen), GrpcServer::Answers(answer)) = (open.seen, &open.server) else {
                continue;
            };
            let reply = answer(&self.seen[seen].request, event);
            self.answer(token, &reply, now);
        }
    }

    /// Nobody listens there.
    fn refuse(&mut self, token: u32, now: u64) {
        let message = wire::message(REFUSED.as_bytes(), REFUSED_DETAILS);
        self.begin_answer(token, None, now);
        self.end(token, wire::unavailable(REFUSED), (14, message), now);
    }

    /// Puts what a server says on its way to the plugin.
    fn answer(&mut self, token: u32, reply: &GrpcReply, now: u64) {
        let Some(open) = self.open.get(&token) else {
            return;
        };
        let (answered, half_closed) = (open.answered, open.half_closed);
        if let Some(status) = reply.http_status {
            let trailers = match status {
                200 => wire::answer(reply, half_closed),
                _ => HeaderMap::default(),
            };
            let message = wire::message(b"", FROM_SERVER);
            self.begin_answer(token, None, now);
            self.end(token, trailers, (wire::code_of_http(status), message), now);
            return;
        }
        let has_body = !reply.metadata.is_empty() || !reply.messages.is_empty();
        if has_body && !answered {
            self.begin_answer(token, Some(wire::answer(reply, half_closed)), now);
        }
        for message in &reply.messages {
            if token & KIND == CALL {
                if let Some(open) = self.open.get_mut(&token) {
                    open.message = Some(message.clone());
                }
            } else {
                self.arrive(token, now, Content::Message(message.clone()));
            }
        }
        let Some(status) = &reply.status else { return };
        let mut trailers = wire::trailers(reply, status);
        if !has_body && !answered {
            trailers = wire::headers_only(&trailers, half_closed);
        }
        self.begin_answer(token, None, now);
        let message = wire::message(&status.1, FROM_SERVER);
        self.end(token, trailers, (wire::code(status.0), message), now);
    }

    /// The headers of the answer, unless they were there; `None`: it has none of its own.
    fn begin_answer(&mut self, token: u32, headers: Option<HeaderMap>, now: u64) {
        let Some(open) = self.open.get_mut(&token) else {
            return;
        };
        if !std::mem::replace(&mut open.answered, true) && token & KIND != CALL {
            let headers = headers.unwrap_or_default();
            self.arrive(token, now, Content::Initial(headers));
        }
    }

    /// The end of the answer.
    pub(super) fn end(
        &mut self,
        token: u32,
        trailers: HeaderMap,
        (code, message): (u32, Vec<u8>),
        now: u64,
    ) {
        let Some(open) = self.open.get_mut(&token) else {
            return;
        };
        open.ending = true;
        let close = match (token & KIND, code, open.message.take()) {
            (CALL, 0, Some(message)) => Content::Message(message),
            // Envoy: a call has to have an answer.
            (CALL, 0, None) => Content::Close {
                code: 13,
                message: Vec::new(),
            },
            _ => Content::Close { code, message },
        };
        let deadline = |content: &Content| matches!(content, Content::Deadline);
        self.arrivals
            .retain(|arrival| arrival.token != token || !deadline(&arrival.content));
        if token & KIND != CALL {
            self.arrive(token, now, Content::Trailing(trailers));
        }
        self.arrive(token, now, close);
    }
}
