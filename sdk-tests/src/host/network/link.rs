//! A connection as its plugins see it through host calls.

use crate::host::{Status, StreamInfo, buffers};

/// What a plugin asked for; the proxy does it when the callback has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To go on after a pause.
    Continue,
    /// To close the connection.
    Close,
}

/// A connection as one plugin sees it.
#[derive(Clone, Debug, Default)]
pub struct LinkView {
    /// Whether the plugin may use what has come from the client. A pause leaves it open.
    pub downstream_open: bool,
    /// Whether the plugin may use what has come from the upstream. A pause leaves it open.
    pub upstream_open: bool,
    /// What the plugin asked for.
    pub asked: Vec<Asked>,
}

/// One connection of a client, through the chain, to the upstream.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// What has come from the client and has not left for the upstream. All plugins share it.
    pub downstream: Vec<u8>,
    /// What has come from the upstream and has not left for the client. All plugins share it.
    pub upstream: Vec<u8>,
    /// What the proxy notes; its filter state is shared by all plugins.
    pub info: StreamInfo,
    /// What each plugin of the chain sees.
    pub views: Vec<LinkView>,
}

/// The number of the buffer with the client's bytes. Also the stream's, in `proxy_continue_stream`
/// and `proxy_close_stream`.
pub(super) const DOWNSTREAM: u32 = 2;

/// The same of the upstream's.
pub(super) const UPSTREAM: u32 = 3;

impl Link {
    /// A connection on which nothing has happened, closed to its plugins.
    pub fn new(info: StreamInfo, plugins: usize) -> Self {
        Self {
            info,
            views: vec![LinkView::default(); plugins],
            ..Self::default()
        }
    }

    /// The buffer with this number, if it is open to a plugin.
    pub fn buffer(&self, plugin: usize, number: u32) -> Option<&[u8]> {
        let view = self.views.get(plugin)?;
        match number {
            DOWNSTREAM => view.downstream_open.then_some(&*self.downstream),
            UPSTREAM => view.upstream_open.then_some(&*self.upstream),
            _ => None,
        }
    }

    /// Writes into a buffer, by the rules of [`buffers::splice`].
    ///
    /// # Errors
    ///
    /// `BadArgument`: the buffer is closed to the plugin, or the piece cannot be written.
    pub fn set_buffer(
        &mut self,
        plugin: usize,
        number: u32,
        (start, length): (u64, u64),
        bytes: &[u8],
    ) -> Result<(), Status> {
        if self.buffer(plugin, number).is_none() {
            return Err(Status::BadArgument);
        }
        match number {
            DOWNSTREAM => buffers::splice(&mut self.downstream, start, length, bytes),
            _ => buffers::splice(&mut self.upstream, start, length, bytes),
        }
    }
}
