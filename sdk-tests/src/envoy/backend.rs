//! Scenarios in a real Envoy.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::bootstrap::{LISTENER, bootstrap};
use super::callouts::CalloutServers;
use super::grpc::GrpcServers;
use super::network::Network;
use super::visits::Visit;
use super::{Envoy, EnvoyOptions, Upstream, find_binary, logs};
use crate::backend::{Backend, Findings, ForeignAnswer};
use crate::callout::{Callout, Server};
use crate::config::Rejected;
use crate::grpc::{GrpcCall, GrpcServer};
use crate::host::{Cost, Log};
use crate::plugin::Plugin;
use crate::proxy::Histogram;
use crate::proxy::HostKind;
use crate::proxy::Surroundings;
use crate::{Reply, Request, Rule, UpstreamReply, UpstreamRequest, Violation};

/// One Envoy and one upstream for one scenario. It starts with the first configuration.
pub(crate) struct EnvoyHost {
    /// The chain, with the module of each.
    pub(super) plugins: Vec<(Plugin, PathBuf)>,
    pub(super) env: Vec<(String, String)>,
    surroundings: Surroundings,
    pub(super) dir: TempDir,
    upstream: Upstream,
    /// What the upstream has seen of exchanges that are not over.
    arrived: Vec<UpstreamRequest>,
    pub(super) servers: CalloutServers,
    pub(super) grpc: GrpcServers,
    violations: Vec<Violation>,
    pub(super) network: Option<Network>,
    pub(super) envoy: Option<Envoy>,
    pub(super) workers: usize,
    pub(super) version: u64,
    /// Requests that are on their way.
    pub(super) visits: BTreeMap<u64, Visit>,
    next_visit: u64,
    /// All bytes that clients have written.
    pub(super) written: u64,
    /// Traps that a refused configuration accounts for.
    pub(super) excused_traps: usize,
}

/// The host for a plugin.
///
/// # Panics
///
/// If the module or Envoy is missing; the message says how to get it.
pub(crate) fn host(plugin: &Plugin) -> EnvoyHost {
    let plugins = plugin.chain().map(|plugin| {
        let module = crate::places::module(plugin).unwrap_or_else(|error| panic!("{error}"));
        (plugin.clone(), module)
    });
    EnvoyHost {
        plugins: plugins.collect(),
        env: Vec::new(),
        surroundings: Surroundings::default(),
        dir: TempDir::with_prefix("sdk-tests-").expect("a temporary directory"),
        upstream: Upstream::echo().expect("a free port for the upstream"),
        arrived: Vec::new(),
        servers: CalloutServers::default(),
        grpc: GrpcServers::default(),
        violations: Vec::new(),
        network: plugin.is_network_filter.then(Network::new),
        envoy: None,
        workers: 1,
        version: 0,
        visits: BTreeMap::new(),
        next_visit: 0,
        written: 0,
        excused_traps: 0,
    }
}

impl EnvoyHost {
    pub(super) fn start_envoy(&self) -> Envoy {
        let plugins = self.plugins.iter().enumerate();
        let upstream = self.network.as_ref().map(Network::upstream);
        let mut bootstrap = bootstrap(
            plugins.map(|(at, (plugin, _))| (plugin.name.as_str(), self.resource_file(at))),
            upstream.unwrap_or(self.upstream.addr()),
            self.servers.endpoints(),
            self.grpc.endpoints(),
            (self.workers, self.network.is_some()),
        );
        super::surroundings::apply(&self.surroundings, &mut bootstrap);
        let bootstrap = bootstrap.to_string();
        let binary = find_binary().unwrap_or_else(|error| panic!("{error}"));
        let mut options = EnvoyOptions::new(binary, &bootstrap);
        options.dir = Some(self.dir.path().to_owned());
        let workers = self.workers.to_string();
        let arguments = [
            "--component-log-level",
            "wasm:trace",
            "--concurrency",
            &workers,
        ];
        options.extra_args = arguments.map(str::to_owned).to_vec();
        let envoy = Envoy::start(&options).unwrap_or_else(|error| panic!("{error}"));
        let admin = envoy.admin();
        self.upstream
            .pace(move |bytes| super::admin::wait_for_bytes_of_the_upstream(admin, bytes));
        envoy
    }

    pub(super) fn admin(&self) -> Option<SocketAddr> {
        self.envoy.as_ref().map(Envoy::admin)
    }

    pub(super) fn log(&self) -> String {
        self.envoy.as_ref().map(Envoy::log).unwrap_or_default()
    }

    /// What Envoy calls the plugins' streams, and their root contexts if they have a root id.
    pub(super) fn log_prefixes(&self) -> Vec<String> {
        let prefixes = |(plugin, _): &(Plugin, PathBuf)| {
            let (name, root_id) = (&plugin.name, &plugin.root_id);
            match root_id.is_empty() {
                true => vec![name.clone()],
                false => vec![format!("{name} {root_id}"), root_id.clone()],
            }
        };
        self.plugins.iter().flat_map(prefixes).collect()
    }

    pub(super) fn log_size(&self) -> u64 {
        self.envoy.as_ref().map(Envoy::log_size).unwrap_or_default()
    }

    /// What was logged since the log had this size.
    pub(super) fn log_from(&self, size: u64) -> String {
        let log = self.envoy.as_ref().map(|envoy| envoy.log_from(size));
        log.unwrap_or_default()
    }

