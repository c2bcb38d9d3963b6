//! Calls a plugin's trait objects as the SDK's dispatcher would.

use std::cell::Cell;
use std::collections::BTreeMap;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext, StreamContext};
use proxy_wasm::types::ContextType;

use super::env::Env;
use super::{ACTIVE, logger, network, panics};
use crate::HostKind;
use crate::host::{Callback, Engine, Guest, SharedHost, Trap};
use crate::plugin::Plugin;

/// More callouts than this are not made by one mock.
const TOKENS: u32 = 1 << 16;

/// Makes "VMs" out of the plugin's constructor.
pub(crate) struct NativeEngine {
    new_root: fn() -> Box<dyn RootContext>,
    is_network_filter: bool,
    env: Option<Env>,
}

impl NativeEngine {
    pub(super) fn new(plugin: &Plugin) -> Self {
        logger::install();
        Self {
            new_root: plugin.new_root,
            is_network_filter: plugin.is_network_filter,
            env: None,
        }
    }
}

impl Engine for NativeEngine {
    type Guest = NativeGuest;

    fn instantiate(&self, host: &SharedHost) -> Result<NativeGuest, Trap> {
        Ok(NativeGuest {
            host: host.clone(),
            new_root: self.new_root,
            is_network_filter: self.is_network_filter,
            roots: BTreeMap::new(),
            streams: BTreeMap::new(),
            connections: BTreeMap::new(),
        })
    }

    fn set_env(&mut self, name: &str, value: &str) {
        self.env.get_or_insert_with(Env::borrow).set(name, value);
    }

    /// The SDK refuses a token that it had before on the thread, whichever mock gave it.
    fn first_token(&self) -> u32 {
        thread_local!(static MOCKS: Cell<u32> = const { Cell::new(0) });
        MOCKS.set(MOCKS.get() + 1);
        (MOCKS.get() - 1) * TOKENS + 1
    }

    fn kind(&self) -> HostKind {
        HostKind::Native
    }
}

/// The contexts of one "VM".
pub(crate) struct NativeGuest {
    host: SharedHost,
    new_root: fn() -> Box<dyn RootContext>,
    is_network_filter: bool,
    roots: BTreeMap<u32, Box<dyn RootContext>>,
    streams: BTreeMap<u32, Box<dyn HttpContext>>,
    connections: BTreeMap<u32, Box<dyn StreamContext>>,
}

/// Makes a host the one that answers on this thread, for the time of a call.
pub(super) fn enter<T>(host: &SharedHost, guest: impl FnOnce() -> T) -> T {
    struct Leave(Option<SharedHost>);
    impl Drop for Leave {
        fn drop(&mut self) {
            let previous = self.0.take();
            ACTIVE.with(|active| *active.borrow_mut() = previous);
        }
    }
    let previous = ACTIVE.with(|active| active.borrow_mut().replace(host.clone()));
    let _leave = Leave(previous);
    guest()
}

impl Guest for NativeGuest {
    fn call(&mut self, callback: Callback, context: u32, arguments: &[u32]) -> Result<u32, Trap> {
        let host = self.host.clone();
        enter(&host, || {
            panics::guarded(&host, || self.dispatch(callback, context, arguments))
        })
    }

    fn instructions(&self) -> Option<u64> {
        None
    }
}

impl Drop for NativeGuest {
    fn drop(&mut self) {
        // A VM that goes calls nothing: what is left finds no host, and may be in pieces after a
        // panic.
        let roots = std::mem::take(&mut self.roots);
        let streams = std::mem::take(&mut self.streams);
        let connections = std::mem::take(&mut self.connections);
        panics::ignored(|| drop((connections, streams, roots)));
    }
}

