//! When nothing is on its way any more.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Network;
use super::listeners::WATCH;
use super::upstream::Tally;
use super::{Client, Watcher};
use crate::Request;
use crate::envoy::backend::EnvoyHost;
use crate::envoy::{LISTENER, admin};

/// How long it may take: no scenario needs as much.
const PATIENCE: Duration = Duration::from_secs(60);

/// So many looks in a row must show the same.
const LOOKS: u32 = 2;

/// After so many looks in a row that show the same, bytes that are missing are lost: they were on
/// a connection that broke.
const LOST: u32 = 200;

/// Whether callouts belong to what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callouts {
    Included,
    LeftAlone,
}

/// What both sides of Envoy know.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    downstream_read: u64,
    downstream_written: u64,
    upstream_read: u64,
    upstream_written: u64,
    connections: u64,
    callouts: u64,
    received: u64,
    over: usize,
    upstream: Tally,
}

impl Look {
    /// Whether all that has left one side has come to the other.
    fn is_balanced(&self) -> bool {
        self.downstream_written == self.received
            && self.upstream_written == self.upstream.received
            && self.upstream_read == self.upstream.written
    }
}

impl Network {
    /// Lets both ends take what has come.
    fn look_at_both_ends(&mut self) {
        self.upstream.look();
        self.received += self.clients.values_mut().map(Client::look).sum::<u64>();
    }
}

impl EnvoyHost {
    /// Waits until nothing is on its way between clients, Envoy and the upstream.
    pub(in crate::envoy) fn wait_for_calm(&mut self) {
        self.calm_down(Callouts::Included);
    }

    pub(super) fn calm_down(&mut self, callouts: Callouts) {
        let Some(mut network) = self.network.take() else {
            return;
        };
        if self.envoy.is_some() {
            self.watch(&mut network);
            self.look_until_calm(&mut network, callouts);
            network.route();
        }
        self.network = Some(network);
    }

    fn look_until_calm(&self, network: &mut Network, callouts: Callouts) {
        let (start, mut last, mut same) = (Instant::now(), None, 0);
        while start.elapsed() < PATIENCE {
            // A worker that answers has done all that had come before.
            for watcher in &mut network.watchers {
                let answer = watcher.send(&Request::get("/"));
                answer.unwrap_or_else(|error| panic!("Envoy is gone ({error}): {}", self.log()));
            }
            network.look_at_both_ends();
            let look = self.look(network);
            same = if last.as_ref() == Some(&look) {
                same + 1
            } else {
                0
            };
            let unanswered = self.servers.unanswered().len() as u64;
            let waits = callouts == Callouts::Included
                && (look.callouts > unanswered || !self.is_grpc_idle());
            if !waits && same >= if look.is_balanced() { LOOKS } else { LOST } {
                return;
            }
            last = Some(look);
            sleep(Duration::from_millis(1));
        }
        panic!("a connection does not come to rest: {last:?}");
    }

    fn look(&self, network: &Network) -> Look {
        const FILTER: &str =
            "cx_rx_bytes_total|cx_tx_bytes_total|cx_active|rq_active|rq_pending_active";
        let stats = self.admin().map(|admin| admin::stats(admin, FILTER));
        let stats = stats.and_then(Result::ok).unwrap_or_default();
        let stat = |name: String| stats.get(&name).copied().unwrap_or_default();
        let downstream = |name| stat(format!("tcp.{LISTENER}.downstream_{name}"));
        let upstream = |name| stat(format!("cluster.upstream.upstream_{name}"));
        let callouts = self.servers.endpoints().map(|(cluster, _)| {
            let of = |name| stat(format!("cluster.{cluster}.upstream_{name}"));
            of("rq_active") + of("rq_pending_active")
        });
        Look {
            downstream_read: downstream("cx_rx_bytes_total"),
            downstream_written: downstream("cx_tx_bytes_total"),
            upstream_read: upstream("cx_rx_bytes_total"),
            upstream_written: upstream("cx_tx_bytes_total"),
            connections: stat(format!("listener.{LISTENER}.downstream_cx_active")),
            callouts: callouts.sum(),
            received: network.received,
            over: network.clients.values().filter(|it| it.is_over()).count(),
            upstream: network.upstream.tally(),
        }
    }

    fn is_grpc_idle(&self) -> bool {
        self.admin().is_none_or(|admin| self.grpc.are_idle(admin))
    }

    /// All bytes that Envoy has read of clients.
    pub(super) fn read_of_clients(&self, network: &Network) -> u64 {
        self.look(network).downstream_read
    }

    /// Connects to every worker: each gets one, as they are shared out evenly.
    fn watch(&self, network: &mut Network) {
        let Some(envoy) = self.envoy.as_ref().filter(|_| network.watchers.is_empty()) else {
            return;
        };
        let address = envoy.listener(WATCH);
        let watchers = (0..self.workers).map(|_| Watcher::connect(address));
        network.watchers = watchers
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("Envoy takes no connection: {error}"));
    }
}