    /// Envoy answers before it logs a stream and ends its context: wait for that, and for the
    /// answers of callouts if nobody else may wait for them.
    pub(super) fn settle(&mut self) {
        if self.network.is_some() {
            return self.wait_for_calm();
        }
        let Some(envoy) = &mut self.envoy else { return };
        let admin = envoy.admin();
        let name = format!("http.{LISTENER}.downstream_rq_active");
        let (servers, grpc) = (&self.servers, &self.grpc);
        let on_their_way = self.visits.len() as u64;
        let idle = || {
            let stats = super::admin::stats(admin, &name).ok()?;
            let active = stats.get(&name).copied().unwrap_or(u64::MAX);
            let answered = on_their_way > 0 || (servers.are_idle(admin) && grpc.are_idle(admin));
            (active <= on_their_way && answered).then_some(())
        };
        // The gauge falls just before the callbacks: a second look is after them.
        for _ in 0..2 {
            envoy
                .wait_for("end the streams and callouts", idle)
                .unwrap_or_else(|error| panic!("{error}"));
        }
    }

    /// The request as it came to the upstream, if it did. Several on their way are told apart by
    /// their paths.
    fn take_arrived(&mut self, request: &Request) -> Option<UpstreamRequest> {
        self.arrived.extend(self.upstream.take_requests());
        let same_path = |arrived: &UpstreamRequest| arrived.path() == request.path;
        let at = match self.arrived.iter().position(same_path) {
            Some(at) => at,
            None if self.visits.is_empty() => self.arrived.len().checked_sub(1)?,
            None => return None,
        };
        Some(self.arrived.remove(at))
    }
}

impl Backend for EnvoyHost {
    fn kind(&self) -> HostKind {
        HostKind::Envoy
    }

    fn workers(&mut self, count: usize) {
        self.workers = count;
    }

    fn seed(&mut self, _seed: u64) {}

    fn env(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    fn property(&mut self, _path: &[&str], _value: &[u8]) {}

    fn surround(&mut self, surroundings: Surroundings) {
        self.surroundings = surroundings;
    }

    fn upstream_replies(&mut self, reply: UpstreamReply) {
        self.upstream.reply_with(Some(reply));
    }

    fn serve(&mut self, cluster: &str, server: Server) {
        self.servers.add(cluster, server);
    }

    fn foreign_function(&mut self, _name: &str, _answer: Arc<ForeignAnswer>) {}

    fn callouts(&mut self) -> Vec<Callout> {
        self.servers.seen()
    }

    fn serve_grpc(&mut self, cluster: &str, server: GrpcServer) {
        self.grpc.add(cluster, server);
    }

    fn grpc_calls(&mut self) -> Vec<GrpcCall> {
        self.grpc.seen()
    }

    fn configure(&mut self, config: &[u8]) -> Result<(), Rejected> {
        self.update(config)
    }

    fn start(&mut self, request: &Request) -> u64 {
        self.next_visit += 1;
        let address = self.envoy.as_ref().map(|envoy| envoy.listener(LISTENER));
        if let Some(address) = address {
            if self.visits.is_empty() {
                self.upstream.take_requests();
                self.arrived.clear();
            }
            let visit = self
                .visit(address, request)
                .unwrap_or_else(|error| panic!("Envoy takes no request: {error}"));
            self.visits.insert(self.next_visit, visit);
        }
        self.next_visit
    }

    fn finish(&mut self, id: u64) -> Reply {
        let Some(visit) = self.visits.remove(&id) else {
            // As an Envoy that has no configuration yet.
            return Reply {
                status: 500,
                ..Reply::default()
            };
        };
        let request = visit.request().clone();
        let mut reply = match self.patiently(visit) {
            Ok(reply) => reply,
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                self.violations.push(Violation {
                    rule: Rule::Unanswered,
                    message: error.to_string(),
                });
                Reply::default()
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Reply::default(),
            Err(error) => panic!("Envoy did not answer: {error}"),
        };
        self.settle();
        reply.upstream = self.take_arrived(&request);
        reply
    }

    fn leave(&mut self, id: u64) {
        if let Some(visit) = self.visits.remove(&id) {
            self.walk_out(visit);
        }
        self.settle();
    }

    fn metrics(&mut self) -> BTreeMap<String, u64> {
        let stats = self
            .envoy
            .as_ref()
            .map(|envoy| envoy.stats_matching("^wasmcustom%5C."));
        let own = |(name, value): (String, u64)| {
            Some((name.strip_prefix("wasmcustom.")?.to_owned(), value))
        };
        stats
            .unwrap_or_default()
            .into_iter()
            .filter_map(own)
            .collect()
    }

    fn histogram(&mut self, name: &str) -> Histogram {
        let admin = self.admin();
        admin
            .map(|admin| super::histograms::read(admin, name))
            .unwrap_or_default()
    }

    fn logs(&mut self) -> Vec<Log> {
        logs::of_plugins(&self.log(), &self.log_prefixes())
    }

    fn advance(&mut self, by: Duration) {
        std::thread::sleep(by);
        self.settle();
    }

    fn costs(&self) -> Vec<Cost> {
        Vec::new()
    }

    fn end(&mut self) -> Findings {
        let trap = logs::traps(&self.log()).into_iter().nth(self.excused_traps);
        // A dead plugin cannot end its streams.
        let left_open = match trap {
            Some(_) => Vec::new(),
            None => self.grpc.left_open(),
        };
        let mut violations = std::mem::take(&mut self.violations);
        violations.extend(left_open.into_iter().map(Violation::open_stream));
        let mut faults = self.servers.panics();
        faults.extend(self.grpc.panics());
        Findings {
            violations,
            faults,
            trap,
        }
    }
}
