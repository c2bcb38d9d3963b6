//! Host calls that mean something else on a connection than on an HTTP stream.

use super::link::{Asked, DOWNSTREAM, Link, UPSTREAM};
use crate::host::{HostState, Status};

impl HostState {
    /// The connection that calls mean.
    pub fn link(&self) -> Option<&Link> {
        self.links.get(self.contexts.get(&(self.vm, self.context))?)
    }

    /// The connection that calls mean.
    pub fn link_mut(&mut self) -> Option<&mut Link> {
        self.links
            .get_mut(self.contexts.get(&(self.vm, self.context))?)
    }

    fn ask(&mut self, what: Asked) -> bool {
        let plugin = self.vm.plugin;
        let view = self.link_mut().and_then(|link| link.views.get_mut(plugin));
        if let Some(view) = view {
            view.asked.push(what);
            return true;
        }
        false
    }
}

/// Whether a buffer is one of a connection.
pub(crate) fn is_buffer(number: u32) -> bool {
    matches!(number, DOWNSTREAM | UPSTREAM)
}

/// Reads a buffer of the connection. A closed one is empty, as in Envoy, and a violation.
pub(crate) fn buffer(host: &mut HostState, number: u32) -> Vec<u8> {
    let plugin = host.vm.plugin;
    let bytes = host.link().and_then(|link| link.buffer(plugin, number));
    match bytes.map(<[u8]>::to_vec) {
        Some(bytes) => bytes,
        None => {
            host.violation(&format!("buffer {number} is closed in this phase"));
            Vec::new()
        }
    }
}

/// Writes a buffer of the connection.
pub(crate) fn set_buffer(
    host: &mut HostState,
    number: u32,
    piece: (u64, u64),
    bytes: &[u8],
) -> Result<(), Status> {
    let plugin = host.vm.plugin;
    let open = |link: &Link| link.buffer(plugin, number).is_some();
    if !host.link().is_some_and(open) {
        host.violation(&format!("buffer {number} is closed in this phase"));
    }
    let link = host.link_mut().ok_or(Status::BadArgument)?;
    link.set_buffer(plugin, number, piece, bytes)
}

/// `proxy_continue_stream`, unless it is about an HTTP stream.
pub(crate) fn continue_stream(host: &mut HostState, kind: u32) -> Option<Result<(), Status>> {
    match kind {
        UPSTREAM => {
            host.violation("the proxy cannot resume upstream data");
            Some(Err(Status::Unimplemented))
        }
        DOWNSTREAM => {
            if !host.ask(Asked::Continue) {
                host.violation("there is no connection to resume here");
            }
            Some(Ok(()))
        }
        _ => without_a_stream(host, kind),
    }
}

/// `proxy_close_stream`, unless it is about an HTTP stream. Both sides close at once.
pub(crate) fn close_stream(host: &mut HostState, kind: u32) -> Option<Result<(), Status>> {
    match kind {
        DOWNSTREAM | UPSTREAM => {
            if !host.ask(Asked::Close) {
                host.violation("there is no connection to close here");
            }
            Some(Ok(()))
        }
        _ => without_a_stream(host, kind),
    }
}

/// Envoy says `Ok` to what is meant for an HTTP stream, and does nothing.
fn without_a_stream(host: &mut HostState, kind: u32) -> Option<Result<(), Status>> {
    (kind < DOWNSTREAM && no_stream(host)).then_some(Ok(()))
}

/// Whether a call that is meant for an HTTP stream comes from a connection.
pub(crate) fn no_stream(host: &mut HostState) -> bool {
    let is_connection = host.link().is_some();
    if is_connection {
        host.violation("a connection is no HTTP stream");
    }
    is_connection
}
