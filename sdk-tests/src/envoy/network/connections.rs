//! What a scenario does with connections, on Envoy.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Network;
use super::calm::Callouts;
use crate::connections::{Answers, Connections};
use crate::envoy::LISTENER;
use crate::envoy::backend::EnvoyHost;

/// How long Envoy may take to read a few bytes.
const PATIENCE: Duration = Duration::from_secs(60);

impl EnvoyHost {
    fn ends(&mut self) -> &mut Network {
        self.network
            .as_mut()
            .expect("connections are for network filters")
    }

    /// Waits until Envoy has read so many bytes more than before, unless it does not read them: the
    /// connection waits for its upstream, or is over.
    fn wait_for_bytes(&mut self, id: u64, all: u64) {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let Some(network) = &self.network else { return };
            let over = network.clients.get(&id).is_none_or(super::Client::is_over);
            if over || !network.routes.contains_key(&id) || self.read_of_clients(network) >= all {
                return;
            }
            sleep(Duration::from_millis(1));
            let network = self.ends();
            if let Some(client) = network.clients.get_mut(&id) {
                network.received += client.look();
            }
        }
    }
}

impl Connections for EnvoyHost {
    fn connect(&mut self, worker: usize) -> u64 {
        self.calm_down(Callouts::LeftAlone);
        let address = self.envoy.as_ref().map(|envoy| envoy.listener(LISTENER));
        let client = address.map(|address| {
            self.connect_to(address, worker)
                .unwrap_or_else(|error| panic!("Envoy takes no connection: {error}"))
        });
        let network = self.ends();
        let id = network.next;
        network.next += 1;
        network.clients.extend(client.map(|client| (id, client)));
        network.held.push_back(id);
        self.calm_down(Callouts::LeftAlone);
        id
    }

    fn write(&mut self, id: u64, bytes: &[u8]) {
        let Some(network) = &self.network else { return };
        let before = self.read_of_clients(network);
        if let Some(client) = self.ends().clients.get_mut(&id) {
            client.write(bytes);
        }
        self.wait_for_bytes(id, before + bytes.len() as u64);
        self.calm_down(Callouts::LeftAlone);
    }

    fn stop_writing(&mut self, id: u64) {
        if let Some(client) = self.ends().clients.get(&id) {
            client.stop_writing();
        }
        self.calm_down(Callouts::LeftAlone);
    }

    fn hang_up(&mut self, id: u64) {
        self.stop_writing(id);
        self.calm_down(Callouts::Included);
        self.ends().clients.remove(&id);
    }

    fn reset(&mut self, id: u64) {
        if let Some(client) = self.ends().clients.remove(&id) {
            client.reset();
        }
        self.calm_down(Callouts::LeftAlone);
    }

    fn read(&mut self, id: u64) -> Vec<u8> {
        self.calm_down(Callouts::Included);
        let client = self.ends().clients.get_mut(&id);
        client.map(super::Client::take).unwrap_or_default()
    }

    fn is_open(&mut self, id: u64) -> bool {
        self.calm_down(Callouts::Included);
        let client = self.ends().clients.get(&id);
        client.is_some_and(|client| !client.is_over())
    }

    fn upstream_got(&mut self, id: u64) -> Vec<u8> {
        self.calm_down(Callouts::Included);
        let network = self.ends();
        let route = network.routes.get(&id);
        route
            .map(|index| network.upstream.got(*index))
            .unwrap_or_default()
    }

    fn upstream_says(&mut self, id: u64, bytes: &[u8]) {
        let network = self.ends();
        if let Some(index) = network.routes.get(&id).copied() {
            network.upstream.say(index, bytes);
        }
        self.calm_down(Callouts::LeftAlone);
    }

    fn upstream_hangs_up(&mut self, id: u64) {
        let network = self.ends();
        if let Some(index) = network.routes.get(&id).copied() {
            network.upstream.hang_up(index);
        }
        self.calm_down(Callouts::LeftAlone);
    }

    fn upstream_answers(&mut self, answers: Answers) {
        self.ends().upstream.answer_with(answers);
    }
}
