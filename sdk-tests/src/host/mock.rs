//! The mock proxy: Envoy's three VMs, its configuration updates and its end of streams, around
//! any engine.

use std::collections::BTreeMap;
use std::time::Duration;

use super::deliveries::invoke;
use super::departure::without_vm;
use super::exchange::Exchange;
use super::{Callback, Cost, Engine, Log, SharedHost, Trap, Vm};
use crate::backend::{Backend, Findings};
use crate::callout::{Callout, Server};
use crate::config::Rejected;
use crate::plugin::Plugin;
use crate::proxy::HostKind;
use crate::reply::{Reply, UpstreamReply};
use crate::request::Request;

/// A VM that serves, with the root context that holds the current configuration.
pub(super) struct Running<G> {
    pub(super) guest: G,
    root: u32,
    next_context: u32,
}

/// A proxy with one plugin, one worker and one route to one upstream.
pub(crate) struct Mock<E: Engine> {
    pub(super) host: SharedHost,
    pub(super) main: Option<Running<E::Guest>>,
    pub(super) worker: Option<Running<E::Guest>>,
    trap: Option<Trap>,
    upstream: Option<UpstreamReply>,
    costs: Vec<Cost>,
    /// The configuration that serves, and whether a dead VM is made anew with it.
    config: Vec<u8>,
    reloads: bool,
    /// The last to go: the VMs may still use the environment that it keeps.
    engine: E,
}

impl<E: Engine> Mock<E> {
    pub(crate) fn new(plugin: &Plugin, engine: E) -> Self {
        let host = SharedHost::default();
        {
            let mut host = host.borrow_mut();
            host.callouts.next_token = engine.first_token();
            let properties = &mut host.properties;
            properties.set(&["plugin_name"], plugin.name.as_str());
            properties.set(&["plugin_root_id"], plugin.root_id.as_str());
            properties.set(&["plugin_vm_id"], "");
        }
        Self {
            host,
            main: None,
            worker: None,
            trap: None,
            upstream: None,
            costs: Vec::new(),
            config: Vec::new(),
            reloads: plugin.reloads,
            engine,
        }
    }

    /// Makes a root context in a VM and gives it the configuration. `Ok(false)`: it refused.
    fn start(
        host: &SharedHost,
        running: &mut Running<E::Guest>,
        vm: Vm,
        config: &[u8],
    ) -> Result<bool, Trap> {
        let root = running.next_context;
        running.next_context += 1;
        let vm_size = host.borrow().vm_configuration.len();
        {
            let mut host = host.borrow_mut();
            host.plugin_configuration = Some(config.to_vec());
            host.roots.insert((vm, root));
        }
        let mut call = |callback, arguments: &[u32]| {
            invoke(
                host,
                &mut running.guest,
                (vm, root),
                callback,
                arguments,
                &mut Vec::new(),
            )
        };
        let started = call(Callback::ContextCreate, &[0])
            .and_then(|_| {
                call(
                    Callback::VmStart,
                    &[u32::try_from(vm_size).unwrap_or(u32::MAX)],
                )
            })
            .and_then(|answer| match answer {
                0 => Ok(0),
                _ => call(
                    Callback::Configure,
                    &[u32::try_from(config.len()).unwrap_or(u32::MAX)],
                ),
            });
        host.borrow_mut().plugin_configuration = None;
        let started = started? != 0;
        if started {
            running.root = root;
        }
        Ok(started)
    }

    /// Starts the configuration in a VM that serves; the old root context finishes.
    fn update(&mut self, vm: Vm, config: &[u8]) -> Result<bool, Trap> {
        let slot = if vm == Vm::Main {
            &mut self.main
        } else {
            &mut self.worker
        };
        let mut running = match slot.take() {
            Some(running) => running,
            None => fresh(&self.engine, &self.host)?,
        };
        let old = running.root;
        let started = Self::start(&self.host, &mut running, vm, config)?;
        if started && old != 0 {
            self.host.borrow_mut().tick_periods.remove(&(vm, old));
            let (host, guest) = (&self.host, &mut running.guest);
            let mut call =
                |callback| invoke(host, guest, (vm, old), callback, &[], &mut Vec::new());
            if call(Callback::Done)? != 0 || self.host.borrow().roots_done.contains(&(vm, old)) {
                call(Callback::Delete)?;
                let mut host = self.host.borrow_mut();
                host.roots.remove(&(vm, old));
                host.callouts.cancel((vm, old));
            }
        }
        *slot = Some(running);
        Ok(started)
    }

