//! The mock proxy: Envoy's VMs, the chain of plugins and the streams through it, around any engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::exchange::Exchange;
use super::network::Conversation;
use super::vm::Running;
use super::{Cost, Engine, Log, PluginSettings, SharedHost, Trap, Vm};
use crate::backend::{Backend, Findings, ForeignAnswer};
use crate::callout::{Callout, Server};
use crate::config::Rejected;
use crate::connections::Answers;
use crate::grpc::{GrpcCall, GrpcServer};
use crate::plugin::Plugin;
use crate::proxy::Histogram;
use crate::proxy::HostKind;
use crate::proxy::Surroundings;
use crate::reply::{Reply, UpstreamReply};
use crate::request::Request;
use crate::rules::{Rule, Violation};

/// A plugin of the chain.
pub(super) struct Deployed<E> {
    pub(super) plugin: Plugin,
    pub(super) engine: E,
    /// The configuration that serves, and with which a dead VM is made anew.
    pub(super) config: Vec<u8>,
    /// Whether there has been one.
    pub(super) configured: bool,
}

/// A proxy with a chain of plugins and one route to one upstream.
pub(crate) struct Mock<E: Engine> {
    pub(super) host: SharedHost,
    pub(super) vms: BTreeMap<Vm, Running<E::Guest>>,
    pub(super) exchanges: BTreeMap<u64, Exchange>,
    pub(super) conversations: BTreeMap<u64, Conversation>,
    pub(super) next_stream: u64,
    pub(super) workers: usize,
    pub(super) upstream: Option<UpstreamReply>,
    /// What the upstream says on a connection; an echo if there is none.
    pub(super) answers: Option<Answers>,
    pub(super) costs: Vec<Cost>,
    trap: Option<Trap>,
    /// The last to go: the VMs may still use the environment that the engines keep.
    pub(super) chain: Vec<Deployed<E>>,
}

impl<E: Engine> Mock<E> {
    pub(crate) fn new(plugin: &Plugin, engine: impl Fn(&Plugin) -> E) -> Self {
        let chain: Vec<_> = plugin
            .chain()
            .map(|plugin| Deployed {
                plugin: plugin.clone(),
                engine: engine(plugin),
                config: Vec::new(),
                configured: false,
            })
            .collect();
        let host = SharedHost::default();
        {
            let mut host = host.borrow_mut();
            let first_token = chain[0].engine.first_token();
            host.callouts.next_token = first_token;
            host.grpc.tokens_from(first_token);
            host.plugins = plugin.chain().map(settings).collect();
        }
        Self {
            host,
            vms: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            conversations: BTreeMap::new(),
            next_stream: 1,
            workers: 1,
            upstream: None,
            answers: None,
            costs: Vec::new(),
            trap: None,
            chain,
        }
    }

    /// A VM is dead from here on.
    pub(super) fn died(&mut self, vm: Vm, trap: Trap) {
        self.vms.remove(&vm);
        self.host.borrow_mut().end_vm(vm);
        for exchange in self.exchanges.values_mut() {
            exchange.lose(vm);
        }
        for conversation in self.conversations.values_mut() {
            conversation.lose(vm);
        }
        self.trap.get_or_insert(trap);
    }
}

fn settings(plugin: &Plugin) -> PluginSettings {
    PluginSettings {
        name: plugin.name.clone(),
        root_id: plugin.root_id.clone(),
        vm_configuration: plugin.vm_configuration.clone(),
    }
}

impl<E: Engine> Backend for Mock<E> {
    fn kind(&self) -> HostKind {
        self.chain[0].engine.kind()
    }

    fn workers(&mut self, count: usize) {
        self.workers = count;
    }

    fn env(&mut self, name: &str, value: &str) {
        for deployed in &mut self.chain {
            deployed.engine.set_env(name, value);
        }
    }

    fn seed(&mut self, seed: u64) {
        for deployed in &mut self.chain {
            deployed.engine.set_seed(seed);
        }
    }

    fn property(&mut self, path: &[&str], value: &[u8]) {
        self.host.borrow_mut().properties.set(path, value);
    }

    fn surround(&mut self, surroundings: Surroundings) {
        for (path, value) in surroundings.properties() {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            self.property(&path, &value);
        }
    }

    fn upstream_replies(&mut self, reply: UpstreamReply) {
        self.upstream = Some(reply);
    }

    fn serve(&mut self, cluster: &str, server: Server) {
        self.host.borrow_mut().callouts.serve(cluster, server);
    }

    fn foreign_function(&mut self, name: &str, answer: Arc<ForeignAnswer>) {
        self.host.borrow_mut().foreign.answer(name, answer);
    }

    fn callouts(&mut self) -> Vec<Callout> {
        self.host.borrow().callouts.seen().to_vec()
    }

    fn serve_grpc(&mut self, cluster: &str, server: GrpcServer) {
        self.host.borrow_mut().grpc.serve(cluster, server);
    }

    fn grpc_calls(&mut self) -> Vec<GrpcCall> {
        self.host.borrow().grpc.seen().to_vec()
    }

    fn configure(&mut self, config: &[u8]) -> Result<(), Rejected> {
        let configured = self.configure_plugin(0, config);
        for plugin in 1..self.chain.len() {
            if !self.chain[plugin].configured {
                let next = self.chain[0].plugin.next[plugin - 1].1.clone();
                self.configure_plugin(plugin, &next.0)
                    .unwrap_or_else(|error| panic!("{}: {error}", self.chain[plugin].plugin.name));
            }
        }
        self.settle();
        configured
    }

    fn start(&mut self, request: &Request) -> u64 {
        let id = self.begin(request);
        self.settle();
        id
    }

    fn finish(&mut self, id: u64) -> Reply {
        self.wait_for(id)
    }

    fn leave(&mut self, id: u64) {
        if self.running_exchange(id).is_some() {
            self.reset(id, "downstream_remote_disconnect");
        }
        self.settle();
        self.costs = self
            .exchanges
            .remove(&id)
            .map(|exchange| exchange.costs)
            .unwrap_or_default();
    }

    fn metrics(&mut self) -> BTreeMap<String, u64> {
        self.host.borrow().metrics.scalars().clone()
    }

    fn histogram(&mut self, name: &str) -> Histogram {
        Histogram::of(self.host.borrow().metrics.samples(name))
    }

    fn logs(&mut self) -> Vec<Log> {
        self.host.borrow().logs.clone()
    }

    fn advance(&mut self, by: Duration) {
        self.let_pass(by);
    }

    fn costs(&self) -> Vec<Cost> {
        self.costs.clone()
    }

    fn end(&mut self) -> Findings {
        let mut host = self.host.borrow_mut();
        let leaked: Vec<_> = host
            .roots_pending
            .iter()
            .map(|(_, context)| Violation {
                rule: Rule::Leaks,
                message: format!(
                    "root context {context} leaked: proxy_on_done returned false, and proxy_done never came"
                ),
            })
            .collect();
        let left_open = host.grpc.left_open();
        let mut violations = std::mem::take(&mut host.violations);
        violations.extend(leaked);
        violations.extend(left_open.into_iter().map(Violation::open_stream));
        Findings {
            violations,
            faults: Vec::new(),
            trap: self.trap.as_ref().map(|trap| trap.message.clone()),
        }
    }
}
