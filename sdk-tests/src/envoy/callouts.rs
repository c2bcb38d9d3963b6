//! The servers that a plugin calls out to, as clusters of a real Envoy.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::upstream::Said;
use super::{Upstream, admin};
use crate::UpstreamReply;
use crate::callout::{Callout, Fault, Server};

/// A port that nobody listens on: it is reserved for a service of 1988.
pub(super) const NOBODY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

/// What Envoy tells a server about the timeout of a callout, if it has one.
pub(super) const TIMEOUT: &str = "x-envoy-expected-rq-timeout-ms";

/// The clusters of a scenario, and what arrived there.
#[derive(Default)]
pub(super) struct CalloutServers {
    servers: BTreeMap<String, (Server, Option<Upstream>)>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    callouts: Vec<Callout>,
    /// Clusters that hold a callout which never times out.
    unanswered: Vec<String>,
    panics: Vec<String>,
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CalloutServers {
    /// Starts a server, if the cluster needs one.
    pub(super) fn add(&mut self, cluster: &str, server: Server) {
        let upstream = match &server {
            Server::Fails(Fault::Refused | Fault::NoEndpoints) => None,
            Server::Fails(Fault::Timeout | Fault::Garbage) | Server::Answers(_) => {
                let (name, seen, server) = (cluster.to_owned(), self.seen.clone(), server.clone());
                let answer = move |request: &_| {
                    let callout = Callout {
                        cluster: name.clone(),
                        request: Clone::clone(request),
                    };
                    answer(&seen, &server, callout)
                };
                Some(Upstream::saying(answer).expect("a free port for a callout server"))
            }
        };
        self.servers.insert(cluster.to_owned(), (server, upstream));
    }

    /// Each cluster with its endpoint.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (&str, Option<SocketAddr>)> {
        self.servers.iter().map(|(name, (server, upstream))| {
            let endpoint = match server {
                Server::Fails(Fault::Refused) => Some(NOBODY),
                _ => upstream.as_ref().map(Upstream::addr),
            };
            (name.as_str(), endpoint)
        })
    }

    /// What arrived so far.
    pub(super) fn seen(&self) -> Vec<Callout> {
        lock(&self.seen).callouts.clone()
    }

    /// The clusters of the callouts that will never be answered, nor time out.
    pub(super) fn unanswered(&self) -> Vec<String> {
        lock(&self.seen).unanswered.clone()
    }

    /// The panics of answering functions.
    pub(super) fn panics(&self) -> Vec<String> {
        lock(&self.seen).panics.clone()
    }

    /// Whether no server that answers has a callout to answer.
    pub(super) fn are_idle(&self, admin: SocketAddr) -> bool {
        let answering = |(name, (server, _)): (&String, &(Server, _))| {
            (!matches!(server, Server::Fails(Fault::Timeout))).then(|| name.clone())
        };
        let names: Vec<_> = self.servers.iter().filter_map(answering).collect();
        if names.is_empty() {
            return true;
        }
        let filter = "upstream_rq_(pending_)?active";
        let Ok(stats) = admin::stats(admin, filter) else {
            return false;
        };
        names.iter().all(|name| {
            ["upstream_rq_active", "upstream_rq_pending_active"]
                .iter()
                .all(|gauge| {
                    let gauge = stats.get(&format!("cluster.{name}.{gauge}"));
                    gauge.copied().unwrap_or_default() == 0
                })
        })
    }
}

fn answer(seen: &Mutex<Seen>, server: &Server, callout: Callout) -> Said {
    let (cluster, request) = (callout.cluster.clone(), callout.request.clone());
    lock(seen).callouts.push(callout);
    let handler = match server {
        Server::Answers(handler) => handler,
        Server::Fails(Fault::Garbage) => return Said::Garbage,
        Server::Fails(_) => {
            if request.header(TIMEOUT).is_none() {
                lock(seen).unanswered.push(cluster);
            }
            return Said::Nothing;
        }
    };
    let answer = catch_unwind(AssertUnwindSafe(|| handler(&request)));
    Said::Reply(answer.unwrap_or_else(|_| {
        let panic = format!("what answers for the cluster \"{cluster}\" panicked");
        lock(seen).panics.push(panic);
        UpstreamReply::new(500)
    }))
}
