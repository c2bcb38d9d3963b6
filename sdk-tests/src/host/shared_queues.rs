//! Queues that all VMs share, and the word that something is in one.

use std::collections::{BTreeMap, VecDeque};

use super::{Status, Thread, Vm};

/// A root context of a VM.
type Root = (Vm, u32);

#[derive(Debug)]
struct Queue {
    values: VecDeque<Vec<u8>>,
    /// Who is told of new values: the last one that registered the queue.
    owner: Root,
}

/// The queues by id, and who is still to be told of a value.
#[derive(Debug, Default)]
pub struct SharedQueues {
    ids: BTreeMap<String, u32>,
    queues: BTreeMap<u32, Queue>,
    ready: VecDeque<(Root, u32)>,
    last_id: u32,
}

impl SharedQueues {
    /// The queue with this name, which is made if there is none. Only the last one that registers
    /// it is told of its values.
    pub(super) fn register(&mut self, name: &str, (vm, context): Root) -> u32 {
        // The canary runs on the main thread: what it registers is looked up in the VM there.
        let thread = match vm.thread {
            Thread::Canary => Thread::Main,
            thread => thread,
        };
        let owner = (Vm { thread, ..vm }, context);
        let last_id = &mut self.last_id;
        let id = *self.ids.entry(name.to_owned()).or_insert_with(|| {
            *last_id += 1;
            *last_id
        });
        let queue = self.queues.entry(id).or_insert(Queue {
            values: VecDeque::new(),
            owner,
        });
        queue.owner = owner;
        id
    }

    /// Looks a queue up. All VMs of the mock have the empty id, which also means "mine".
    ///
    /// # Errors
    ///
    /// `NotFound`: nobody registered it.
    pub(super) fn resolve(&self, vm_id: &str, name: &str) -> Result<u32, Status> {
        let id = self.ids.get(name).filter(|_| vm_id.is_empty());
        id.copied().ok_or(Status::NotFound)
    }

    /// Adds a value at the end. Its owner is told later.
    ///
    /// # Errors
    ///
    /// `NotFound`: no such queue.
    pub(super) fn enqueue(&mut self, id: u32, value: Vec<u8>) -> Result<(), Status> {
        let queue = self.queues.get_mut(&id).ok_or(Status::NotFound)?;
        queue.values.push_back(value);
        self.ready.push_back((queue.owner, id));
        Ok(())
    }

    /// Takes the first value.
    ///
    /// # Errors
    ///
    /// `NotFound`: no such queue. `Empty`: nothing in it.
    pub(super) fn dequeue(&mut self, id: u32) -> Result<Vec<u8>, Status> {
        let queue = self.queues.get_mut(&id).ok_or(Status::NotFound)?;
        queue.values.pop_front().ok_or(Status::Empty)
    }

    /// Forgets whom to tell in a VM that is gone. The values stay.
    pub(super) fn end_vm(&mut self, gone: Vm) {
        self.ready.retain(|((vm, _), _)| *vm != gone);
    }

    /// Forgets all queues: they live as long as any VM does.
    pub(super) fn end_all(&mut self) {
        self.ids.clear();
        self.queues.clear();
        self.ready.clear();
    }

    /// Who is to be told next, and of which queue: once a value, in order, whether it is still
    /// there or not. Envoy does this when its event loop comes round again: after all callbacks for
    /// what has arrived, and before anything else arrives.
    pub(super) fn take_ready(&mut self) -> Option<(Root, u32)> {
        self.ready.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: Vm = Vm {
        thread: Thread::Main,
        plugin: 0,
    };

    #[test]
    fn values_leave_in_the_order_that_they_came_in() {
        let mut queues = SharedQueues::default();
        let id = queues.register("a", (Vm::FIRST, 1));
        assert_eq!(queues.register("a", (MAIN, 1)), id);
        assert_ne!(queues.register("b", (MAIN, 1)), id);
        assert_eq!(queues.resolve("", "a"), Ok(id));
        assert_eq!(queues.resolve("other", "a"), Err(Status::NotFound));
        assert_eq!(queues.enqueue(id, vec![1]), Ok(()));
        assert_eq!(queues.enqueue(id, vec![2]), Ok(()));
        assert_eq!(queues.dequeue(id), Ok(vec![1]));
        assert_eq!(queues.dequeue(id), Ok(vec![2]));
        assert_eq!(queues.dequeue(id), Err(Status::Empty));
        assert_eq!(queues.dequeue(99), Err(Status::NotFound));
    }

    #[test]
    fn only_the_last_that_registered_is_told() {
        let mut queues = SharedQueues::default();
        let id = queues.register("a", (MAIN, 1));
        queues.register("a", (Vm::FIRST, 1));
        queues.enqueue(id, vec![1]).unwrap();
        assert_eq!(queues.take_ready(), Some(((Vm::FIRST, 1), id)));
        assert_eq!(queues.take_ready(), None);
    }
}
