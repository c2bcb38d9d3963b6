//! Requests on their way to a scenario's Envoy: clients that know when they wait in vain, and the
//! connections that make Envoy choose a worker.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::backend::EnvoyHost;
use super::bootstrap::LISTENER;
use super::client::{Client, segments};
use super::{admin, logs};
use crate::{Reply, Request};

/// How long a client waits at most: no scenario needs as much.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a client that waits looks whether it waits in vain.
const LOOK: Duration = Duration::from_millis(500);

/// A request that has been sent.
pub(super) struct Visit {
    client: Client,
    request: Request,
    sent: io::Result<()>,
    unanswered_before: usize,
    /// Where the log of it begins: one of many requests takes long to read.
    log_from: u64,
    callouts_before: usize,
    /// They keep other workers busier than the one that serves the request.
    parked: Vec<Client>,
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Visit {
    pub(super) fn request(&self) -> &Request {
        &self.request
    }
}

impl EnvoyHost {
    /// Sends a request. Each of its chunks leaves when Envoy has read the one before.
    pub(super) fn visit(&mut self, address: SocketAddr, request: &Request) -> io::Result<Visit> {
        let (unanswered_before, log_from) = (self.unanswered().len(), self.log_size());
        let callouts_before = self.asked();
        let (client, parked) = self.connect(address, request.worker)?;
        let mut visit = Visit {
            client,
            request: request.clone(),
            sent: Ok(()),
            unanswered_before,
            log_from,
            callouts_before,
            parked,
        };
        visit.sent = self.write(&mut visit.client, request);
        Ok(visit)
    }

    /// A connection that this worker serves, and those that went to others before it did: Envoy
    /// gives each to the worker that has the fewest.
    fn connect(&mut self, address: SocketAddr, worker: usize) -> io::Result<(Client, Vec<Client>)> {
        let mut parked = Vec::new();
        if self.workers == 1 {
            return Ok((Client::connect(address)?, parked));
        }
        let held = self.visits.values().map(|visit| 1 + visit.parked.len());
        let held: usize = held.sum();
        let mut loads = self.loads(held);
        while parked.len() < 2 * self.workers {
            let client = Client::connect(address)?;
            let now = self.loads(held + parked.len() + 1);
            if now.get(worker) > loads.get(worker) {
                return Ok((client, parked));
            }
            loads = now;
            parked.push(client);
        }
        Err(io::Error::other(format!(
            "worker {worker} gets no connection: {loads:?}"
        )))
    }

    /// The connections of each worker, as soon as there are so many in all.
    fn loads(&mut self, all: usize) -> Vec<u64> {
        let workers = self.workers;
        let Some(envoy) = &mut self.envoy else {
            return vec![0; workers];
        };
        let admin = envoy.admin();
        let loads = || {
            let stats = admin::stats(admin, "worker_.*downstream_cx_active").ok()?;
            let of = |worker| {
                let suffix = format!(".worker_{worker}.downstream_cx_active");
                let is_listener =
                    |name: &&String| name.ends_with(&suffix) && !name.starts_with("listener.admin");
                stats
                    .iter()
                    .filter(|(name, _)| is_listener(name))
                    .map(|(_, count)| count)
                    .sum()
            };
            let loads: Vec<u64> = (0..workers).map(of).collect();
            (loads.iter().sum::<u64>() == all as u64).then_some(loads)
        };
        envoy
            .wait_for("count its connections", loads)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Writes a request, and waits until Envoy has read it or answered.
    fn write(&mut self, client: &mut Client, request: &Request) -> io::Result<()> {
        let Some(admin) = self.admin() else {
            return Ok(());
        };
        let name = format!("http.{LISTENER}.downstream_cx_rx_bytes_total");
        for segment in segments(request) {
            client.write(&segment)?;
            self.written += segment.len() as u64;
            let start = Instant::now();
            let is_read = || {
                let stats = admin::stats(admin, &name).unwrap_or_default();
                stats.get(&name).copied().unwrap_or_default() >= self.written
            };
            while !is_read() && start.elapsed() < PATIENCE {
                if client.wait(Duration::from_millis(1)).is_ok() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Waits for the reply; `TimedOut` says why none will ever come.
    pub(super) fn patiently(&self, visit: Visit) -> io::Result<Reply> {
        let mut client = visit.client;
        let hopeless = || {
            let log = self.log_from(visit.log_from);
            (self.unanswered().len(), logs::traps(&log).len())
        };
        let before = (visit.unanswered_before, 0);
        let never = |why: String| {
            let error = format!("a paused request {why}");
            Err(io::Error::new(ErrorKind::TimedOut, error))
        };
        let (start, mut vain_looks) = (Instant::now(), 0);
        while client.wait(LOOK).is_err_and(|error| is_timeout(&error)) {
            let now = hopeless();
            vain_looks += u32::from(now != before);
            // One look may come between the panic and the 503 for it.
            if vain_looks > 1 {
                return never(match now.1 > before.1 {
                    true => "waits for a plugin that is dead".to_owned(),
                    false => format!("has an unanswered callout to {:?}", self.unanswered()),
                });
            }
            if start.elapsed() > PATIENCE {
                return never(format!("got no reply within {PATIENCE:?}"));
            }
        }
        let reply = client.receive(visit.request.method == "HEAD");
        drop(visit.parked);
        match (visit.sent, reply) {
            (Err(error), Err(_)) => Err(error),
            (_, reply) => reply,
        }
    }

    /// The clusters of what will never be answered, nor time out.
    fn unanswered(&self) -> Vec<String> {
        let (mut unanswered, grpc) = (self.servers.unanswered(), self.grpc.unanswered());
        unanswered.extend(grpc);
        unanswered
    }

    /// What servers have seen so far.
    fn asked(&self) -> usize {
        self.servers.seen().len() + self.grpc.seen().len()
    }

    /// Leaves as soon as a server has seen a callout for the request, or after a while.
    pub(super) fn walk_out(&self, visit: Visit) {
        let start = Instant::now();
        while self.asked() == visit.callouts_before && start.elapsed() < LOOK {
            sleep(Duration::from_millis(5));
        }
    }
}
