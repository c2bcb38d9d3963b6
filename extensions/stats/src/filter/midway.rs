//! Streams that are still open: what was reported of each already.

use std::{cell::RefCell, collections::BTreeMap};

use extension_common::hostcalls;

use super::{active::Active, ask, read, report::Measures};
use crate::{
    observation::{Protocol, Reporter},
    plan::Group,
};

/// What was reported of a stream before its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    kind: Kind,
    messages: (u64, u64),
    bytes: (u64, u64),
    /// Whether the connection was counted as opened.
    pub(super) opened: bool,
}

/// What a stream is; nobody asks before it has been open for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    Unknown,
    Request,
    Connection,
}

fn new((a, b): (u64, u64), (old_a, old_b): (u64, u64)) -> (u64, u64) {
    (a.saturating_sub(old_a), b.saturating_sub(old_b))
}

impl Progress {
    /// What has come of `messages` since the last report.
    pub(super) fn new_messages(&self, messages: (u64, u64)) -> (u64, u64) {
        new(messages, self.messages)
    }

    /// What has come of `bytes` since the last report.
    pub(super) fn new_bytes(&self, bytes: (u64, u64)) -> (u64, u64) {
        new(bytes, self.bytes)
    }
}

/// The streams of a worker that are open, by their contexts.
#[derive(Debug, Default)]
pub(super) struct Streams(RefCell<BTreeMap<u32, Progress>>);

impl Streams {
    pub(super) fn add(&self, id: u32) {
        if let Ok(mut streams) = self.0.try_borrow_mut() {
            streams.insert(id, Progress::default());
        }
    }

    pub(super) fn remove(&self, id: u32) -> Option<Progress> {
        self.0.try_borrow_mut().ok()?.remove(&id)
    }

    fn all(&self) -> Vec<(u32, Progress)> {
        let streams = self.0.try_borrow();
        let streams = streams.as_deref().into_iter().flatten();
        streams.map(|(id, progress)| (*id, *progress)).collect()
    }

    fn update(&self, id: u32, progress: Progress) {
        if let Ok(mut streams) = self.0.try_borrow_mut() {
            streams.insert(id, progress);
        }
    }
}

impl Active {
    /// Reports what open connections and gRPC streams have done since the last time.
    pub(super) fn report_open_streams(&self) {
        for (id, progress) in self.streams.all() {
            if hostcalls::set_effective_context(id).is_err() {
                // The host no longer knows it.
                self.streams.remove(id);
                continue;
            }
            self.streams.update(id, self.report_open(progress));
        }
    }

    fn report_open(&self, mut progress: Progress) -> Progress {
        if progress.kind == Kind::Unknown {
            progress.kind = match ask::is_request() {
                true => Kind::Request,
                false => Kind::Connection,
            };
        }
        match progress.kind {
            Kind::Connection => self.report_connection(&mut progress),
            Kind::Request | Kind::Unknown => self.report_messages(&mut progress),
        }
        progress
    }

    fn report_connection(&self, progress: &mut Progress) {
        let Some(live) = self.evaluate_midway(Group::Connections) else {
            return;
        };
        let Some(seen) = self.read_midway() else {
            return;
        };
        // Nobody knows yet where it goes.
        if seen.reporter != Reporter::Destination && seen.cluster.is_empty() {
            return;
        }
        let bytes = read::bytes();
        let measures = Measures {
            bytes: progress.new_bytes(bytes),
            opened: !progress.opened,
            ..Measures::default()
        };
        if measures.opened || measures.bytes != (0, 0) {
            self.report(Group::Connections, &seen, &live, &measures);
        }
        progress.bytes = bytes;
        progress.opened = true;
    }

    fn report_messages(&self, progress: &mut Progress) {
        let Some(messages) = read::messages() else {
            return;
        };
        let new = progress.new_messages(messages);
        if new == (0, 0) {
            return;
        }
        let Some(live) = self.evaluate_midway(Group::Messages) else {
            return;
        };
        let Some(mut seen) = self.read_midway() else {
            return;
        };
        // The peer tells who it is in the headers of its answer.
        let asks = seen.reporter != Reporter::Destination;
        if asks && !seen.upstream_peer.is_known() && seen.code == 0 {
            return;
        }
        // What is counted is gRPC; its content type is out of reach here.
        seen.protocol = Protocol::Grpc;
        let measures = Measures {
            messages: new,
            ..Measures::default()
        };
        self.report(Group::Messages, &seen, &live, &measures);
        progress.messages = messages;
    }
}
