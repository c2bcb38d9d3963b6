//! Clients of a scenario's Envoy: one that knows when it waits in vain, and one that does not stay.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::backend::EnvoyHost;
use super::client::Client;
use super::logs;
use crate::{Reply, Request};

/// How long a client waits at most: no scenario needs as much.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a client that waits looks whether it waits in vain.
const LOOK: Duration = Duration::from_millis(500);

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl EnvoyHost {
    /// Sends a request; `TimedOut` says why no reply will ever come.
    pub(super) fn patiently(&self, address: SocketAddr, request: &Request) -> io::Result<Reply> {
        let hopeless = || {
            let (unanswered, traps) = (self.servers.unanswered(), logs::traps(&self.log()));
            (unanswered.len(), traps.len())
        };
        let before = hopeless();
        let mut client = Client::connect(address)?;
        let sent = client.send_only(request);
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
                    false => format!(
                        "has an unanswered callout to {:?}",
                        self.servers.unanswered()
                    ),
                });
            }
            if start.elapsed() > PATIENCE {
                return never(format!("got no reply within {PATIENCE:?}"));
            }
        }
        match (sent, client.receive(request.method == "HEAD")) {
            (Err(error), Err(_)) => Err(error),
            (_, reply) => reply,
        }
    }

    /// Sends a request and leaves: as soon as a server sees a callout for it, or after a while.
    pub(super) fn visit(&self, address: SocketAddr, request: &Request) -> io::Result<()> {
        let (before, start) = (self.servers.seen().len(), Instant::now());
        let mut client = Client::connect(address)?;
        client.send_only(request)?;
        while self.servers.seen().len() == before && start.elapsed() < LOOK {
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}
