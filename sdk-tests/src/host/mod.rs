//! The proxy's state and rules, whatever runs the plugin.
//!
//! One file a subject. Nothing here knows whether the plugin is native code or a Wasm module:
//! an engine calls `abi` with numbers, and the host answers with a [`Status`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

pub(crate) mod abi;
mod admission;
pub mod buffers;
mod callout_messages;
mod callouts;
mod clock;
mod costs;
mod deliveries;
mod departure;
mod exchange;
mod guest;
mod local_reply;
mod logs;
mod maps;
mod metrics;
pub(crate) mod mock;
mod passage;
mod properties;
mod shared_data;
mod single_headers;
mod status;
mod stream;
mod time;

pub use callouts::Callouts;
pub use clock::Clock;
pub use costs::{Cost, HostCall};
pub use guest::{Callback, Trap};
pub(crate) use guest::{Engine, Guest};
pub use local_reply::LocalReply;
pub use logs::{Level, Log};
pub use maps::HeaderMap;
pub use metrics::{MetricKind, Metrics};
pub use properties::Properties;
pub use shared_data::SharedData;
pub use status::Status;
pub use stream::{Direction, Stream};

/// The state, shared by the driver and the host functions.
pub(crate) type SharedHost = Rc<RefCell<HostState>>;

/// Envoy's VMs for one plugin with one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vm {
    /// Tries a configuration out and goes away again.
    Canary,
    /// The main thread's.
    Main,
    /// The worker's, which serves the requests.
    Worker,
}

/// Which part of which headers a call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// The request's headers.
    RequestHeaders,
    /// The request's trailers.
    RequestTrailers,
    /// The response's headers.
    ResponseHeaders,
    /// The response's trailers.
    ResponseTrailers,
}

/// Everything that the proxy knows.
#[derive(Debug)]
pub struct HostState {
    /// The time.
    pub clock: Clock,
    /// All metrics.
    pub metrics: Metrics,
    /// The shared key-value store.
    pub shared_data: SharedData,
    /// What properties say that do not belong to one stream.
    pub properties: Properties,
    /// Every line that the plugin logged.
    pub logs: Vec<Log>,
    /// Lines below this level are dropped.
    pub log_level: Level,
    /// What the plugin did that no plugin should: phase, call and why.
    pub violations: Vec<String>,
    /// The configuration of the VM.
    pub vm_configuration: Vec<u8>,
    /// The configuration of the plugin, while it is being configured.
    pub plugin_configuration: Option<Vec<u8>>,
    /// The streams of the serving VM by context.
    pub streams: BTreeMap<u32, Stream>,
    /// The callback that runs, if any.
    pub phase: Option<Callback>,
    /// The VM that it runs in.
    pub vm: Vm,
    /// The context that calls mean.
    pub context: u32,
    /// The context whose callback runs: that of the calls, unless the plugin chose another.
    pub caller: u32,
    /// The root contexts of each VM.
    pub roots: BTreeSet<(Vm, u32)>,
    /// The clusters, and the callouts on their way.
    pub callouts: Callouts,
    /// The tick period of each root context.
    pub tick_periods: BTreeMap<(Vm, u32), Duration>,
    /// Root contexts that said they are done.
    pub roots_done: Vec<(Vm, u32)>,
    /// The host calls of the running callback.
    pub(crate) calls: Vec<HostCall>,
}

impl Default for HostState {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            metrics: Metrics::default(),
            shared_data: SharedData::default(),
            properties: Properties::default(),
            logs: Vec::new(),
            log_level: Level::Trace,
            violations: Vec::new(),
            vm_configuration: Vec::new(),
            plugin_configuration: None,
            streams: BTreeMap::new(),
            phase: None,
            vm: Vm::Worker,
            context: 0,
            caller: 0,
            roots: BTreeSet::new(),
            callouts: Callouts::default(),
            tick_periods: BTreeMap::new(),
            roots_done: Vec::new(),
            calls: Vec::new(),
        }
    }
}

impl HostState {
    /// The stream that calls mean.
    pub fn stream(&self) -> Option<&Stream> {
        self.streams.get(&self.context)
    }

    /// The stream that calls mean.
    pub fn stream_mut(&mut self) -> Option<&mut Stream> {
        self.streams.get_mut(&self.context)
    }

    /// A map to read. In the log phase a map that is not there is `NotFound`.
    ///
    /// # Errors
    ///
    /// `BadArgument`: the map is closed in this phase.
    pub fn map(&self, kind: MapKind) -> Result<&HeaderMap, Status> {
        let stream = self.stream().ok_or(Status::BadArgument)?;
        let (map, open) = match kind {
            MapKind::RequestHeaders => (&stream.request.headers, stream.request.headers_open),
            MapKind::RequestTrailers => (&stream.request.trailers, stream.request.trailers_open),
            MapKind::ResponseHeaders => (&stream.response.headers, stream.response.headers_open),
            MapKind::ResponseTrailers => (&stream.response.trailers, stream.response.trailers_open),
        };
        if stream.logging {
            let there = kind != MapKind::RequestTrailers && !map.is_empty();
            return if there {
                Ok(map)
            } else {
                Err(Status::NotFound)
            };
        }
        if open {
            Ok(map)
        } else {
            Err(Status::BadArgument)
        }
    }

    /// A map to write.
    ///
    /// # Errors
    ///
    /// `BadArgument`: the map is closed in this phase.
    pub fn map_mut(&mut self, kind: MapKind) -> Result<&mut HeaderMap, Status> {
        let stream = self.stream_mut().ok_or(Status::BadArgument)?;
        let (map, open) = match kind {
            MapKind::RequestHeaders => (&mut stream.request.headers, stream.request.headers_open),
            MapKind::RequestTrailers => {
                (&mut stream.request.trailers, stream.request.trailers_open)
            }
            MapKind::ResponseHeaders => {
                (&mut stream.response.headers, stream.response.headers_open)
            }
            MapKind::ResponseTrailers => {
                (&mut stream.response.trailers, stream.response.trailers_open)
            }
        };
        if open && !stream.logging {
            Ok(map)
        } else {
            Err(Status::BadArgument)
        }
    }

    /// Whether there is such a context in the VM that runs.
    pub(crate) fn has_context(&self, context: u32) -> bool {
        self.roots.contains(&(self.vm, context))
            || (self.vm == Vm::Worker && self.streams.contains_key(&context))
    }

    /// Forgets what a VM that is gone would still have done.
    pub(crate) fn end_vm(&mut self, gone: Vm) {
        self.tick_periods.retain(|(vm, _), _| *vm != gone);
        self.roots.retain(|(vm, _)| *vm != gone);
        self.callouts.cancel_vm(gone);
    }

    /// Where the plugin is, for messages.
    pub fn place(&self) -> String {
        match self.phase {
            Some(phase) => format!("{} of context {}", phase.export(), self.context),
            None => "outside every callback".to_owned(),
        }
    }

    /// Notes that the plugin did something wrong.
    pub fn violation(&mut self, what: &str) {
        let violation = format!("in {}: {what}", self.place());
        self.violations.push(violation);
    }

    /// Takes a log line.
    pub fn log(&mut self, level: Level, message: String) {
        if level >= self.log_level {
            self.logs.push(Log { level, message });
        }
    }
}
