//! The end of a connection.

use super::conversation::Peer;
use crate::host::mock::Mock;
use crate::host::{Callback, Engine};

impl<E: Engine> Mock<E> {
    /// Closes both sides. Every plugin that has been told of the connection hears of the end, and
    /// is done with it before the next one hears of it. Whether it says that it is done does not
    /// matter.
    pub(super) fn close(&mut self, id: u64, peer: Peer) {
        let Some(conversation) = self.open_conversation(id) else {
            return;
        };
        conversation.open = false;
        conversation.from_upstream.clear();
        conversation.upstream_wrote_end = true;
        for plugin in conversation.filters.clone() {
            self.end_filter(id, plugin, peer);
        }
        self.host.borrow_mut().links.remove(&id);
    }

    fn end_filter(&mut self, id: u64, plugin: usize, peer: Peer) {
        let ends = [
            (Callback::DownstreamClose, &[peer as u32][..]),
            (Callback::Done, &[]),
            (Callback::Log, &[]),
            (Callback::Delete, &[]),
        ];
        for (callback, arguments) in ends {
            // Who has died gets no more callbacks.
            let _ = self.call_filter(id, plugin, callback, arguments);
        }
        let place = self
            .conversations
            .get(&id)
            .and_then(|it| it.context(plugin));
        if let Some(place) = place {
            self.host.borrow_mut().leave(place);
        }
    }

    /// Closes a connection on which nobody says anything more: the client's side is over (whoever
    /// ended it last is its peer), or the upstream's.
    pub(super) fn close_if_over(&mut self, id: u64, last: Peer) {
        let Some(conversation) = self.open_conversation(id) else {
            return;
        };
        if conversation.read_end && conversation.wrote_end {
            // An upstream that is over as well has the proxy close first.
            self.close(id, last);
        } else if conversation.upstream_read_end && conversation.upstream_wrote_end {
            self.close(id, Peer::Local);
        }
    }
}
