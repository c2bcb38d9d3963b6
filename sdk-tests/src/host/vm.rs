//! Envoy's VMs: which there are, and what runs in one.

/// A thread of the proxy that has VMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thread {
    /// None of its own: a VM that tries a configuration out and goes away again.
    Canary,
    /// The main thread, which serves no requests.
    Main,
    /// A worker, which serves them; the first is 0.
    Worker(usize),
}

/// One VM: every plugin of the chain has one on every thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vm {
    /// Where it runs.
    pub thread: Thread,
    /// Whose it is: the plugin's place in the chain, from 0.
    pub plugin: usize,
}

impl Vm {
    /// The first plugin's VM on the first worker.
    pub const FIRST: Self = Self {
        thread: Thread::Worker(0),
        plugin: 0,
    };
}

/// A VM that runs, with the root context that holds the current configuration.
pub(super) struct Running<G> {
    pub(super) guest: G,
    /// The root context; 0 before the first one.
    pub(super) root: u32,
    next_context: u32,
}

impl<G> Running<G> {
    pub(super) fn new(guest: G) -> Self {
        Self {
            guest,
            root: 0,
            next_context: 1,
        }
    }

    /// The id of a new context. Root contexts and streams share the numbers.
    pub(super) fn new_context(&mut self) -> u32 {
        self.next_context += 1;
        self.next_context - 1
    }
}
