//! One request and its reply.

mod course;

use super::departure::{complete, is_head, to_client};
use super::passage::{Station, Way};
use super::{Cost, HeaderMap, LocalReply, Stream, Thread, Vm};
use crate::reply::{Reply, UpstreamReply, UpstreamRequest};
use crate::request::Request;

/// Why a message does not go on.
pub(super) enum Stop {
    LocalReply(LocalReply),
    Reset,
}

/// How far a plugin is with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It has not seen it.
    New,
    /// It has a context for it.
    Context(u32),
    /// It has no VM for it, or no more; with the context that it had, or 0.
    Dead(u32),
}

/// Where the response comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Upstream,
    /// The proxy or a plugin.
    Local,
}

/// A stream on a worker.
pub(super) struct Exchange {
    request: Request,
    worker: usize,
    /// By plugin.
    pub(super) places: Vec<Place>,
    to_upstream: Vec<Station>,
    to_client: Vec<Station>,
    response: Option<Origin>,
    /// Whether the end of the request has come.
    request_ended: bool,
    /// Whether the response's headers have left the last plugin.
    pub(super) response_started: bool,
    refused: Option<u32>,
    /// The body that has left for the upstream.
    sent: Vec<u8>,
    /// Whether it is headers only.
    response_is_empty: bool,
    /// The body that has left for the client.
    received: Vec<u8>,
    seen: Option<UpstreamRequest>,
    /// The upstream's answer, and when it comes.
    pub(super) answer: Option<(u64, UpstreamReply)>,
    pub(super) costs: Vec<Cost>,
    /// What the client got; the stream is over.
    pub(super) reply: Option<Reply>,
}

impl Exchange {
    /// Each plugin with whether it sees a body whose headers it holds back.
    fn new(request: &Request, worker: usize, plugins: &[bool]) -> Self {
        let station = |(plugin, sees_body): (usize, &bool)| Station::new(plugin, *sees_body);
        Self {
            request: request.clone(),
            worker,
            places: vec![Place::New; plugins.len()],
            to_upstream: plugins.iter().enumerate().map(station).collect(),
            to_client: plugins.iter().enumerate().rev().map(station).collect(),
            response: None,
            request_ended: false,
            response_started: false,
            refused: None,
            sent: Vec::new(),
            response_is_empty: true,
            received: Vec::new(),
            seen: None,
            answer: None,
            costs: Vec::new(),
            reply: None,
        }
    }

    pub(super) fn way(&mut self, way: Way) -> &mut Vec<Station> {
        match way {
            Way::Request => &mut self.to_upstream,
            Way::Response => &mut self.to_client,
        }
    }

    pub(super) fn is_answered_locally(&self) -> bool {
        self.response == Some(Origin::Local)
    }

    pub(super) fn vm(&self, plugin: usize) -> Vm {
        Vm {
            thread: Thread::Worker(self.worker),
            plugin,
        }
    }

    /// A VM has died: what it had of this stream is gone.
    pub(super) fn lose(&mut self, vm: Vm) {
        if let Some((place, context)) = self.context(vm.plugin)
            && place == vm
        {
            self.places[vm.plugin] = Place::Dead(context);
        }
    }

    /// The plugin that holds the stream back.
    pub(super) fn halted_at(&self) -> Option<usize> {
        self.to_client
            .iter()
            .chain(&self.to_upstream)
            .find(|station| station.is_halted())
            .map(|station| station.plugin)
    }

    /// The context of a plugin, and its VM.
    pub(super) fn context(&self, plugin: usize) -> Option<(Vm, u32)> {
        match self.places[plugin] {
            Place::Context(context) => Some((self.vm(plugin), context)),
            Place::New | Place::Dead(_) => None,
        }
    }

    /// The client's reply, with what the proxy adds to it.
    pub(super) fn to_reply(&self, stream: &Stream, date: &str, reset: bool) -> Reply {
        let head = is_head(&self.request);
        let mut headers = match reset {
            true => HeaderMap::default(),
            false => stream.response.headers.clone(),
        };
        if headers.get(":status").is_some() {
            // Envoy ends a connection whose request it has not read to its end.
            let close = match self.refused {
                Some(status) => status == 400,
                None => self.seen.is_none() && !self.request_ended,
            };
            complete(&mut headers, date, close, self.response_is_empty && !head);
        }
        let received = if reset {
            Vec::new()
        } else {
            self.received.clone()
        };
        let mut reply = to_client(&headers, received, head);
        let chunked = headers.get("content-length").is_none();
        if !reset && !head && chunked {
            reply.trailers = stream.response.trailers.entries().to_vec();
        }
        reply.upstream.clone_from(&self.seen);
        reply
    }
}
