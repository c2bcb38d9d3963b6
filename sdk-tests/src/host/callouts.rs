//! Callouts: the clusters, the calls on their way, and the answer that the plugin may read.

use std::collections::BTreeMap;
use std::time::Duration;

use super::callout_messages::{Answer, arriving};
use super::{HeaderMap, Status, Vm};
use crate::callout::{Callout, Fault, Server};
use crate::reply::UpstreamRequest;

/// The clusters, and the callouts on their way.
#[derive(Debug, Default)]
pub struct Callouts {
    pub(super) next_token: u32,
    clusters: BTreeMap<String, Server>,
    /// Dispatched by the callback that runs: they leave when it has returned.
    dispatched: Vec<Dispatched>,
    pending: Vec<Pending>,
    seen: Vec<Callout>,
    /// The answer that the plugin is being called with, and whose it is.
    readable: Option<(Origin, Answer)>,
}

/// Who made a callout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) vm: Vm,
    /// The root context that the call belongs to, as in Envoy: it gets the answer, even if the
    /// stream that asked is over.
    pub(super) root: u32,
    /// The context whose callback made it. The SDK hands it the answer.
    pub(super) caller: u32,
    pub(super) token: u32,
}

#[derive(Debug)]
struct Dispatched {
    origin: Origin,
    cluster: String,
    server: Server,
    request: UpstreamRequest,
    timeout: Duration,
}

/// A callout that left.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) origin: Origin,
    pub(super) cluster: String,
    /// When the answer comes, in nanoseconds since the Unix epoch; never if there is none.
    pub(super) due: Option<u64>,
    pub(super) answer: Answer,
}

impl Callouts {
    /// Puts a server behind a cluster.
    pub(crate) fn serve(&mut self, cluster: &str, server: Server) {
        self.clusters.insert(cluster.to_owned(), server);
    }

    /// Whether this is a cluster that serves HTTP.
    pub(crate) fn serves(&self, cluster: &str) -> bool {
        self.clusters.contains_key(cluster)
    }

    /// What the servers have seen so far.
    pub fn seen(&self) -> &[Callout] {
        &self.seen
    }

    /// Takes a callout of the plugin, and returns its token.
    ///
    /// # Errors
    ///
    /// `BadArgument`: no such cluster, or no `:method`, `:path` or `:authority`.
    /// `InternalFailure`: the cluster has no endpoints.
    pub(crate) fn dispatch(
        &mut self,
        (vm, root, caller): (Vm, u32, u32),
        cluster: &str,
        (headers, body): (HeaderMap, Vec<u8>),
        timeout: Duration,
    ) -> Result<u32, Status> {
        let server = self.clusters.get(cluster).ok_or(Status::BadArgument)?;
        let has = |name| headers.get(name).is_some();
        if ![":path", ":method", ":authority"].into_iter().all(has) {
            return Err(Status::BadArgument);
        }
        let token = self.next_token;
        self.next_token += 1;
        let server = match server {
            Server::Fails(Fault::NoEndpoints) => return Err(Status::InternalFailure),
            server => server.clone(),
        };
        self.dispatched.push(Dispatched {
            origin: Origin {
                vm,
                root,
                caller,
                token,
            },
            cluster: cluster.to_owned(),
            server,
            request: arriving(&headers, body, timeout),
            timeout,
        });
        Ok(token)
    }

    /// Forgets the callouts of a root context that is gone.
    pub(super) fn cancel(&mut self, root: (Vm, u32)) {
        self.dispatched
            .retain(|call| (call.origin.vm, call.origin.root) != root);
        self.pending
            .retain(|pending| (pending.origin.vm, pending.origin.root) != root);
    }

    /// Forgets the callouts of a VM that is gone.
    pub(super) fn cancel_vm(&mut self, vm: Vm) {
        self.dispatched.retain(|call| call.origin.vm != vm);
        self.pending.retain(|pending| pending.origin.vm != vm);
    }

    /// Sends what the callback that has returned has dispatched.
    pub(super) fn send(&mut self, now: u64) {
        for call in std::mem::take(&mut self.dispatched) {
            let over = u64::try_from(call.timeout.as_nanos()).unwrap_or(u64::MAX);
            let (due, answer) = match &call.server {
                Server::Answers(handler) => {
                    let to_head = call.request.header(":method") == Some(b"HEAD");
                    let reply = handler(&call.request);
                    let delay = u64::try_from(reply.delay.as_nanos()).unwrap_or(u64::MAX);
                    match over > 0 && delay >= over {
                        true => (Some(now.saturating_add(over)), Answer::timeout()),
                        false => (
                            Some(now.saturating_add(delay)),
                            Answer::of_server(&reply, to_head),
                        ),
                    }
                }
                Server::Fails(Fault::Timeout) => (
                    (over > 0).then(|| now.saturating_add(over)),
                    Answer::timeout(),
                ),
                Server::Fails(Fault::Garbage) => (Some(now), Answer::garbage()),
                Server::Fails(_) => (Some(now), Answer::refused()),
            };
            self.pending.push(Pending {
                origin: call.origin,
                cluster: call.cluster.clone(),
                due,
                answer,
            });
            if !matches!(call.server, Server::Fails(Fault::Refused)) {
                self.seen.push(Callout {
                    cluster: call.cluster,
                    request: call.request,
                });
            }
        }
    }

    /// The callouts that wait for their answer.
    pub(super) fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// When the next answer comes.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.pending.iter().filter_map(|pending| pending.due).min()
    }

    /// Takes the callout whose answer comes next.
    pub(super) fn take_next(&mut self) -> Option<Pending> {
        let next = self
            .pending
            .iter()
            .enumerate()
            .filter_map(|(index, pending)| Some((pending.due?, index)))
            .min();
        next.map(|(_, index)| self.pending.remove(index))
    }

    /// Opens an answer to the context that it is for.
    pub(super) fn open(&mut self, origin: Origin, answer: Answer) {
        self.readable = Some((origin, answer));
    }

    /// The context that made the callout whose answer is open.
    pub(crate) fn reader(&self) -> Option<u32> {
        self.readable.as_ref().map(|(origin, _)| origin.caller)
    }

    /// Closes the answer.
    pub(super) fn close(&mut self) {
        self.readable = None;
    }

    fn readable(&self, root: u32) -> Result<&Answer, Status> {
        match &self.readable {
            Some((origin, answer)) if origin.root == root => Ok(answer),
            _ => Err(Status::BadArgument),
        }
    }

    pub(super) fn headers(&self, root: u32) -> Result<&HeaderMap, Status> {
        self.readable(root).map(|answer| &answer.headers)
    }

    /// An answer without trailers has no map of them.
    pub(super) fn trailers(&self, root: u32) -> Result<&HeaderMap, Status> {
        let trailers = self.readable(root).map(|answer| &answer.trailers)?;
        let there = !trailers.is_empty();
        there.then_some(trailers).ok_or(Status::BadArgument)
    }

    pub(super) fn body(&self, root: u32) -> Option<&[u8]> {
        self.readable(root)
            .ok()
            .map(|answer| answer.body.as_slice())
    }
}
