//! One HTTP stream: what it holds, and which part of it each plugin may touch right now.

use super::local_reply::LocalReply;
use super::maps::HeaderMap;
use super::stream_info::StreamInfo;

/// One direction of a stream, as all plugins of the chain share it.
#[derive(Clone, Debug, Default)]
pub struct Direction {
    /// The headers.
    pub headers: HeaderMap,
    /// The trailers.
    pub trailers: HeaderMap,
}

/// One direction as one plugin sees it. A part is open to it only in certain phases.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Whether the plugin may use the headers.
    pub headers_open: bool,
    /// The piece of the body that the plugin sees, with what it held back before.
    pub body: Vec<u8>,
    /// Whether the plugin may use the body.
    pub body_open: bool,
    /// Whether this piece is the last of a message without trailers.
    pub body_ends: bool,
    /// Whether the plugin may use the trailers.
    pub trailers_open: bool,
    /// Whether the plugin asked to go on.
    pub resumed: bool,
}

impl Access {
    /// Closes all parts.
    pub fn close(&mut self) {
        self.headers_open = false;
        self.body_open = false;
        self.body_ends = false;
        self.trailers_open = false;
    }
}

/// A stream as one plugin sees it.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The root context of the plugin's context for it.
    pub root: u32,
    /// From the client to the upstream.
    pub request: Access,
    /// From the upstream, or from a local reply, to the client.
    pub response: Access,
    /// The stream is being logged: all headers can be read, none written.
    pub logging: bool,
    /// A reply of the plugin that is waiting to be sent.
    pub local_reply: Option<LocalReply>,
    /// The plugin reset the stream.
    pub reset: bool,
}

/// One HTTP stream.
#[derive(Clone, Debug)]
pub struct Stream {
    /// From the client to the upstream.
    pub request: Direction,
    /// From the upstream, or from a local reply, to the client.
    pub response: Direction,
    /// What the proxy notes about it.
    pub info: StreamInfo,
    /// What each plugin of the chain sees.
    pub views: Vec<View>,
}

impl Stream {
    /// A stream without anything in it, all of it closed to its plugins.
    pub fn new(plugins: usize) -> Self {
        Self {
            request: Direction {
                headers: HeaderMap::request(),
                ..Direction::default()
            },
            response: Direction {
                headers: HeaderMap::response(),
                ..Direction::default()
            },
            info: StreamInfo::default(),
            views: vec![View::default(); plugins],
        }
    }
}
