//! Both ends of a connection, and how far the proxy is with it.

use std::collections::VecDeque;

use crate::host::exchange::Place;
use crate::host::{Cost, Thread, Vm};

/// Who closed a connection, as plugins hear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Nobody knows: an upstream's end.
    Unknown = 0,
    /// The proxy.
    Local = 1,
    /// The client.
    Remote = 2,
}

/// What has left one end and has not been read.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub(super) bytes: Vec<u8>,
    pub(super) end: bool,
    pub(super) reset: bool,
}

/// A piece of what the upstream says.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) end: bool,
}

/// A connection on a worker.
#[derive(Debug)]
pub(in crate::host) struct Conversation {
    worker: usize,
    /// The plugins that take part, in the order of the chain.
    pub(super) filters: Vec<usize>,
    /// How many of them have been told of the connection.
    pub(super) entered: usize,
    /// By plugin.
    pub(super) places: Vec<Place>,
    pub(super) open: bool,
    /// What the client has written, and the proxy has not read.
    pub(super) from_client: Inbox,
    /// Whether the proxy has read the end of what the client writes.
    pub(super) read_end: bool,
    /// Whether the proxy has told the client that nothing more comes.
    pub(super) wrote_end: bool,
    /// What has come to the client since it last looked.
    pub(super) to_client: Vec<u8>,
    /// What the upstream has said, and the proxy has not read.
    pub(super) from_upstream: VecDeque<Piece>,
    /// Whether the upstream says nothing more.
    pub(super) upstream_is_done: bool,
    /// Whether the proxy has read the end of what the upstream says.
    pub(super) upstream_read_end: bool,
    /// Whether the upstream knows that nothing more comes.
    pub(super) upstream_wrote_end: bool,
    /// All that has come to the upstream.
    pub(super) to_upstream: Vec<u8>,
    pub(in crate::host) costs: Vec<Cost>,
}

impl Conversation {
    pub(super) fn new(worker: usize, plugins: usize, filters: Vec<usize>) -> Self {
        Self {
            worker,
            filters,
            entered: 0,
            places: vec![Place::New; plugins],
            open: true,
            from_client: Inbox::default(),
            read_end: false,
            wrote_end: false,
            to_client: Vec::new(),
            from_upstream: VecDeque::new(),
            upstream_is_done: false,
            upstream_read_end: false,
            upstream_wrote_end: false,
            to_upstream: Vec::new(),
            costs: Vec::new(),
        }
    }

    pub(super) fn vm(&self, plugin: usize) -> Vm {
        Vm {
            thread: Thread::Worker(self.worker),
            plugin,
        }
    }

    /// The context of a plugin, and its VM.
    pub(super) fn context(&self, plugin: usize) -> Option<(Vm, u32)> {
        match self.places[plugin] {
            Place::Context(context) => Some((self.vm(plugin), context)),
            Place::New | Place::Dead(_) => None,
        }
    }

    /// A VM has died: what it had of this connection is gone.
    pub(in crate::host) fn lose(&mut self, vm: Vm) {
        if let Some((place, context)) = self.context(vm.plugin)
            && place == vm
        {
            self.places[vm.plugin] = Place::Dead(context);
        }
    }

    /// Whether something has come that the proxy has not read. It reads nothing of a client before
    /// it has an upstream for it.
    pub(super) fn has_mail(&self, connected: bool) -> bool {
        let client = &self.from_client;
        let from_client = !client.bytes.is_empty() || client.reset || client.end && !self.read_end;
        self.open && (connected && from_client || !self.from_upstream.is_empty())
    }

    /// The upstream says something.
    pub(super) fn says(&mut self, bytes: Vec<u8>, end: bool) {
        if !self.upstream_is_done && (end || !bytes.is_empty()) {
            self.from_upstream.push_back(Piece { bytes, end });
            self.upstream_is_done = end;
        }
    }
}
