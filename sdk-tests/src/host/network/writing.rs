//! From the upstream to the client, through the chain the other way round.

use super::conversation::Peer;
use super::reading::size;
use crate::host::mock::Mock;
use crate::host::{Callback, Engine};

const CONTINUE: u32 = 0;

impl<E: Engine> Mock<E> {
    /// Reads the next piece of what the upstream has said.
    pub(super) fn read_from_upstream(&mut self, id: u64) {
        let Some(conversation) = self.open_conversation(id) else {
            return;
        };
        let Some(piece) = conversation.from_upstream.pop_front() else {
            return;
        };
        conversation.upstream_read_end |= piece.end;
        let end = conversation.upstream_read_end;
        self.with_link(id, |link| link.upstream.extend_from_slice(&piece.bytes));
        self.write_on(id, end);
        self.close_if_over(id, Peer::Local);
    }

    fn write_on(&mut self, id: u64, end: bool) {
        let filters = self.open_conversation(id).map(|it| it.filters.clone());
        for plugin in filters.unwrap_or_default().into_iter().rev() {
            if !self.upstream_data(id, plugin, end) {
                return;
            }
        }
        let bytes = self.with_link(id, |link| {
            link.info.bytes_sent += link.upstream.len() as u64;
            std::mem::take(&mut link.upstream)
        });
        if let Some(conversation) = self.open_conversation(id) {
            conversation.to_client.extend_from_slice(&bytes);
            conversation.wrote_end |= end;
        }
    }

    /// Shows a plugin what has come from the upstream. Returns whether it goes on to the next.
    fn upstream_data(&mut self, id: u64, plugin: usize, end: bool) -> bool {
        let length = self.with_link(id, |link| {
            link.views[plugin].upstream_open = true;
            link.upstream.len()
        });
        let arguments = [size(length), u32::from(end)];
        let action = self.call_filter(id, plugin, Callback::UpstreamData, &arguments);
        if action == Some(CONTINUE) {
            self.with_link(id, |link| link.views[plugin].upstream_open = false);
        }
        if end && self.still_open(id) {
            // The plugin hears of the end even if it holds it back. What it makes of it is nobody's
            // business any more.
            let peer = [Peer::Unknown as u32];
            let _ = self.call_filter(id, plugin, Callback::UpstreamClose, &peer);
        }
        self.filter_goes_on(id, action)
    }
}
