//! The client and the upstream of a connection, as a scenario plays them.

use std::time::Duration;

use super::conversation::Conversation;
use super::link::Link;
use crate::connections::{Answers, Connections};
use crate::host::deliveries::MOST_ANSWERS;
use crate::host::mock::Mock;
use crate::host::{Engine, StreamInfo, Thread, Vm};

impl<E: Engine> Mock<E> {
    /// The connections that have something for the proxy to read.
    pub(in crate::host) fn mail(&self) -> impl Iterator<Item = u64> + '_ {
        let host = self.host.borrow();
        let has_mail = move |(id, conversation): (&u64, &Conversation)| {
            let connected = host
                .links
                .get(id)
                .is_some_and(|link| link.info.upstream.is_some());
            conversation.has_mail(connected).then_some(*id)
        };
        self.conversations.iter().filter_map(has_mail)
    }

    /// Reads something that has come. What the upstream says comes later than what it answers to.
    pub(in crate::host) fn open_mail(&mut self, id: u64) {
        let upstream_first = self
            .conversations
            .get(&id)
            .is_some_and(|conversation| !conversation.from_upstream.is_empty());
        if upstream_first {
            self.read_from_upstream(id);
        } else {
            self.read_from_client(id);
        }
    }

    /// The plugins that take part in a connection on this worker: a dead one that fails open does
    /// not. `None`: a plugin has no configuration, and nobody connects.
    fn filters(&self, worker: usize) -> Option<Vec<usize>> {
        if !self.chain.iter().all(|deployed| deployed.configured) {
            return None;
        }
        let takes_part = |plugin: &usize| {
            let thread = Thread::Worker(worker);
            let vm = Vm {
                thread,
                plugin: *plugin,
            };
            self.vms.contains_key(&vm) || !self.chain[*plugin].plugin.fails_open
        };
        Some((0..self.chain.len()).filter(takes_part).collect())
    }

    fn conversation(&mut self, id: u64) -> Option<&mut Conversation> {
        self.conversations.get_mut(&id)
    }
}

impl<E: Engine> Connections for Mock<E> {
    fn connect(&mut self, worker: usize) -> u64 {
        assert!(
            worker < self.workers,
            "there is no worker {worker}: see `Proxy::workers`"
        );
        let id = self.next_stream;
        self.next_stream += 1;
        self.revive(worker);
        let plugins = self.chain.len();
        let filters = self.filters(worker);
        let mut conversation =
            Conversation::new(worker, plugins, filters.clone().unwrap_or_default());
        conversation.open = filters.is_some();
        self.conversations.insert(id, conversation);
        if filters.is_some() {
            let mut host = self.host.borrow_mut();
            let info = StreamInfo::connection(id, host.clock.now());
            host.links.insert(id, Link::new(info, plugins));
            drop(host);
            self.read_on(id, 0);
        }
        self.settle();
        id
    }

    fn write(&mut self, id: u64, bytes: &[u8]) {
        if let Some(conversation) = self.conversation(id) {
            conversation.from_client.bytes.extend_from_slice(bytes);
        }
        self.settle();
    }

    fn stop_writing(&mut self, id: u64) {
        if let Some(conversation) = self.conversation(id) {
            conversation.from_client.end = true;
        }
        self.settle();
    }

    fn hang_up(&mut self, id: u64) {
        self.stop_writing(id);
        self.wait_for_callouts();
        self.note_costs(id);
    }

    fn reset(&mut self, id: u64) {
        if let Some(conversation) = self.conversation(id) {
            conversation.from_client.reset = true;
        }
        self.settle();
        self.note_costs(id);
    }

    fn read(&mut self, id: u64) -> Vec<u8> {
        self.wait_for_callouts();
        let conversation = self.conversation(id);
        conversation
            .map(|conversation| std::mem::take(&mut conversation.to_client))
            .unwrap_or_default()
    }

    fn is_open(&mut self, id: u64) -> bool {
        self.wait_for_callouts();
        let conversation = self.conversation(id);
        conversation.is_some_and(|it| it.open && !it.wrote_end)
    }

    fn upstream_got(&mut self, id: u64) -> Vec<u8> {
        self.wait_for_callouts();
        let conversation = self.conversation(id);
        conversation
            .map(|conversation| conversation.to_upstream.clone())
            .unwrap_or_default()
    }

    fn upstream_says(&mut self, id: u64, bytes: &[u8]) {
        if let Some(conversation) = self.conversation(id) {
            conversation.says(bytes.to_vec(), false);
        }
        self.settle();
    }

    fn upstream_hangs_up(&mut self, id: u64) {
        if let Some(conversation) = self.conversation(id) {
            conversation.says(Vec::new(), true);
        }
        self.settle();
    }

    fn upstream_answers(&mut self, answers: Answers) {
        self.answers = Some(answers);
    }
}

impl<E: Engine> Mock<E> {
    /// Lets the time pass until no callout is on its way that will be answered.
    fn wait_for_callouts(&mut self) {
        self.settle();
        for _ in 0..MOST_ANSWERS {
            let (now, due) = {
                let host = self.host.borrow();
                let dues = host.callouts.next_due().into_iter();
                (host.clock.now(), dues.chain(host.grpc.next_due()).min())
            };
            let Some(due) = due else { return };
            self.let_pass(Duration::from_nanos(due.saturating_sub(now)));
        }
    }

    fn note_costs(&mut self, id: u64) {
        if let Some(conversation) = self.conversation(id) {
            self.costs = std::mem::take(&mut conversation.costs);
        }
    }
}