impl NativeGuest {
    fn dispatch(&mut self, callback: Callback, context: u32, arguments: &[u32]) -> u32 {
        let argument = |index: usize| arguments.get(index).copied().unwrap_or_default();
        let (size, end) = (argument(0) as usize, argument(1) != 0);
        match callback {
            Callback::ContextCreate => return self.create(context, argument(0)),
            Callback::Delete => {
                if self.streams.remove(&context).is_none()
                    && self.connections.remove(&context).is_none()
                    && self.roots.remove(&context).is_none()
                {
                    panic!("invalid context_id");
                }
                return 0;
            }
            Callback::HttpCallResponse => {
                self.answer(arguments);
                return 0;
            }
            Callback::GrpcInitialMetadata
            | Callback::GrpcMessage
            | Callback::GrpcTrailingMetadata
            | Callback::GrpcClose => {
                self.grpc(callback, argument(0), argument(1));
                return 0;
            }
            _ => {}
        }
        if let Some(root) = self.roots.get_mut(&context) {
            match callback {
                Callback::VmStart => u32::from(root.on_vm_start(size)),
                Callback::Configure => u32::from(root.on_configure(size)),
                Callback::Tick => {
                    root.on_tick();
                    0
                }
                Callback::QueueReady => {
                    root.on_queue_ready(argument(0));
                    0
                }
                Callback::Log => {
                    root.on_log();
                    0
                }
                Callback::Done => u32::from(root.on_done()),
                _ => panic!("invalid context_id"),
            }
        } else if let Some(stream) = self.streams.get_mut(&context) {
            match callback {
                Callback::RequestHeaders => stream.on_http_request_headers(size, end) as u32,
                Callback::RequestBody => stream.on_http_request_body(size, end) as u32,
                Callback::RequestTrailers => stream.on_http_request_trailers(size) as u32,
                Callback::ResponseHeaders => stream.on_http_response_headers(size, end) as u32,
                Callback::ResponseBody => stream.on_http_response_body(size, end) as u32,
                Callback::ResponseTrailers => stream.on_http_response_trailers(size) as u32,
                Callback::Log => {
                    stream.on_log();
                    0
                }
                Callback::Done => u32::from(stream.on_done()),
                _ => panic!("invalid context_id"),
            }
        } else if let Some(connection) = self.connections.get_mut(&context) {
            network::call(connection.as_mut(), callback, arguments)
        } else {
            panic!("invalid context_id");
        }
    }

    /// Goes to the context that asked, as in the SDK.
    fn answer(&mut self, arguments: &[u32]) {
        let &[token, headers, body, trailers] = arguments else {
            panic!("an answer has a token and three sizes")
        };
        let (headers, body, trailers) = (headers as usize, body as usize, trailers as usize);
        let context = self.host.borrow().caller;
        if let Some(stream) = self.streams.get_mut(&context) {
            hostcalls::set_effective_context(context).unwrap();
            stream.on_http_call_response(token, headers, body, trailers);
        } else if let Some(connection) = self.connections.get_mut(&context) {
            hostcalls::set_effective_context(context).unwrap();
            connection.on_http_call_response(token, headers, body, trailers);
        } else if let Some(root) = self.roots.get_mut(&context) {
            hostcalls::set_effective_context(context).unwrap();
            root.on_http_call_response(token, headers, body, trailers);
        }
    }

    /// The context that the SDK passes a gRPC callback to.
    pub(super) fn grpc_caller(&self) -> Option<u32> {
        self.host.borrow().grpc.reader()
    }

    /// Calls a context, if it is still there.
    pub(super) fn with_context(&mut self, context: u32, call: impl FnOnce(&mut dyn Context)) {
        if let Some(stream) = self.streams.get_mut(&context) {
            call(stream.as_mut());
        } else if let Some(connection) = self.connections.get_mut(&context) {
            call(connection.as_mut());
        } else if let Some(root) = self.roots.get_mut(&context) {
            call(root.as_mut());
        }
    }

    fn create(&mut self, context: u32, root: u32) -> u32 {
        if root == 0 {
            self.roots.insert(context, (self.new_root)());
            return 0;
        }
        let Some(root) = self.roots.get(&root) else {
            panic!("invalid root_context_id")
        };
        match (root.get_type(), self.is_network_filter) {
            (Some(ContextType::HttpContext), false) => match root.create_http_context(context) {
                Some(stream) => drop(self.streams.insert(context, stream)),
                None => panic!("create_http_context returned None"),
            },
            (Some(ContextType::StreamContext), true) => match root.create_stream_context(context) {
                Some(connection) => drop(self.connections.insert(context, connection)),
                None => panic!("create_stream_context returned None"),
            },
            // The SDK would make the context, and panic over its first callback.
            (Some(other), true) => panic!("a network filter has no {other:?}"),
            (Some(other), false) => {
                panic!("a {other:?} is a network filter's: see `Plugin::network_filter`")
            }
            (None, _) => panic!("missing ContextType on root_context"),
        }
        0
    }
}