    /// Sends a request; the client stays or leaves.
    fn exchange(&mut self, request: &Request, leaves: bool) -> Reply {
        self.costs.clear();
        if self.worker.is_none() && self.trap.is_some() && self.reloads {
            let config = self.config.clone();
            if let Err(trap) = self.update(Vm::Worker, &config) {
                self.died(trap);
            }
        }
        let Some(running) = &mut self.worker else {
            // Envoy: no configuration yet is 500, a dead VM fails closed.
            let status = if self.trap.is_some() { 503 } else { 500 };
            let date = self.host.borrow().clock.http_date();
            return without_vm(status, &date, request);
        };
        let context = running.next_context;
        running.next_context += 1;
        let exchange = Exchange {
            host: &self.host,
            guest: &mut running.guest,
            root: running.root,
            context,
            costs: &mut self.costs,
            leaves,
            request_ended: false,
            response_started: false,
        };
        let upstream = self.upstream.clone();
        let (reply, trap) = exchange.run(request, &|request| {
            upstream
                .clone()
                .unwrap_or_else(|| UpstreamReply::echo(request))
        });
        if let Some(trap) = trap {
            self.died(trap);
        }
        self.deliver_due();
        reply
    }

    pub(super) fn died(&mut self, trap: Trap) {
        {
            let mut host = self.host.borrow_mut();
            host.streams.clear();
            host.end_vm(Vm::Worker);
        }
        self.worker = None;
        self.trap.get_or_insert(trap);
    }
}

fn fresh<E: Engine>(engine: &E, host: &SharedHost) -> Result<Running<E::Guest>, Trap> {
    Ok(Running {
        guest: engine.instantiate(host)?,
        root: 0,
        next_context: 1,
    })
}

impl<E: Engine> Backend for Mock<E> {
    fn kind(&self) -> HostKind {
        self.engine.kind()
    }

    fn env(&mut self, name: &str, value: &str) {
        self.engine.set_env(name, value);
    }

    fn property(&mut self, path: &[&str], value: &[u8]) {
        self.host.borrow_mut().properties.set(path, value);
    }

    fn upstream_replies(&mut self, reply: UpstreamReply) {
        self.upstream = Some(reply);
    }

    fn serve(&mut self, cluster: &str, server: Server) {
        self.host.borrow_mut().callouts.serve(cluster, server);
    }

    fn callouts(&mut self) -> Vec<Callout> {
        self.host.borrow().callouts.seen().to_vec()
    }

    fn configure(&mut self, config: &[u8]) -> Result<(), Rejected> {
        let logged = self.host.borrow().logs.len();
        let rejected = |host: &SharedHost, trap: Option<&Trap>| {
            let logs = host.borrow().logs[logged..].to_vec();
            Rejected::new(logs, trap.map(|trap| trap.message.clone()))
        };
        // Envoy tries a configuration out in a VM of its own. If that fails, nothing changes.
        let canary = fresh(&self.engine, &self.host)
            .and_then(|mut running| Self::start(&self.host, &mut running, Vm::Canary, config));
        self.host.borrow_mut().end_vm(Vm::Canary);
        match canary {
            Ok(true) => {}
            Ok(false) => return Err(rejected(&self.host, None)),
            Err(trap) => return Err(rejected(&self.host, Some(&trap))),
        }
        config.clone_into(&mut self.config);
        for vm in [Vm::Main, Vm::Worker] {
            match self.update(vm, config) {
                Ok(true) => {}
                Ok(false) => return Err(rejected(&self.host, None)),
                Err(trap) => {
                    let error = rejected(&self.host, Some(&trap));
                    self.died(trap);
                    return Err(error);
                }
            }
        }
        self.deliver_due();
        Ok(())
    }

    fn send(&mut self, request: &Request) -> Reply {
        self.exchange(request, false)
    }

    fn send_and_leave(&mut self, request: &Request) {
        self.exchange(request, true);
    }

    fn metrics(&mut self) -> BTreeMap<String, u64> {
        self.host.borrow().metrics.scalars().clone()
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

    fn finish(&mut self) -> Findings {
        let mut host = self.host.borrow_mut();
        let leaked = host.streams.keys().map(|context| {
            format!(
                "context {context} leaked: proxy_on_done returned false, and proxy_done never came"
            )
        });
        let leaked: Vec<_> = leaked.collect();
        let mut violations = std::mem::take(&mut host.violations);
        violations.extend(leaked);
        Findings {
            violations,
            trap: self.trap.as_ref().map(|trap| trap.message.clone()),
        }
    }
}
