//! What comes back to the plugin.

use super::{CALL, Grpc, KIND, Readable, Root, wire};
use crate::grpc::GrpcEnd;
use crate::host::{Callback, HeaderMap};

/// Something on its way to the plugin.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) root: Root,
    pub(super) token: u32,
    /// When it is there, in nanoseconds since the Unix epoch.
    pub(crate) due: u64,
    pub(crate) content: Content,
}

/// What a callback is about.
#[derive(Debug)]
pub(crate) enum Content {
    Initial(HeaderMap),
    Message(Vec<u8>),
    Trailing(HeaderMap),
    Close {
        code: u32,
        message: Vec<u8>,
    },
    /// The time of a call is over.
    Deadline,
}

impl Grpc {
    pub(super) fn arrive(&mut self, token: u32, due: u64, content: Content) {
        if let Some(open) = self.open.get(&token) {
            self.arrive_for(open.root, token, due, content);
        }
    }

    pub(super) fn arrive_for(&mut self, root: Root, token: u32, due: u64, content: Content) {
        self.arrivals.push_back(Arrival {
            root,
            token,
            due,
            content,
        });
    }

    /// When the next callback is due.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.arrivals.iter().map(|arrival| arrival.due).min()
    }

    /// The context that asked for what has come, if the plugin ever got its token.
    pub(crate) fn caller(&self, arrival: &Arrival) -> Option<u32> {
        self.open.get(&arrival.token).map(|open| open.caller)
    }

    /// Takes what comes next.
    pub(crate) fn take_next(&mut self) -> Option<Arrival> {
        let next = self
            .arrivals
            .iter()
            .enumerate()
            .map(|(index, arrival)| (arrival.due, index))
            .min();
        let arrival = self.arrivals.remove(next?.1)?;
        if matches!(arrival.content, Content::Deadline) {
            return Some(self.time_is_over(arrival));
        }
        Some(arrival)
    }

    fn time_is_over(&mut self, arrival: Arrival) -> Arrival {
        let mut answered = false;
        if let Some(open) = self.open.get_mut(&arrival.token) {
            open.ending = true;
            answered = open.answered;
            if let Some(seen) = open.seen {
                self.seen[seen].request.end = Some(GrpcEnd::Reset);
            }
        }
        // With headers on their way already, it is a stream that breaks off.
        let (code, message) = match answered {
            true => (13, &b""[..]),
            false => (14, &b"upstream request timeout"[..]),
        };
        let message = wire::message(message, "response_timeout");
        Arrival {
            content: Content::Close { code, message },
            ..arrival
        }
    }

    /// Opens what has come to the plugin. Returns the callback and its arguments.
    pub(crate) fn open(&mut self, arrival: Arrival) -> (Callback, [u32; 2]) {
        let Arrival {
            root,
            token,
            content,
            ..
        } = arrival;
        let size = |length| u32::try_from(length).unwrap_or(u32::MAX);
        let (callback, argument) = match &content {
            Content::Initial(map) => (Callback::GrpcInitialMetadata, size(map.len())),
            Content::Message(message) => (Callback::GrpcMessage, size(message.len())),
            Content::Trailing(map) => (Callback::GrpcTrailingMetadata, size(map.len())),
            Content::Close { code, .. } => (Callback::GrpcClose, *code),
            Content::Deadline => (Callback::GrpcClose, 0),
        };
        let open = self.open.get_mut(&token);
        let caller = open.as_ref().map(|open| open.caller);
        if let (Some(open), Content::Close { .. }) = (open, &content) {
            open.ended = true;
        }
        if let Content::Close { code, .. } = content {
            self.last_status.insert(root, code);
        }
        self.readable = Some(Readable {
            root,
            token,
            caller,
            content,
        });
        (callback, [token, argument])
    }

    /// Closes it, after the callback.
    pub(crate) fn shut(&mut self) {
        let Some(readable) = self.readable.take() else {
            return;
        };
        let token = readable.token;
        let given_up = self.open.get(&token).is_some_and(|open| open.given_up);
        let over = match readable.content {
            Content::Message(_) => token & KIND == CALL,
            Content::Close { .. } => token & KIND == CALL || given_up,
            _ => false,
        };
        if over {
            self.open.remove(&token);
        }
    }
}
