//! Configurations: tried out first, then given to every VM.

use std::collections::BTreeSet;

use super::deliveries::invoke;
use super::mock::Mock;
use super::vm::Running;
use super::{Callback, Engine, SharedHost, Thread, Trap, Vm};
use crate::config::Rejected;

impl<E: Engine> Mock<E> {
    /// Gives a plugin its configuration, or a new one.
    pub(super) fn configure_plugin(
        &mut self,
        plugin: usize,
        config: &[u8],
    ) -> Result<(), Rejected> {
        let logged = self.host.borrow().logs.len();
        let rejected = |host: &SharedHost, trap: Option<&Trap>| {
            let logs = host.borrow().logs[logged..].to_vec();
            Rejected::new(logs, trap.map(|trap| trap.message.clone()))
        };
        // Envoy tries a configuration out in a VM of its own. If that fails, nothing changes.
        let thread = Thread::Canary;
        let canary = self
            .fresh(plugin)
            .and_then(|mut running| start(&self.host, &mut running, Vm { thread, plugin }, config));
        let accepted = matches!(canary, Ok(true));
        self.host.borrow_mut().end_canary(plugin, accepted);
        match canary {
            Ok(true) => {}
            Ok(false) => return Err(rejected(&self.host, None)),
            Err(trap) => return Err(rejected(&self.host, Some(&trap))),
        }
        config.clone_into(&mut self.chain[plugin].config);
        self.chain[plugin].configured = true;
        let workers = (0..self.workers).map(Thread::Worker);
        for thread in [Thread::Main].into_iter().chain(workers) {
            let vm = Vm { thread, plugin };
            match self.update(vm, config) {
                Ok(true) => {}
                Ok(false) => return Err(rejected(&self.host, None)),
                Err(trap) => {
                    let error = rejected(&self.host, Some(&trap));
                    self.died(vm, trap);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Makes the dead VMs of a worker anew, where plugins are configured so.
    pub(super) fn revive(&mut self, worker: usize) {
        for plugin in 0..self.chain.len() {
            let thread = Thread::Worker(worker);
            let vm = Vm { thread, plugin };
            let deployed = &self.chain[plugin];
            if deployed.plugin.reloads && deployed.configured && !self.vms.contains_key(&vm) {
                let config = deployed.config.clone();
                if let Err(trap) = self.update(vm, &config) {
                    self.died(vm, trap);
                }
            }
        }
    }

    fn fresh(&self, plugin: usize) -> Result<Running<E::Guest>, Trap> {
        let engine = &self.chain[plugin].engine;
        engine.instantiate(&self.host).map(Running::new)
    }

    /// Starts the configuration in a VM that serves; the old root context finishes, once the streams
    /// that began under it have.
    fn update(&mut self, vm: Vm, config: &[u8]) -> Result<bool, Trap> {
        let mut running = match self.vms.remove(&vm) {
            Some(running) => running,
            None => self.fresh(vm.plugin)?,
        };
        let old = running.root;
        let started = start(&self.host, &mut running, vm, config)?;
        self.vms.insert(vm, running);
        if started && old != 0 {
            self.host.borrow_mut().roots_replaced.insert((vm, old));
            self.retire_replaced(vm)?;
        }
        Ok(started)
    }

    /// Ends the root contexts of a VM that have been replaced and serve nobody any more.
    pub(super) fn retire_replaced(&mut self, vm: Vm) -> Result<(), Trap> {
        let idle = {
            let mut host = self.host.borrow_mut();
            let replaced = std::mem::take(&mut host.roots_replaced);
            let (idle, other) = replaced
                .into_iter()
                .partition::<BTreeSet<_>, _>(|root| root.0 == vm && !host.is_parent(*root));
            host.roots_replaced = other;
            idle
        };
        for root in idle {
            if let Some(running) = self.vms.get_mut(&vm) {
                retire(&self.host, running, root)?;
            }
        }
        Ok(())
    }
}

/// Makes a root context in a VM and gives it the configuration. `Ok(false)`: it refused.
fn start<G: super::Guest>(
    host: &SharedHost,
    running: &mut Running<G>,
    vm: Vm,
    config: &[u8],
) -> Result<bool, Trap> {
    let root = running.new_context();
    let vm_size = {
        let mut host = host.borrow_mut();
        host.plugin_configuration = Some(config.to_vec());
        host.roots.insert((vm, root));
        host.plugins[vm.plugin].vm_configuration.len()
    };
    let mut call = |callback, arguments: &[u32]| {
        let guest = &mut running.guest;
        invoke(
            host,
            guest,
            (vm, root),
            callback,
            arguments,
            &mut Vec::new(),
        )
    };
    let size = |length| u32::try_from(length).unwrap_or(u32::MAX);
    let started = call(Callback::ContextCreate, &[0])
        .and_then(|_| call(Callback::VmStart, &[size(vm_size)]))
        .and_then(|answer| match answer {
            0 => Ok(0),
            _ => call(Callback::Configure, &[size(config.len())]),
        });
    host.borrow_mut().plugin_configuration = None;
    let started = started? != 0;
    if started {
        running.root = root;
    }
    Ok(started)
}

/// Ends a root context whose configuration has been replaced.
fn retire<G: super::Guest>(
    host: &SharedHost,
    running: &mut Running<G>,
    root: (Vm, u32),
) -> Result<(), Trap> {
    host.borrow_mut().timers.remove(&root);
    let guest = &mut running.guest;
    let mut call = |callback| invoke(host, guest, root, callback, &[], &mut Vec::new());
    if call(Callback::Done)? == 0 {
        host.borrow_mut().roots_pending.insert(root);
        return Ok(());
    }
    delete(host, running, root)
}

/// Deletes a root context, with all that it has asked for.
pub(super) fn delete<G: super::Guest>(
    host: &SharedHost,
    running: &mut Running<G>,
    root: (Vm, u32),
) -> Result<(), Trap> {
    {
        let guest = &mut running.guest;
        invoke(host, guest, root, Callback::Delete, &[], &mut Vec::new())?;
        let mut host = host.borrow_mut();
        host.roots.remove(&root);
        host.callouts.cancel(root);
        host.grpc.cancel(root);
        host.foreign.end_context(root);
    }
    Ok(())
}
