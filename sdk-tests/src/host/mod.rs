//! The proxy's state and rules, whatever runs the plugin.
//!
//! One file a subject. Nothing here knows whether the plugin is native code or a Wasm module:
//! an engine calls `abi` with numbers, and the host answers with a [`Status`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use crate::rules::{Rule, Violation};

pub(crate) mod abi;
mod admission;
pub mod buffers;
mod callout_messages;
mod callouts;
mod clock;
mod contexts;
mod costs;
mod deliveries;
mod departure;
mod exchange;
mod filter_state;
mod foreign;
mod frames;
pub(crate) mod grpc;
mod guest;
mod local_reply;
mod logs;
mod maps;
mod metrics;
pub(crate) mod mock;
mod network;
mod passage;
pub(crate) mod properties;
mod shared_data;
mod shared_queues;
mod single_headers;
mod status;
mod stream;
mod stream_info;
mod time;
mod updates;
mod vm;

pub use callouts::Callouts;
pub use clock::Clock;
pub use costs::{Cost, HostCall};
pub use filter_state::FilterState;
pub use foreign::Foreign;
pub use grpc::Grpc;
pub use guest::{Callback, Trap};
pub(crate) use guest::{Engine, Guest};
pub use local_reply::LocalReply;
pub use logs::{Level, Log};
pub use maps::HeaderMap;
pub use metrics::Metrics;
pub use network::Link;
pub use properties::Properties;
pub use shared_data::SharedData;
pub use shared_queues::SharedQueues;
pub use status::Status;
pub use stream::{Access, Direction, Stream, View};
pub use stream_info::StreamInfo;
pub use vm::{Thread, Vm};

/// The state, shared by the driver and the host functions.
pub(crate) type SharedHost = Rc<RefCell<HostState>>;

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

impl MapKind {
    /// Whether a message without trailers can still get some: at the end of its body.
    fn may_be_added(self, view: &View) -> bool {
        match self {
            Self::RequestTrailers => view.request.body_ends,
            Self::ResponseTrailers => view.response.body_ends,
            Self::RequestHeaders | Self::ResponseHeaders => false,
        }
    }

    fn is_open(self, view: &View) -> bool {
        match self {
            Self::RequestHeaders => view.request.headers_open,
            Self::RequestTrailers => view.request.trailers_open,
            Self::ResponseHeaders => view.response.headers_open,
            Self::ResponseTrailers => view.response.trailers_open,
        }
    }
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
    /// The shared queues.
    pub shared_queues: SharedQueues,
    /// What properties say that do not belong to one stream.
    pub properties: Properties,
    /// Every line that the plugin logged.
    pub logs: Vec<Log>,
    /// Lines below this level are dropped.
    pub log_level: Level,
    /// What the plugin did that no plugin should: phase, call and why.
    pub violations: Vec<Violation>,
    /// What the proxy calls each plugin of the chain, and how it configures their VMs.
    pub plugins: Vec<PluginSettings>,
    /// The configuration of the plugin, while it is being configured.
    pub plugin_configuration: Option<Vec<u8>>,
    /// The streams, by numbers of the proxy's own.
    pub streams: BTreeMap<u64, Stream>,
    /// The connections that network filters see, by numbers of the same kind.
    pub links: BTreeMap<u64, Link>,
    /// Which stream or connection each plugin's context is about.
    pub contexts: BTreeMap<(Vm, u32), u64>,
    /// The root context under which each of these began.
    pub parents: BTreeMap<(Vm, u32), u32>,
    /// The callback that runs, if any.
    pub phase: Option<Callback>,
    /// The VM that it runs in.
    pub vm: Vm,
    /// The context that calls mean.
    pub context: u32,
    /// The context whose callback runs: that of the calls, unless the plugin chose another.
    pub caller: u32,
    /// The context that the proxy has called: of an answer, the one that it belongs to.
    pub called: u32,
    /// The root contexts of each VM.
    pub roots: BTreeSet<(Vm, u32)>,
    /// The clusters, and the callouts on their way.
    pub callouts: Callouts,
    /// The gRPC clusters, and the calls and streams that are open.
    pub grpc: Grpc,
    /// What foreign functions keep.
    pub foreign: Foreign,
    /// How many connections there were.
    pub connections: u64,
    /// The timer of each root context that has one.
    pub timers: BTreeMap<(Vm, u32), Timer>,
    /// Root contexts whose configuration has been replaced, as long as streams that began under it
    /// are there.
    pub roots_replaced: BTreeSet<(Vm, u32)>,
    /// Root contexts that said they are done.
    pub roots_done: Vec<(Vm, u32)>,
    /// Root contexts that go when they say that they are done.
    pub roots_pending: BTreeSet<(Vm, u32)>,
    /// The host calls of the running callback.
    pub(crate) calls: Vec<HostCall>,
}

