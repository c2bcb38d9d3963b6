//! gRPC calls and streams: the clusters, what is on its way, and what the plugin may read of it.
//!
//! In Envoy they belong to the root context, whichever context made them: it gets the callbacks, and
//! they go on when an HTTP stream ends. The SDK passes a callback on to the context that asked.

mod arrivals;
mod departures;
mod hostcalls;
mod service;
mod wire;

use std::collections::{BTreeMap, VecDeque};

pub(super) use arrivals::{Arrival, Content};
use departures::Departure;
pub(crate) use hostcalls::Opening;

use super::{HeaderMap, Status, Vm};
use crate::callout::Fault;
use crate::grpc::{GrpcCall, GrpcServer, left_open};

/// A root context of a VM.
type Root = (Vm, u32);

/// The gRPC clusters, and the calls and streams that are open.
#[derive(Debug, Default)]
pub struct Grpc {
    clusters: BTreeMap<String, GrpcServer>,
    /// Tokens count in steps of 4, as in Envoy: the lower bits say what they are for.
    next_token: u32,
    open: BTreeMap<u32, Open>,
    /// Made by the callback that runs: it leaves when that has returned.
    departures: Vec<Departure>,
    arrivals: VecDeque<Arrival>,
    seen: Vec<GrpcCall>,
    /// What the plugin is being called with.
    readable: Option<Readable>,
    /// The code of the last end that each root context heard of.
    last_status: BTreeMap<Root, u32>,
}

const STEP: u32 = 4;
const KIND: u32 = STEP - 1;
const CALL: u32 = 1;
const STREAM: u32 = 2;

/// A call or stream whose token is good for something.
#[derive(Debug)]
struct Open {
    root: Root,
    /// The context that the SDK passes callbacks to.
    caller: u32,
    cluster: String,
    server: GrpcServer,
    /// Its place among what the servers have seen.
    seen: Option<usize>,
    /// Whether the client's half is over.
    half_closed: bool,
    /// Whether the plugin closed it, which gives the token up when the server ends it as well.
    given_up: bool,
    /// Whether the server's headers are on their way or here.
    answered: bool,
    /// The last message of the answer to a call.
    message: Option<Vec<u8>>,
    /// Whether the end is on its way or here.
    ending: bool,
    /// Whether the plugin has heard of the end.
    ended: bool,
}

/// What a callback may read.
#[derive(Debug)]
struct Readable {
    root: Root,
    token: u32,
    /// `None`: the plugin never got the token.
    caller: Option<u32>,
    content: Content,
}

impl Grpc {
    /// Makes tokens begin here.
    pub(crate) fn tokens_from(&mut self, first: u32) {
        self.next_token = first & !KIND;
    }

    /// Puts a server behind a cluster.
    pub(crate) fn serve(&mut self, cluster: &str, server: GrpcServer) {
        self.clusters.insert(cluster.to_owned(), server);
    }

    /// Whether this is a cluster that serves gRPC.
    pub(crate) fn serves(&self, cluster: &str) -> bool {
        self.clusters.contains_key(cluster)
    }

    /// What the servers have seen so far.
    pub fn seen(&self) -> &[GrpcCall] {
        &self.seen
    }

    /// Forgets what belongs to a root context that is gone: its streams are reset.
    pub(crate) fn cancel(&mut self, root: Root) {
        let mine = self.open.iter().filter(|(_, open)| open.root == root);
        for token in mine.map(|(token, _)| *token).collect::<Vec<_>>() {
            self.reset(token);
        }
        self.forget(|its| its == root);
    }

    /// Forgets what belongs to a VM that is gone. The servers do not notice: to Envoy the root
    /// contexts of a dead VM are still there.
    pub(crate) fn cancel_vm(&mut self, vm: Vm) {
        self.forget(|its| its.0 == vm);
    }

    fn forget(&mut self, gone: impl Fn(Root) -> bool) {
        self.open.retain(|_, open| !gone(open.root));
        self.departures.retain(|departure| !gone(departure.root));
        self.arrivals.retain(|arrival| !gone(arrival.root));
        self.last_status.retain(|root, _| !gone(*root));
    }

    /// What is wrong with each call that nobody will answer, and each stream that nobody has ended.
    pub(crate) fn left_open(&self) -> Vec<String> {
        let has_deadline = |token: u32| {
            let deadline = |arrival: &Arrival| matches!(arrival.content, Content::Deadline);
            let mut arrivals = self.arrivals.iter();
            arrivals.any(|arrival| arrival.token == token && deadline(arrival))
        };
        let left = self.open.iter();
        left.filter(|(token, open)| !open.ending && !has_deadline(**token))
            .map(|(_, open)| left_open(&open.cluster))
            .collect()
    }

    /// The cluster of a call or stream of this context that nobody has ended.
    pub(crate) fn awaited_by(&self, vm: Vm, caller: u32) -> Option<&str> {
        let mut open = self.open.values();
        open.find(|open| (open.root.0, open.caller) == (vm, caller) && !open.ended)
            .map(|open| open.cluster.as_str())
    }

    /// The context that the SDK passes the running callback to.
    pub(crate) fn reader(&self) -> Option<u32> {
        self.readable.as_ref()?.caller
    }

    /// Whether a gRPC callback of this root context runs.
    pub(crate) fn is_being_read(&self, root: Root) -> bool {
        self.readable(root).is_some()
    }

    fn readable(&self, root: Root) -> Option<&Content> {
        let readable = self.readable.as_ref()?;
        (readable.root == root).then_some(&readable.content)
    }

    /// The initial metadata, while the plugin is called with it.
    pub(crate) fn initial_metadata(&self, root: Root) -> Result<&HeaderMap, Status> {
        match self.readable(root) {
            Some(Content::Initial(map)) => Ok(map),
            _ => Err(Status::BadArgument),
        }
    }

    /// The trailing metadata, while the plugin is called with it.
    pub(crate) fn trailing_metadata(&self, root: Root) -> Result<&HeaderMap, Status> {
        match self.readable(root) {
            Some(Content::Trailing(map)) => Ok(map),
            _ => Err(Status::BadArgument),
        }
    }

    /// The message, while the plugin is called with it.
    pub(crate) fn message(&self, root: Root) -> Option<&[u8]> {
        match self.readable(root) {
            Some(Content::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// The same, to change.
    pub(crate) fn message_mut(&mut self, root: Root) -> Option<&mut Vec<u8>> {
        match self.readable.as_mut() {
            Some(Readable {
                root: its,
                content: Content::Message(message),
                ..
            }) if *its == root => Some(message),
            _ => None,
        }
    }

    /// The code of the last end, and its message while the plugin is called with it.
    pub(crate) fn status(&self, root: Root) -> (u32, &[u8]) {
        let code = self.last_status.get(&root).copied().unwrap_or_default();
        match self.readable(root) {
            Some(Content::Close { message, .. }) => (code, message),
            _ => (code, &[]),
        }
    }

    fn fault(server: &GrpcServer) -> Option<Fault> {
        match server {
            GrpcServer::Fails(fault) => Some(*fault),
            GrpcServer::Answers(_) => None,
        }
    }
}
