//! Messages in the parts in which they come.

use crate::reply::UpstreamReply;
use crate::request::Request;

/// A part of a message that moves. Headers and trailers themselves stay in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Headers { end: bool },
    Data { bytes: Vec<u8>, end: bool },
    Trailers,
}

impl Frame {
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Headers { end } | Self::Data { end, .. } => *end,
            Self::Trailers => true,
        }
    }
}

/// HTTP/1: the headers, the pieces of the body, then the end, unless trailers carry it.
pub(super) fn request_frames(request: &Request) -> Vec<Frame> {
    let pieces = request.pieces();
    frames(pieces, request.is_empty(), !request.trailers.is_empty())
}

/// The same of an upstream's answer.
pub(super) fn answer_frames(answer: &UpstreamReply, to_head: bool) -> Vec<Frame> {
    let pieces = if to_head { Vec::new() } else { answer.pieces() };
    let trailers = !answer.trailers.is_empty() && !to_head;
    let empty = pieces.is_empty() && !trailers;
    frames(pieces, empty, trailers)
}

fn frames(pieces: Vec<Vec<u8>>, empty: bool, trailers: bool) -> Vec<Frame> {
    let mut frames = vec![Frame::Headers { end: empty }];
    if empty {
        return frames;
    }
    let data = |bytes, end| Frame::Data { bytes, end };
    frames.extend(pieces.into_iter().map(|bytes| data(bytes, false)));
    frames.push(match trailers {
        true => Frame::Trailers,
        false => data(Vec::new(), true),
    });
    frames
}
