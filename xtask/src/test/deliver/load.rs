//! Constant load: connections that ask again and again, while configs change under them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use sdk_tests::Request;
use sdk_tests::envoy::client::Client;

use super::release::{CREDENTIALS, version_of};

const CONNECTIONS: usize = 4;

/// What the load has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: u64,
    /// How often a connection was answered by another version than before.
    pub(super) changes: u64,
}

/// Runs `work` under load. Every request must be answered by a whole config: with a password 200,
/// without one 401 by a version that is out, and never by an older one than before.
///
/// `newest` is the version that is out.
pub(super) fn under_load(
    address: SocketAddr,
    newest: &AtomicU32,
    work: impl FnOnce() -> Result<()>,
) -> Result<Seen> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|_| scope.spawn(|| connection(address, newest, &stop)))
            .collect();
        let worked = work();
        stop.store(true, Ordering::SeqCst);
        let mut seen = Seen::default();
        for connection in connections {
            let one = connection.join().ok().context("the load has panicked")?;
            let one = one.context("under load")?;
            seen.requests += one.requests;
            seen.changes += one.changes;
        }
        worked.map(|()| seen)
    })
}

fn connection(address: SocketAddr, newest: &AtomicU32, stop: &AtomicBool) -> Result<Seen> {
    let mut client = Client::connect(address)?;
    let (mut seen, mut last) = (Seen::default(), 0);
    let with_password = Request::get("/").header("authorization", CREDENTIALS);
    let without = Request::get("/");
    while !stop.load(Ordering::SeqCst) {
        let reply = client.send(&with_password)?;
        ensure!(reply.status() == 200, "alice gets {}", reply.status());
        let reply = client.send(&without)?;
        ensure!(reply.status() == 401, "a stranger gets {}", reply.status());
        let version = reply.header("www-authenticate").and_then(version_of);
        let version = version.context("a 401 without a version")?;
        let newest = newest.load(Ordering::SeqCst);
        ensure!(
            (last..=newest).contains(&version),
            "version {version} after {last}, while {newest} is out"
        );
        seen.changes += u64::from(version != last);
        seen.requests += 2;
        last = version;
    }
    Ok(seen)
}
