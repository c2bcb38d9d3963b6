//! Shared queues.

use super::{Call, Status};

pub(super) fn register(call: &mut Call<'_>) -> Result<(), Status> {
    let name = call.text(0)?;
    let id = call.with(|host| {
        // Streams register for their root context.
        let owner = (host.vm, host.root_of(host.context));
        host.shared_queues.register(&name, owner)
    })?;
    call.put(2, &id.to_le_bytes())
}

pub(super) fn resolve(call: &mut Call<'_>) -> Result<(), Status> {
    let (vm_id, name) = (call.text(0)?, call.text(2)?);
    let id = call.with(|host| host.shared_queues.resolve(&vm_id, &name))??;
    call.put(4, &id.to_le_bytes())
}

pub(super) fn enqueue(call: &mut Call<'_>) -> Result<(), Status> {
    let (id, value) = (call.word(0), call.bytes(1)?);
    call.with(|host| host.shared_queues.enqueue(id, value))?
}

pub(super) fn dequeue(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.word(0);
    let value = call.with(|host| host.shared_queues.dequeue(id))??;
    call.give(1, &value)
}
