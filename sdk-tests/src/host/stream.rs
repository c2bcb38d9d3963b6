//! One HTTP stream: what it holds, and which part of it the plugin may touch right now.

use std::collections::BTreeMap;

use super::local_reply::LocalReply;
use super::maps::HeaderMap;

/// One direction of a stream. A part is open to the plugin only in certain phases.
#[derive(Clone, Debug, Default)]
pub struct Direction {
    /// The headers.
    pub headers: HeaderMap,
    /// Whether the plugin may use the headers.
    pub headers_open: bool,
    /// The piece of the body that the plugin sees, with what it held back before.
    pub body: Vec<u8>,
    /// Whether the plugin may use the body.
    pub body_open: bool,
    /// The trailers.
    pub trailers: HeaderMap,
    /// Whether the plugin may use the trailers.
    pub trailers_open: bool,
    /// Whether the plugin asked to go on.
    pub resumed: bool,
}

impl Direction {
    /// Closes all parts.
    pub fn close(&mut self) {
        self.headers_open = false;
        self.body_open = false;
        self.trailers_open = false;
    }
}

/// One HTTP stream.
#[derive(Clone, Debug)]
pub struct Stream {
    /// From the client to the upstream.
    pub request: Direction,
    /// From the upstream, or from a local reply, to the client.
    pub response: Direction,
    /// The stream is being logged: all headers can be read, none written.
    pub logging: bool,
    /// A reply of the plugin that is waiting to be sent.
    pub local_reply: Option<LocalReply>,
    /// The plugin reset the stream.
    pub reset: bool,
    /// `proxy_done` was called.
    pub done: bool,
    /// What the upstream was asked for; the properties `request.*` keep these values.
    pub properties: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Default for Stream {
    /// A stream without anything in it, all of it closed to the plugin.
    fn default() -> Self {
        Self {
            request: Direction {
                headers: HeaderMap::request(),
                ..Direction::default()
            },
            response: Direction {
                headers: HeaderMap::response(),
                ..Direction::default()
            },
            logging: false,
            local_reply: None,
            reset: false,
            done: false,
            properties: BTreeMap::new(),
        }
    }
}
