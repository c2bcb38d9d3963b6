//! From the client to the upstream, through the chain.

use super::conversation::{Conversation, Peer};
use super::link::{Asked, Link};
use crate::host::deliveries::invoke;
use crate::host::exchange::Place;
use crate::host::mock::Mock;
use crate::host::{Callback, Engine};

const CONTINUE: u32 = 0;

pub(super) fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<E: Engine> Mock<E> {
    pub(super) fn open_conversation(&mut self, id: u64) -> Option<&mut Conversation> {
        let conversation = self.conversations.get_mut(&id)?;
        conversation.open.then_some(conversation)
    }

    pub(super) fn still_open(&self, id: u64) -> bool {
        let conversation = self.conversations.get(&id);
        conversation.is_some_and(|conversation| conversation.open)
    }

    pub(super) fn with_link<T: Default>(&self, id: u64, use_it: impl FnOnce(&mut Link) -> T) -> T {
        let mut host = self.host.borrow_mut();
        host.links.get_mut(&id).map(use_it).unwrap_or_default()
    }

    /// Reads what the client has written.
    pub(super) fn read_from_client(&mut self, id: u64) {
        let Some(conversation) = self.open_conversation(id) else {
            return;
        };
        let mail = std::mem::take(&mut conversation.from_client);
        let before = conversation.to_upstream.len();
        conversation.read_end |= mail.end;
        if mail.end || !mail.bytes.is_empty() {
            self.with_link(id, |link| {
                link.info.bytes_received += mail.bytes.len() as u64;
                link.downstream.extend_from_slice(&mail.bytes);
            });
            self.read_on(id, 0);
        }
        if mail.reset {
            self.close(id, Peer::Remote);
            // The upstream's connection is broken off too, with what was to leave on it.
            if let Some(conversation) = self.conversations.get_mut(&id) {
                conversation.to_upstream.truncate(before);
            }
        }
        self.close_if_over(id, Peer::Remote);
    }

    /// Takes what has been read through the chain, from one plugin on. The last filter is the
    /// proxy's own, which connects to the upstream and passes everything on.
    pub(super) fn read_on(&mut self, id: u64, from: usize) {
        let mut at = from;
        while let Some(conversation) = self.open_conversation(id) {
            let Some(&plugin) = conversation.filters.get(at) else {
                self.pass_on(id);
                return;
            };
            let is_new = conversation.entered <= at;
            let end = conversation.read_end;
            if is_new {
                conversation.entered = at + 1;
                if !self.enter(id, plugin) {
                    return;
                }
            }
            let length = self.with_link(id, |link| link.downstream.len());
            if (length > 0 || end) && !self.downstream_data(id, plugin, length, end) {
                return;
            }
            at += 1;
        }
    }

    /// Tells a plugin of the connection. Returns whether it goes on to the next.
    fn enter(&mut self, id: u64, plugin: usize) -> bool {
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return false;
        };
        let vm = conversation.vm(plugin);
        let root = self.vms.get_mut(&vm).map(|running| {
            let context = running.new_context();
            conversation.places[plugin] = Place::Context(context);
            let mut host = self.host.borrow_mut();
            host.enter((vm, context), id, running.root);
            running.root
        });
        let action = root
            .and_then(|root| self.call_filter(id, plugin, Callback::ContextCreate, &[root]))
            .and_then(|_| self.call_filter(id, plugin, Callback::NewConnection, &[]));
        self.filter_goes_on(id, action)
    }

    fn downstream_data(&mut self, id: u64, plugin: usize, length: usize, end: bool) -> bool {
        self.with_link(id, |link| link.views[plugin].downstream_open = true);
        let arguments = [size(length), u32::from(end)];
        let action = self.call_filter(id, plugin, Callback::DownstreamData, &arguments);
        if action == Some(CONTINUE) {
            self.with_link(id, |link| link.views[plugin].downstream_open = false);
        }
        self.filter_goes_on(id, action)
    }

    /// Whether a plugin lets the chain go on. A dead one closes the connection.
    pub(super) fn filter_goes_on(&mut self, id: u64, action: Option<u32>) -> bool {
        if action.is_none() {
            self.close(id, Peer::Local);
        }
        action == Some(CONTINUE) && self.still_open(id)
    }

    /// Calls a plugin for a connection, and does what it asked for. `None`: it is dead.
    pub(super) fn call_filter(
        &mut self,
        id: u64,
        plugin: usize,
        callback: Callback,
        arguments: &[u32],
    ) -> Option<u32> {
        let conversation = self.conversations.get_mut(&id)?;
        let place = conversation.context(plugin)?;
        let guest = &mut self.vms.get_mut(&place.0)?.guest;
        let costs = &mut conversation.costs;
        let answer = invoke(&self.host, guest, place, callback, arguments, costs);
        let answer = match answer {
            Ok(answer) => Some(answer),
            Err(trap) => {
                self.died(place.0, trap);
                None
            }
        };
        self.obey(id, plugin);
        answer
    }

    /// Does what a plugin asked for. Returns whether it asked for anything.
    fn obey(&mut self, id: u64, plugin: usize) -> bool {
        let asked = self.with_link(id, |link| std::mem::take(&mut link.views[plugin].asked));
        for what in &asked {
            let Some(conversation) = self.open_conversation(id) else {
                break;
            };
            let at = conversation.filters.iter().position(|at| *at == plugin);
            match (what, at) {
                (Asked::Continue, Some(at)) => self.read_on(id, at + 1),
                (Asked::Continue, None) => {}
                (Asked::Close, _) => self.close(id, Peer::Local),
            }
        }
        !asked.is_empty()
    }

    /// Does what plugins have asked for on a connection whose callback did not run.
    pub(in crate::host) fn obey_all(&mut self, id: u64) -> bool {
        let mut asked = false;
        for plugin in 0..self.chain.len() {
            asked |= self.obey(id, plugin);
        }
        if asked {
            self.close_if_over(id, Peer::Local);
        }
        asked
    }

    /// The end of the chain: what has come leaves for the upstream.
    fn pass_on(&mut self, id: u64) {
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        let mut host = self.host.borrow_mut();
        let now = host.clock.now();
        let Some(link) = host.links.get_mut(&id) else {
            return;
        };
        link.info.connected(now);
        let bytes = std::mem::take(&mut link.downstream);
        drop(host);
        conversation.to_upstream.extend_from_slice(&bytes);
        if !bytes.is_empty() {
            let answer = match &self.answers {
                Some(answers) => answers(&bytes),
                None => bytes,
            };
            conversation.says(answer, false);
        }
        if conversation.read_end && !conversation.upstream_wrote_end {
            conversation.upstream_wrote_end = true;
            conversation.says(Vec::new(), true);
        }
    }
}
