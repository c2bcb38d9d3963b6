//! The contexts that plugins have for a stream: made, called, and done with.

use super::deliveries::invoke;
use super::departure::describe;
use super::exchange::{Place, Stop};
use super::mock::Mock;
use super::{Callback, Engine, LocalReply, Trap};

impl<E: Engine> Mock<E> {
    /// Makes the plugin's context for a stream. `Ok(false)`: it has no VM.
    pub(super) fn create(&mut self, id: u64, plugin: usize) -> Result<bool, Stop> {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return Ok(false);
        };
        let vm = exchange.vm(plugin);
        let Some(running) = self.vms.get_mut(&vm) else {
            exchange.places[plugin] = Place::Dead(0);
            return Ok(false);
        };
        let (context, root) = (running.new_context(), running.root);
        exchange.places[plugin] = Place::Context(context);
        self.host.borrow_mut().enter((vm, context), id, root);
        self.with(id, |stream| stream.views[plugin].root = root);
        self.call(id, plugin, Callback::ContextCreate, &[root])?;
        Ok(true)
    }

    /// Calls a plugin for a stream. If it dies of it, the stream gets a 503.
    pub(super) fn call(
        &mut self,
        id: u64,
        plugin: usize,
        callback: Callback,
        arguments: &[u32],
    ) -> Result<u32, Stop> {
        let dead = || Stop::LocalReply(LocalReply::bare(503));
        let exchange = self.exchanges.get_mut(&id).ok_or_else(dead)?;
        let place = exchange.context(plugin).ok_or_else(dead)?;
        let running = self.vms.get_mut(&place.0).ok_or_else(dead)?;
        let (guest, costs) = (&mut running.guest, &mut exchange.costs);
        invoke(&self.host, guest, place, callback, arguments, costs).map_err(|trap: Trap| {
            self.died(place.0, trap);
            dead()
        })
    }

    /// Ends a stream: the reply leaves, all plugins log it, then each is done with it.
    pub(super) fn finish_exchange(&mut self, id: u64, reset: bool) {
        let host = self.host.clone();
        let logged;
        if let Some(exchange) = self.running_exchange(id) {
            let host = host.borrow();
            let date = host.clock.http_date();
            let reply = exchange.to_reply(&host.streams[&id], &date, reset);
            exchange.reply = Some(reply);
            logged = (!reset).then_some(date);
        } else {
            return;
        }
        let now = host.borrow().clock.now();
        self.with(id, |stream| {
            stream.info.ended(now);
            // Logs show what the proxy has added by then.
            if let Some(date) = &logged {
                describe(&mut stream.response.headers, date);
            }
        });
        let plugins = self.chain.len();
        for plugin in 0..plugins {
            if self.exchanges[&id].places[plugin] == Place::New
                && !matches!(self.create(id, plugin), Ok(true))
            {
                continue;
            }
            self.with(id, |stream| {
                let view = &mut stream.views[plugin];
                view.request.close();
                view.response.close();
                view.logging = true;
            });
            // Who has died here gets no more callbacks; the reply is on its way.
            drop(self.call(id, plugin, Callback::Log, &[]));
            self.with(id, |stream| stream.views[plugin].logging = false);
        }
        for plugin in 0..plugins {
            self.delete(id, plugin);
        }
        let mut host = self.host.borrow_mut();
        if !host.contexts.values().any(|stream| *stream == id) {
            host.streams.remove(&id);
        }
    }

    /// The end of a context. Envoy deletes that of a stream whether it says that it is done or not.
    fn delete(&mut self, id: u64, plugin: usize) {
        let Some(place) = self.exchanges[&id].context(plugin) else {
            return;
        };
        drop(self.call(id, plugin, Callback::Done, &[]));
        drop(self.call(id, plugin, Callback::Delete, &[]));
        self.host.borrow_mut().leave(place);
    }
}
