//! Connections through a scenario's Envoy, for network filters: clients, an upstream, and how to
//! know that nothing is on its way between them any more.

mod calm;
mod client;
mod connections;
mod listeners;
mod upstream;
mod workers;

use std::collections::{BTreeMap, VecDeque};

use super::client::Client as Watcher;
use client::Client;
pub(super) use listeners::listeners;
use upstream::Upstream;

/// Both ends of all connections of a scenario.
pub(super) struct Network {
    upstream: Upstream,
    clients: BTreeMap<u64, Client>,
    next: u64,
    /// Which of the upstream's connections belongs to which client's.
    routes: BTreeMap<u64, usize>,
    /// Connections that have not come to the upstream.
    held: VecDeque<u64>,
    /// All bytes that clients have read.
    received: u64,
    /// A connection to each worker that answers when it has nothing else to do.
    watchers: Vec<Watcher>,
}

impl Network {
    pub(super) fn new() -> Self {
        Self {
            upstream: Upstream::start().expect("a free port for the upstream"),
            clients: BTreeMap::new(),
            next: 1,
            routes: BTreeMap::new(),
            held: VecDeque::new(),
            received: 0,
            watchers: Vec::new(),
        }
    }

    /// Where the upstream listens.
    pub(super) fn upstream(&self) -> std::net::SocketAddr {
        self.upstream.address()
    }

    /// Finds out which connections have come to the upstream meanwhile: the one that has waited
    /// longest comes first.
    fn route(&mut self) {
        for index in self.routes.len()..self.upstream.connections() {
            let clients = &self.clients;
            let waits = |id: &u64| clients.get(id).is_none_or(|client| !client.is_over());
            let at = self.held.iter().position(waits);
            let Some(id) = at.and_then(|at| self.held.remove(at)) else {
                return;
            };
            self.routes.insert(id, index);
        }
    }
}
