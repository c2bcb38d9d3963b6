//! Time that passes: timers fire, and callouts answer.

use std::collections::BTreeMap;
use std::time::Duration;

use super::deliveries::{MOST_ANSWERS, deliver, invoke};
use super::mock::{Mock, Running};
use super::{Callback, Engine, Trap, Vm};

impl<E: Engine> Mock<E> {
    /// Gives the plugin every answer that is there.
    pub(super) fn deliver_due(&mut self) {
        for _ in 0..MOST_ANSWERS {
            let next = {
                let mut host = self.host.borrow_mut();
                let now = host.clock.now();
                let due = host.callouts.next_due().is_some_and(|due| due <= now);
                due.then(|| host.callouts.take_next(|_| true)).flatten()
            };
            let Some(callout) = next else { return };
            let vm = callout.origin.vm;
            let host = self.host.clone();
            let delivered = self.running(vm).map_or(Ok(()), |running| {
                deliver(&host, &mut running.guest, callout, &mut Vec::new())
            });
            if let Err(trap) = delivered {
                self.died_in(vm, trap);
            }
        }
        let violation = format!("{MOST_ANSWERS} callouts in a row, and no end");
        self.host.borrow_mut().violation(&violation);
    }

    /// Moves the clock on; what is due by then happens on the way.
    pub(super) fn let_pass(&mut self, by: Duration) {
        let mut left = by;
        let mut since: BTreeMap<(Vm, u32), Duration> = BTreeMap::new();
        loop {
            let periods = self.host.borrow().tick_periods.clone();
            let tick = periods
                .iter()
                .map(|(root, period)| {
                    (
                        period.saturating_sub(since.get(root).copied().unwrap_or_default()),
                        Some(*root),
                    )
                })
                .min();
            let answer = {
                let host = self.host.borrow();
                let wait = |due: u64| Duration::from_nanos(due.saturating_sub(host.clock.now()));
                host.callouts.next_due().map(|due| (wait(due), None))
            };
            // An answer and a timer at one time: the answer first.
            let next = tick.into_iter().chain(answer).min();
            let Some((wait, root)) = next.filter(|(wait, _)| *wait <= left) else {
                break;
            };
            left -= wait;
            self.host.borrow_mut().clock.advance(wait);
            for key in periods.keys() {
                *since.entry(*key).or_default() += wait;
            }
            if let Some(root) = root {
                since.insert(root, Duration::ZERO);
                self.tick(root);
            }
            self.deliver_due();
        }
        self.host.borrow_mut().clock.advance(left);
    }

    fn tick(&mut self, root: (Vm, u32)) {
        let host = self.host.clone();
        let Some(running) = self.running(root.0) else {
            host.borrow_mut().tick_periods.remove(&root);
            return;
        };
        let guest = &mut running.guest;
        if let Err(trap) = invoke(&host, guest, root, Callback::Tick, &[], &mut Vec::new()) {
            self.died_in(root.0, trap);
        }
    }

    fn died_in(&mut self, vm: Vm, trap: Trap) {
        self.host.borrow_mut().end_vm(vm);
        self.died(trap);
    }

    fn running(&mut self, vm: Vm) -> Option<&mut Running<E::Guest>> {
        match vm {
            Vm::Main => self.main.as_mut(),
            Vm::Worker => self.worker.as_mut(),
            Vm::Canary => None,
        }
    }
}
