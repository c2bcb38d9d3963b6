//! Calls into a guest: callbacks, and the answers of callouts and gRPC servers.

use super::callouts::Pending;
use super::grpc::Arrival;
use super::{Callback, Cost, Guest, SharedHost, Thread, Trap, Vm};

/// More answers than this in a row, and the plugin calls out in circles.
pub(super) const MOST_ANSWERS: usize = 1_000;

/// Calls into a guest, and notes what the call cost. What it has called out for leaves then.
pub(super) fn invoke<G: Guest>(
    host: &SharedHost,
    guest: &mut G,
    (vm, context): (Vm, u32),
    callback: Callback,
    arguments: &[u32],
    costs: &mut Vec<Cost>,
) -> Result<u32, Trap> {
    {
        let mut host = host.borrow_mut();
        host.phase = Some(callback);
        host.vm = vm;
        host.context = context;
        host.called = context;
        // The SDK hands an answer to the context that asked.
        let reader = host.callouts.reader().or(host.grpc.reader());
        host.caller = reader.unwrap_or(context);
        host.calls.clear();
    }
    let answer = guest.call(callback, context, arguments);
    let mut host = host.borrow_mut();
    host.phase = None;
    let settings = host.plugins.get(vm.plugin);
    costs.push(Cost {
        plugin: settings.map_or_else(String::new, |settings| settings.name.clone()),
        callback: callback.export(),
        instructions: guest.instructions(),
        host_calls: std::mem::take(&mut host.calls),
    });
    if matches!(callback, Callback::Done | Callback::Delete) && host.roots.contains(&(vm, context))
    {
        host.callouts.cancel((vm, context));
    }
    match vm.thread {
        // It is gone before anything could leave.
        Thread::Canary => {
            host.callouts.cancel_vm(vm);
            host.grpc.cancel_vm(vm);
        }
        Thread::Main | Thread::Worker(_) => {
            let now = host.clock.now();
            host.callouts.send(now);
            host.grpc.send(now);
        }
    }
    answer
}

/// What comes from outside.
pub(super) enum Delivery {
    Http(Pending),
    Grpc(Arrival),
}

impl Delivery {
    /// The VM that it is for.
    pub(super) fn vm(&self) -> Vm {
        match self {
            Self::Http(callout) => callout.origin.vm,
            Self::Grpc(arrival) => arrival.root.0,
        }
    }

    /// The context that asked for it.
    pub(super) fn caller(&self, host: &SharedHost) -> Option<u32> {
        match self {
            Self::Http(callout) => Some(callout.origin.caller),
            Self::Grpc(arrival) => host.borrow().grpc.caller(arrival),
        }
    }

    /// Gives it to the plugin.
    pub(super) fn deliver<G: Guest>(
        self,
        host: &SharedHost,
        guest: &mut G,
        costs: &mut Vec<Cost>,
    ) -> Result<(), Trap> {
        match self {
            Self::Http(callout) => deliver(host, guest, callout, costs),
            Self::Grpc(arrival) => deliver_grpc(host, guest, arrival, costs),
        }
    }
}

fn deliver_grpc<G: Guest>(
    host: &SharedHost,
    guest: &mut G,
    arrival: Arrival,
    costs: &mut Vec<Cost>,
) -> Result<(), Trap> {
    let place = arrival.root;
    let (callback, arguments) = {
        let mut host = host.borrow_mut();
        host.clock.reach(arrival.due);
        host.grpc.open(arrival)
    };
    let delivered = invoke(host, guest, place, callback, &arguments, costs);
    host.borrow_mut().grpc.shut();
    delivered.map(drop)
}

/// Gives the plugin the answer of a callout.
fn deliver<G: Guest>(
    host: &SharedHost,
    guest: &mut G,
    callout: Pending,
    costs: &mut Vec<Cost>,
) -> Result<(), Trap> {
    let (origin, answer) = (callout.origin, callout.answer);
    let size = |length| u32::try_from(length).unwrap_or(u32::MAX);
    let arguments = [
        origin.token,
        size(answer.headers.len()),
        size(answer.body.len()),
        size(answer.trailers.len()),
    ];
    {
        let mut host = host.borrow_mut();
        host.clock.reach(callout.due.unwrap_or_default());
        host.callouts.open(origin, answer);
    }
    let place = (origin.vm, origin.root);
    let delivered = invoke(
        host,
        guest,
        place,
        Callback::HttpCallResponse,
        &arguments,
        costs,
    );
    host.borrow_mut().callouts.close();
    delivered.map(drop)
}
