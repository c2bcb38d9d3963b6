//! The gRPC servers that a plugin calls, as clusters of a real Envoy.

mod messages;
mod server;
mod stream;
mod visitors;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use server::GrpcUpstream;
use visitors::Visitors;

use super::admin;
use super::callouts::NOBODY;
use crate::callout::Fault;
use crate::grpc::{GrpcCall, GrpcServer};

/// The gRPC clusters of a scenario, and what arrived there.
#[derive(Default)]
pub(super) struct GrpcServers {
    servers: BTreeMap<String, (GrpcServer, Option<GrpcUpstream>)>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<GrpcCall>,
    panics: Vec<String>,
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GrpcServers {
    /// Starts a server, if the cluster needs one.
    pub(super) fn add(&mut self, cluster: &str, server: GrpcServer) {
        let upstream = match &server {
            GrpcServer::Fails(Fault::Refused | Fault::NoEndpoints | Fault::Garbage) => None,
            GrpcServer::Fails(Fault::Timeout) | GrpcServer::Answers(_) => {
                let visitors = Visitors::new(cluster, server.clone(), self.seen.clone());
                Some(GrpcUpstream::start(visitors).expect("a free port for a gRPC server"))
            }
        };
        self.servers.insert(cluster.to_owned(), (server, upstream));
    }

    /// Each cluster with its endpoint.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (&str, Option<SocketAddr>)> {
        self.servers.iter().map(|(name, (server, upstream))| {
            let endpoint = match server {
                GrpcServer::Fails(Fault::Refused) => Some(NOBODY),
                _ => upstream.as_ref().map(GrpcUpstream::addr),
            };
            (name.as_str(), endpoint)
        })
    }

    /// What arrived so far.
    pub(super) fn seen(&self) -> Vec<GrpcCall> {
        lock(&self.seen).calls.clone()
    }

    /// The clusters of calls and streams that will never be answered, nor time out.
    pub(super) fn unanswered(&self) -> Vec<String> {
        let silent = self
            .servers
            .iter()
            .filter_map(|(name, (server, upstream))| {
                let fails = matches!(server, GrpcServer::Fails(Fault::Timeout));
                Some((name, upstream.as_ref().filter(|_| fails)?))
            });
        let waiting = silent.filter(|(_, upstream)| !upstream.left_open().is_empty());
        waiting.map(|(name, _)| name.clone()).collect()
    }

    /// What is wrong with each call that nobody will answer, and each stream that nobody has ended.
    pub(super) fn left_open(&self) -> Vec<String> {
        let upstreams = self
            .servers
            .values()
            .filter_map(|(_, upstream)| upstream.as_ref());
        upstreams.flat_map(GrpcUpstream::left_open).collect()
    }

    /// The panics of answering functions.
    pub(super) fn panics(&self) -> Vec<String> {
        lock(&self.seen).panics.clone()
    }

    /// Whether everything that was sent has arrived, and the servers have nothing left to answer.
    /// To be sure, look twice.
    pub(super) fn are_idle(&self, admin: SocketAddr) -> bool {
        if self.servers.is_empty() {
            return true;
        }
        let Ok(stats) = admin::stats(admin, "upstream_rq_(pending_)?active") else {
            return false;
        };
        self.servers.iter().all(|(name, (_, upstream))| {
            let gauge = |gauge: &str| {
                let gauge = stats.get(&format!("cluster.{name}.{gauge}"));
                gauge.copied().unwrap_or_default()
            };
            let quiet = |upstream: &GrpcUpstream| upstream.is_quiet(gauge("upstream_rq_active"));
            gauge("upstream_rq_pending_active") == 0 && upstream.as_ref().is_none_or(quiet)
        })
    }
}
