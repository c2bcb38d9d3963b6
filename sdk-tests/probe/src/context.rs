//! What a context of the probe does in a callback, whoever calls it.

use std::collections::BTreeMap;

use crate::abi;
use crate::actor::Actor;
use crate::results::BytesOut;
use crate::script::Script;

const REQUEST_HEADERS: u32 = 0;
const PLUGIN_CONFIGURATION: u32 = 7;

/// The request header with the script of a stream.
const HEADER: &str = "x-probe";

/// The variable with the scripts of a VM that starts: it has no configuration yet.
const VM_START: &str = "PROBE_VM_START";

/// A root context or a stream, with the scripts that are at work in it, each in a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    actors: Vec<Actor>,
    names: BTreeMap<&'static str, u32>,
}

impl Context {
    /// A stream of this root context. It begins with the scripts of the root context.
    pub(crate) fn stream(&self, id: u32, root: u32) -> Self {
        let names = BTreeMap::from([("self", id), ("root", root)]);
        Self {
            actors: self
                .actors
                .iter()
                .map(|actor| actor.again(&names))
                .collect(),
            names,
        }
    }

    /// Finds its scripts and acts on them. Returns what a step says that it returns, if any.
    pub(crate) fn on(&mut self, phase: &'static str, arguments: &[u32]) -> Option<u32> {
        let scripts = match phase {
            "vm_start" => std::env::var(VM_START).ok(),
            "configure" => configuration(),
            "request_headers" => header(),
            _ => None,
        };
        if let Some(scripts) = scripts {
            let actor = |script| Actor::new(Script::parse(script), &self.names);
            self.actors = scripts.lines().map(actor).collect();
        }
        let mut returns = None;
        for actor in &mut self.actors {
            returns = actor.act(phase, arguments).or(returns);
        }
        returns
    }

    /// The same for the answer to a call, in the script that made it.
    pub(crate) fn on_answer(&mut self, token: u32, phase: &'static str, arguments: &[u32]) {
        let asked = |actor: &&mut Actor| actor.tokens().contains(&token);
        if let Some(actor) = self.actors.iter_mut().find(asked) {
            actor.act(phase, arguments);
        }
    }

    /// Whether it made the call with this token.
    #[cfg_attr(
        not(target_family = "wasm"),
        allow(dead_code, reason = "natively the host knows who asked")
    )]
    pub(crate) fn asked(&self, token: u32) -> bool {
        self.actors
            .iter()
            .any(|actor| actor.tokens().contains(&token))
    }
}

fn configuration() -> Option<String> {
    let mut out = BytesOut::new();
    let (to, size) = out.places(true);
    // SAFETY: the addresses are those of variables.
    let status = unsafe { abi::proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, 1 << 20, to, size) };
    text(status, out)
}

fn header() -> Option<String> {
    let mut out = BytesOut::new();
    let (to, size) = out.places(true);
    // SAFETY: the addresses are those of a slice and of variables.
    let status = unsafe {
        abi::proxy_get_header_map_value(REQUEST_HEADERS, HEADER.as_ptr(), HEADER.len(), to, size)
    };
    text(status, out)
}

fn text(status: abi::Status, out: BytesOut) -> Option<String> {
    let bytes = out.take();
    let bytes = bytes.filter(|_| status == 0)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