impl Default for HostState {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            metrics: Metrics::default(),
            shared_data: SharedData::default(),
            shared_queues: SharedQueues::default(),
            properties: Properties::default(),
            logs: Vec::new(),
            log_level: Level::Trace,
            violations: Vec::new(),
            plugins: Vec::new(),
            plugin_configuration: None,
            streams: BTreeMap::new(),
            links: BTreeMap::new(),
            contexts: BTreeMap::new(),
            parents: BTreeMap::new(),
            phase: None,
            vm: Vm::FIRST,
            context: 0,
            caller: 0,
            called: 0,
            roots: BTreeSet::new(),
            callouts: Callouts::default(),
            grpc: Grpc::default(),
            foreign: Foreign::default(),
            connections: 0,
            timers: BTreeMap::new(),
            roots_done: Vec::new(),
            roots_replaced: BTreeSet::new(),
            roots_pending: BTreeSet::new(),
            calls: Vec::new(),
        }
    }
}

/// What the proxy's own configuration says of a plugin.
#[derive(Clone, Debug, Default)]
pub struct PluginSettings {
    /// The plugin's name.
    pub name: String,
    /// Its root id.
    pub root_id: String,
    /// The configuration of its VM.
    pub vm_configuration: Vec<u8>,
}

/// A root context's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The time from one tick to the next.
    pub period: Duration,
    /// When it fires next, in nanoseconds since the Unix epoch.
    pub due: u64,
}

impl HostState {
    /// The stream that calls mean.
    pub fn stream(&self) -> Option<&Stream> {
        self.streams
            .get(self.contexts.get(&(self.vm, self.context))?)
    }

    /// The stream that calls mean.
    pub fn stream_mut(&mut self) -> Option<&mut Stream> {
        self.streams
            .get_mut(self.contexts.get(&(self.vm, self.context))?)
    }

    /// What the running plugin sees of the stream that calls mean.
    pub fn view(&self) -> Option<&View> {
        self.stream()?.views.get(self.vm.plugin)
    }

    /// What the running plugin sees of the stream that calls mean.
    pub fn view_mut(&mut self) -> Option<&mut View> {
        let plugin = self.vm.plugin;
        self.stream_mut()?.views.get_mut(plugin)
    }

    /// What the proxy's configuration says of the running plugin.
    pub fn plugin(&self) -> Option<&PluginSettings> {
        self.plugins.get(self.vm.plugin)
    }

    /// A map to read. In the log phase a map that is not there is `NotFound`.
    ///
    /// # Errors
    ///
    /// `BadArgument`: the map is closed in this phase.
    pub fn map(&self, kind: MapKind) -> Result<&HeaderMap, Status> {
        let (Some(stream), Some(view)) = (self.stream(), self.view()) else {
            return Err(Status::BadArgument);
        };
        let map = match kind {
            MapKind::RequestHeaders => &stream.request.headers,
            MapKind::RequestTrailers => &stream.request.trailers,
            MapKind::ResponseHeaders => &stream.response.headers,
            MapKind::ResponseTrailers => &stream.response.trailers,
        };
        if view.logging {
            let there = kind != MapKind::RequestTrailers && !map.is_empty();
            return there.then_some(map).ok_or(Status::NotFound);
        }
        kind.is_open(view).then_some(map).ok_or(Status::BadArgument)
    }

