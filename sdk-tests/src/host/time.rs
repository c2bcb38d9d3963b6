//! What happens next: answers come, timers fire, paused streams go on.

use std::time::Duration;

use super::deliveries::{Delivery, MOST_ANSWERS, invoke};
use super::exchange::Place;
use super::mock::Mock;
use super::passage::Way;
use super::{Callback, Engine, LocalReply, Vm};
use crate::reply::Reply;
use crate::rules::Rule;

/// Envoy ends a stream on which nothing has happened for so long.
const STREAM_IDLE_TIMEOUT: Duration = Duration::from_secs(300);

/// What can happen by itself. Of two things at one time the first kind comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The proxy reads what has come on a connection.
    Mail(u64),
    /// A callout is answered.
    Callout,
    /// A gRPC server says something.
    Grpc,
    /// The upstream answers a stream.
    Upstream(u64),
    /// A timer fires.
    Tick((Vm, u32)),
}

impl<E: Engine> Mock<E> {
    /// The next event, and when it comes.
    fn next_event(&self) -> Option<(u64, Event)> {
        let host = self.host.borrow();
        let callout = host.callouts.next_due().map(|due| (due, Event::Callout));
        let grpc = host.grpc.next_due().map(|due| (due, Event::Grpc));
        let upstream = self.exchanges.iter().filter_map(|(id, exchange)| {
            let (due, _) = exchange.answer.as_ref()?;
            Some((*due, Event::Upstream(*id)))
        });
        let ticks = host
            .timers
            .iter()
            .map(|(root, timer)| (timer.due, Event::Tick(*root)));
        let mail = self.mail().map(|id| (host.clock.now(), Event::Mail(id)));
        let from_servers = callout.into_iter().chain(grpc);
        let events = from_servers.chain(upstream).chain(ticks);
        events.chain(mail).min()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Mail(id) => self.open_mail(id),
            Event::Callout => {
                let next = self.host.borrow_mut().callouts.take_next();
                self.deliver(next.map(Delivery::Http));
            }
            Event::Grpc => {
                let next = self.host.borrow_mut().grpc.take_next();
                self.deliver(next.map(Delivery::Grpc));
            }
            Event::Upstream(id) => self.answer_from_the_upstream(id),
            Event::Tick(root) => self.tick(root),
        }
    }

    /// Lets happen what is due by now.
    pub(super) fn settle(&mut self) {
        for _ in 0..MOST_ANSWERS {
            self.go_on();
            if self.tell_of_a_value() {
                continue;
            }
            let now = self.host.borrow().clock.now();
            match self.next_event().filter(|(due, _)| *due <= now) {
                Some((_, event)) => self.happen(event),
                None => return,
            }
        }
        let violation = format!("{MOST_ANSWERS} callouts or values in a row, and no end");
        self.host.borrow_mut().breaks(Rule::Unanswered, &violation);
    }

    /// Does what plugins have asked for on streams whose callback did not run.
    fn go_on(&mut self) {
        self.retire_roots();
        self.delete_roots();
        let mut asked = true;
        while std::mem::take(&mut asked) {
            for id in self.exchanges.keys().copied().collect::<Vec<_>>() {
                asked |= self.grant(id);
            }
            for id in self.conversations.keys().copied().collect::<Vec<_>>() {
                asked |= self.obey_all(id);
            }
        }
    }

    /// Ends the root contexts that have been replaced and serve nobody any more.
    fn retire_roots(&mut self) {
        let replaced = self.host.borrow().roots_replaced.clone();
        for (vm, _) in replaced {
            if let Err(trap) = self.retire_replaced(vm) {
                self.died(vm, trap);
            }
        }
    }

    /// Deletes the root contexts that have said that they are done.
    fn delete_roots(&mut self) {
        let done = std::mem::take(&mut self.host.borrow_mut().roots_done);
        for root in done {
            let host = self.host.clone();
            let Some(running) = self.vms.get_mut(&root.0) else {
                continue;
            };
            if let Err(trap) = super::updates::delete(&host, running, root) {
                self.died(root.0, trap);
            }
        }
    }

    /// Returns whether a plugin had asked for anything.
    fn grant(&mut self, id: u64) -> bool {
        let mut asked = false;
        for plugin in 0..self.chain.len() {
            if self.running_exchange(id).is_none() {
                return asked;
            }
            if let Err(stop) = self.interrupted(id, plugin) {
                asked = true;
                self.heed(id, Err(stop));
            }
        }
        for way in [Way::Request, Way::Response] {
            for at in 0..self.chain.len() {
                let Some(exchange) = self.running_exchange(id) else {
                    return asked;
                };
                let plugin = exchange.way(way)[at].plugin;
                let resumed = self.with(id, |stream| {
                    std::mem::take(&mut way.seen_by(stream, plugin).resumed)
                });
                if resumed {
                    asked = true;
                    let stopped = self.resume(id, way, at);
                    self.heed(id, stopped);
                }
            }
        }
        asked
    }

    fn deliver(&mut self, delivery: Option<Delivery>) {
        let Some(delivery) = delivery else { return };
        let vm = delivery.vm();
        let caller = delivery.caller(&self.host).unwrap_or_default();
        let stream = self.host.borrow().contexts.get(&(vm, caller)).copied();
        let mut of_root = Vec::new();
        let exchange = stream.and_then(|id| self.exchanges.get_mut(&id));
        let conversation = stream.and_then(|id| self.conversations.get_mut(&id));
        let costs = match (exchange, conversation) {
            (Some(exchange), _) => &mut exchange.costs,
            (None, Some(conversation)) => &mut conversation.costs,
            (None, None) => &mut of_root,
        };
        let Some(running) = self.vms.get_mut(&vm) else {
            return;
        };
        if let Err(trap) = delivery.deliver(&self.host, &mut running.guest, costs) {
            self.died(vm, trap);
        }
    }

    fn tick(&mut self, root: (Vm, u32)) {
        {
            let mut host = self.host.borrow_mut();
            let now = host.clock.now();
            let Some(timer) = host.timers.get_mut(&root) else {
                return;
            };
            let period = u64::try_from(timer.period.as_nanos()).unwrap_or(u64::MAX);
            timer.due = now.saturating_add(period);
        }
        let Some(running) = self.vms.get_mut(&root.0) else {
            return;
        };
        let guest = &mut running.guest;
        let costs = &mut Vec::new();
        if let Err(trap) = invoke(&self.host, guest, root, Callback::Tick, &[], costs) {
            self.died(root.0, trap);
        }
    }

    /// Tells the owner of a queue that a value has come into it. Returns whether there was any.
    fn tell_of_a_value(&mut self) -> bool {
        let next = self.host.borrow_mut().shared_queues.take_ready();
        let Some((owner, queue)) = next else {
            return false;
        };
        let there = self.host.borrow().roots.contains(&owner);
        if let Some(running) = self.vms.get_mut(&owner.0).filter(|_| there) {
            let (guest, costs) = (&mut running.guest, &mut Vec::new());
            let callback = Callback::QueueReady;
            if let Err(trap) = invoke(&self.host, guest, owner, callback, &[queue], costs) {
                self.died(owner.0, trap);
            }
        }
        true
    }

    /// Moves the clock on; what is due by then happens on the way.
    pub(super) fn let_pass(&mut self, by: Duration) {
        let end = self.host.borrow().clock.after(by);
        self.settle();
        while let Some((due, event)) = self.next_event().filter(|(due, _)| *due <= end) {
            self.host.borrow_mut().clock.reach(due);
            self.happen(event);
            self.settle();
        }
        self.host.borrow_mut().clock.reach(end);
    }

    /// Waits for the end of a stream.
    pub(super) fn wait_for(&mut self, id: u64) -> Reply {
        let give_up = self.host.borrow().clock.after(STREAM_IDLE_TIMEOUT);
        self.settle();
        while self.running_exchange(id).is_some() {
            if let Some(context) = self.waits_for_the_dead(id) {
                let violation = format!("context {context} waits for a plugin that is dead");
                self.host.borrow_mut().breaks(Rule::Unanswered, &violation);
                self.finish_exchange(id, true);
                break;
            }
            let Some((due, event)) = self.next_event().filter(|(due, _)| *due <= give_up) else {
                self.give_up(id);
                break;
            };
            self.host.borrow_mut().clock.reach(due);
            self.happen(event);
            self.settle();
        }
        let Some(exchange) = self.exchanges.remove(&id) else {
            return Reply::default();
        };
        self.costs = exchange.costs;
        exchange.reply.unwrap_or_default()
    }

    /// Nobody ends a pause of a plugin that has died over an answer.
    fn waits_for_the_dead(&mut self, id: u64) -> Option<u32> {
        let exchange = self.running_exchange(id)?;
        match exchange.places[exchange.halted_at()?] {
            Place::Dead(context) => Some(context),
            Place::New | Place::Context(_) => None,
        }
    }

    /// Nothing will end the pause: Envoy answers in the end.
    fn give_up(&mut self, id: u64) {
        let place = self.exchanges.get(&id).and_then(|exchange| {
            let plugin = exchange.halted_at()?;
            exchange.context(plugin)
        });
        let context = place.map_or(0, |(_, context)| context);
        let why = place
            .and_then(|place| self.unanswered(place))
            .unwrap_or_else(|| "nothing is left that could resume it".to_owned());
        let violation = format!("context {context} paused, and {why}");
        self.host.borrow_mut().breaks(Rule::Unanswered, &violation);
        match self.running_exchange(id) {
            Some(exchange) if exchange.response_started => self.finish_exchange(id, true),
            _ => self.answer_past_the_plugins(id, LocalReply::bare(408)),
        }
    }

    /// What this context has asked for and never gets.
    fn unanswered(&self, (vm, context): (Vm, u32)) -> Option<String> {
        let host = self.host.borrow();
        let mut pending = host.callouts.pending().iter();
        let http = pending
            .find(|pending| (pending.origin.vm, pending.origin.caller) == (vm, context))
            .map(|pending| format!("unanswered callout to \"{}\"", pending.cluster));
        http.or_else(|| {
            let cluster = host.grpc.awaited_by(vm, context)?;
            Some(format!("unanswered gRPC call to \"{cluster}\""))
        })
    }
}
