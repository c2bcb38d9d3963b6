//! What the gRPC server of one cluster has seen, and what it says.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::Seen;
use crate::envoy::callouts::TIMEOUT;
use crate::grpc::{GrpcCall, GrpcEnd, GrpcEvent, GrpcReply, GrpcRequest, GrpcServer, left_open};

type Pings = UnboundedSender<std::sync::mpsc::Sender<()>>;

/// What is shared by the server's thread and the scenario.
pub(super) struct Visitors {
    cluster: String,
    server: GrpcServer,
    /// What arrived at all servers.
    seen: Arc<Mutex<Seen>>,
    own: Mutex<Own>,
}

/// What happened at this server.
#[derive(Default)]
struct Own {
    connections: Vec<Pings>,
    /// The streams that neither side has ended.
    open: BTreeSet<usize>,
    /// Things that happened, and how many they were at the last look.
    events: u64,
    looked_at: u64,
}

/// A stream on its place among all that were seen.
pub(super) struct Visitor {
    visitors: Arc<Visitors>,
    index: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Visitors {
    pub(super) fn new(cluster: &str, server: GrpcServer, seen: Arc<Mutex<Seen>>) -> Self {
        Self {
            cluster: cluster.to_owned(),
            server,
            seen,
            own: Mutex::default(),
        }
    }

    /// There is another connection; this is how to ping it.
    pub(super) fn connected(&self, pings: Pings) {
        let mut own = lock(&self.own);
        own.connections.push(pings);
        own.events += 1;
    }

    pub(super) fn connections(&self) -> Vec<Pings> {
        lock(&self.own).connections.clone()
    }

    /// See [`super::server::GrpcUpstream::is_quiet`].
    pub(super) fn is_quiet(&self, open_in_the_proxy: u64) -> bool {
        let mut own = lock(&self.own);
        let quiet = own.events == own.looked_at;
        own.looked_at = own.events;
        quiet && own.open.len() as u64 == open_in_the_proxy
    }

    /// What is wrong with each stream that is open and has no timeout.
    pub(super) fn left_open(&self) -> Vec<String> {
        let (own, seen) = (lock(&self.own), lock(&self.seen));
        let endless = |index: &&usize| seen.calls[**index].request.metadata(TIMEOUT).is_none();
        let left = own.open.iter().filter(endless);
        left.map(|_| left_open(&self.cluster)).collect()
    }

    /// There is a stream with these headers.
    pub(super) fn open(self: &Arc<Self>, headers: Vec<(String, Vec<u8>)>) -> Visitor {
        let index = {
            let mut seen = lock(&self.seen);
            seen.calls.push(GrpcCall {
                cluster: self.cluster.clone(),
                request: GrpcRequest {
                    headers,
                    ..GrpcRequest::default()
                },
            });
            seen.calls.len() - 1
        };
        let mut own = lock(&self.own);
        own.open.insert(index);
        own.events += 1;
        Visitor {
            visitors: Arc::clone(self),
            index,
        }
    }
}

impl Visitor {
    /// Notes what has happened, and returns what the server says to it.
    pub(super) fn event(&self, event: GrpcEvent, message: Option<Vec<u8>>) -> GrpcReply {
        lock(&self.visitors.own).events += 1;
        let request = {
            let mut seen = lock(&self.visitors.seen);
            let request = &mut seen.calls[self.index].request;
            request.messages.extend(message);
            if event == GrpcEvent::HalfClosed {
                request.end = Some(GrpcEnd::HalfClosed);
            }
            request.clone()
        };
        let GrpcServer::Answers(answer) = &self.visitors.server else {
            return GrpcReply::new();
        };
        catch_unwind(AssertUnwindSafe(|| answer(&request, event))).unwrap_or_else(|_| {
            let panic = format!(
                "what answers for the cluster \"{}\" panicked",
                self.visitors.cluster
            );
            lock(&self.visitors.seen).panics.push(panic);
            GrpcReply::http(500)
        })
    }

    /// The client has reset the stream.
    pub(super) fn reset(&mut self) {
        if self.close() {
            lock(&self.visitors.seen).calls[self.index].request.end = Some(GrpcEnd::Reset);
        }
    }

    /// The stream is over. Returns whether that is news.
    pub(super) fn close(&mut self) -> bool {
        let mut own = lock(&self.visitors.own);
        own.events += 1;
        own.open.remove(&self.index)
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.close();
    }
}
