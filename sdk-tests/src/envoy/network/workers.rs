//! Connections to a certain worker.

use std::io;
use std::net::SocketAddr;

use super::Client;
use crate::envoy::backend::EnvoyHost;
use crate::envoy::{LISTENER, admin};

/// How many connections each worker has.
const NOW: &str = "downstream_cx_active";

/// How many connections each worker has had.
const EVER: &str = "downstream_cx_total";

impl EnvoyHost {
    /// Connects to a worker. Envoy gives each connection to the one that has the fewest: so the
    /// others get connections first that no plugin sees.
    pub(super) fn connect_to(&mut self, address: SocketAddr, worker: usize) -> io::Result<Client> {
        let (mut on_others, mut on_worker) = (Vec::new(), Vec::new());
        let mut loads = self.of_workers(NOW, |_| true);
        while !is_next(&loads, worker, on_worker.len()) {
            let client = Client::park(address)?;
            let all = loads.iter().sum::<u64>();
            let now = self.of_workers(NOW, |loads| loads.iter().sum::<u64>() > all);
            match now[worker] > loads[worker] {
                true => on_worker.push(client),
                false => on_others.push(client),
            }
            loads = now;
        }
        let own = loads[worker] - on_worker.len() as u64;
        drop(on_worker);
        self.of_workers(NOW, |loads| loads[worker] == own);
        let before = self.of_workers(EVER, |_| true);
        let client = Client::connect(address)?;
        self.of_workers(EVER, |loads| loads[worker] > before[worker]);
        Ok(client)
    }

    /// A number of each worker, as soon as all are as expected.
    fn of_workers(&mut self, what: &str, expected: impl Fn(&[u64]) -> bool) -> Vec<u64> {
        let workers = self.workers;
        let Some(envoy) = &mut self.envoy else {
            return vec![0; workers];
        };
        let admin = envoy.admin();
        let numbers = || {
            let stats = admin::stats(admin, what).ok()?;
            let number = |worker| {
                let name = format!("listener.{LISTENER}.worker_{worker}.{what}");
                stats.get(&name).copied().unwrap_or_default()
            };
            let numbers: Vec<u64> = (0..workers).map(number).collect();
            expected(&numbers).then_some(numbers)
        };
        envoy
            .wait_for("count its connections", numbers)
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Whether the next connection is a worker's, without so many that it has for the time being.
fn is_next(loads: &[u64], worker: usize, extra: usize) -> bool {
    let own = loads[worker] - extra as u64;
    let mut others = loads.iter().enumerate().filter(|(at, _)| *at != worker);
    others.all(|(_, load)| *load > own)
}