    /// A map to write.
    ///
    /// # Errors
    ///
    /// `BadArgument`: the map is closed in this phase.
    pub fn map_mut(&mut self, kind: MapKind) -> Result<&mut HeaderMap, Status> {
        let open = |view: &View| (kind.is_open(view) || kind.may_be_added(view)) && !view.logging;
        if !self.view().is_some_and(open) {
            return Err(Status::BadArgument);
        }
        let stream = self.stream_mut().ok_or(Status::BadArgument)?;
        Ok(match kind {
            MapKind::RequestHeaders => &mut stream.request.headers,
            MapKind::RequestTrailers => &mut stream.request.trailers,
            MapKind::ResponseHeaders => &mut stream.response.headers,
            MapKind::ResponseTrailers => &mut stream.response.trailers,
        })
    }

    /// The root context of a context of the VM that runs.
    pub(crate) fn root_of(&self, context: u32) -> u32 {
        let stream = self.contexts.get(&(self.vm, context));
        let view = stream
            .and_then(|id| self.streams.get(id))
            .and_then(|stream| stream.views.get(self.vm.plugin));
        if let Some(view) = view {
            return view.root;
        }
        // Connections and roots are counted together: it is the last root before.
        let mut before = self.roots.range((self.vm, 0)..=(self.vm, context));
        before.next_back().map_or(context, |(_, root)| *root)
    }

    /// Whether there is such a context in the VM that runs.
    pub(crate) fn has_context(&self, context: u32) -> bool {
        let place = (self.vm, context);
        self.roots.contains(&place) || self.contexts.contains_key(&place)
    }

    /// The root context that calls mean.
    pub(crate) fn root(&self) -> (Vm, u32) {
        (self.vm, self.root_of(self.context))
    }

    /// A plugin has a context for a stream or connection.
    pub(crate) fn enter(&mut self, place: (Vm, u32), stream: u64, root: u32) {
        self.contexts.insert(place, stream);
        self.parents.insert(place, root);
    }

    /// It has none any more.
    pub(crate) fn leave(&mut self, place: (Vm, u32)) {
        self.contexts.remove(&place);
        self.parents.remove(&place);
    }

    /// Whether a stream or connection that began under this root context is there.
    pub(crate) fn is_parent(&self, root: (Vm, u32)) -> bool {
        let mut children = self.parents.iter();
        children.any(|((vm, _), parent)| (*vm, *parent) == root)
    }

    /// Forgets what a VM that is gone would still have done.
    pub(crate) fn end_vm(&mut self, gone: Vm) {
        self.timers.retain(|(vm, _), _| *vm != gone);
        self.contexts.retain(|(vm, _), _| *vm != gone);
        self.parents.retain(|(vm, _), _| *vm != gone);
        self.roots_replaced.retain(|(vm, _)| *vm != gone);
        self.roots.retain(|(vm, _)| *vm != gone);
        self.roots_pending.retain(|(vm, _)| *vm != gone);
        self.callouts.cancel_vm(gone);
        self.grpc.cancel_vm(gone);
        self.foreign.end_vm(gone);
        self.shared_queues.end_vm(gone);
    }

    /// Ends the VM that tried a configuration out. What all VMs share lives as long as one of them
    /// does, and one that accepts its configuration goes only when others are there.
    pub(crate) fn end_canary(&mut self, plugin: usize, accepted: bool) {
        let thread = Thread::Canary;
        self.end_vm(Vm { thread, plugin });
        if !accepted && self.roots.is_empty() {
            self.shared_queues.end_all();
        }
    }

    /// Where the plugin is, for messages.
    pub fn place(&self) -> String {
        match self.phase {
            Some(phase) => format!("{} of context {}", phase.export(), self.context),
            None => "outside every callback".to_owned(),
        }
    }

    /// Notes that the plugin called the host where it may not.
    pub fn violation(&mut self, what: &str) {
        self.breaks(Rule::WrongPhase, what);
    }

    /// Notes that the plugin broke a rule.
    pub fn breaks(&mut self, rule: Rule, what: &str) {
        let message = format!("in {}: {what}", self.place());
        self.violations.push(Violation { rule, message });
    }

    /// Takes a log line.
    pub fn log(&mut self, level: Level, message: String) {
        if level >= self.log_level {
            self.logs.push(Log { level, message });
        }
    }
}
